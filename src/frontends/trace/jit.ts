/** Compiled functions: traced once for each kind of arguments, then run as one planned program. */
import { HeddleError } from '../../base/errors.js';
import { inspectedAs } from '../../base/inspect.js';
import { describePlan } from '../../plan/summary.js';
import { prepare, toBundle, type Prepared } from '../../compile.js';
import type { Graph, Program } from '../../ir/graph.js';
import { printType, typesEqual } from '../../ir/types.js';
import { numbers, text } from '../../base/kinds.js';
import type { OptionTable } from '../../base/options.js';
import { backendKind, checkFunction, optionsOf } from '../../tensor/arguments.js';
import type { Donation } from '../../passes/memory/donations.js';
import type { Backend, Computation, Storage } from '../../tensor/backends/backend.js';
import { Cache } from '../../base/cache.js';
import { Lease } from '../../base/lease.js';
import {
  callTraced,
  ensureSync,
  flattenTensors,
  nameOf,
  rebuild,
  type TracedCall,
} from '../../tensor/expressions/call.js';
import { broughtTo, materialize } from '../../tensor/expressions/evaluate.js';
import { Expr, placeOf } from '../../tensor/expressions/expr.js';
import { CapturedWeights } from '../../tensor/expressions/program.js';
import { DynamicFunction, dynamicKind, type NamedAxes } from './dynamic.js';
import { literal, lowerCall, type LoweredCall } from './lower-call.js';
import { REFERENCE } from '../../tensor/backends/reference.js';
import { checkStatics } from './statics.js';
import type { Tensor } from '../../tensor/tensors/tensor.js';
import { ensureReadable } from '../../tensor/trees/trees.js';
import {
  itemsOf,
  structuresEqual,
  structureText,
  type Flat,
  type Structure,
} from '../../tensor/trees/tree.js';

/** Versions of one function, by kinds of arguments, that are kept compiled. */
const VERSIONS = 64;

/** Versions that differ in functions and objects among the static arguments only. */
const SAME_TEXT = 16;

export interface JitOptions {
  /**
   * Arguments, by number, whose tensors end with the call, so that results take over their memory: parameters and
   * optimiser state of a training step, updated in place.
   */
  readonly donate?: readonly number[];
  /** Where it runs when no argument lies on a device. Default: the reference. */
  readonly backend?: Backend;
  /**
   * Whether arguments come in many sizes, such as a last, smaller batch or a growing sequence: programs for other sizes then share
   * an arena and pipelines. With names of axes, by input as `lower` names them (`{ arg0: ['batch', null] }`), pipelines serve
   * other sizes from the first program on, for which the function is traced for a few of them as well; axes of one name must
   * have one size. With `true` they do once a second size has shown what changes. Default: each program for itself. Never
   * changes a bit.
   */
  readonly dynamic?: boolean | NamedAxes;
  /** For messages. Default: the name of the function. */
  readonly name?: string;
}

const OPTIONS: OptionTable<JitOptions> = { donate: numbers, backend: backendKind, dynamic: dynamicKind, name: text }; // prettier-ignore

/** A function that runs as one program. */
export interface Jitted<A extends unknown[], R> {
  (...args: A): R;
  /** The graph for arguments like these: inputs and outputs are named by their paths. Runs nothing. */
  lower(...args: A): Graph;
  /** Compiles for arguments like these, ahead of the first call. Rejects as that would. */
  ready(...args: A): Promise<void>;
  /** The program for arguments like these, to save or to run elsewhere; other tensors that it uses are its weights. */
  compile(...args: A): Promise<CompiledFunction>;
  /** Frees the compiled versions. */
  dispose(): void;
}

/** A traced function, compiled ahead of time. */
export interface CompiledFunction {
  readonly program: Program;
  readonly prepared: Prepared;
  /** One file for `heddle run`, `heddle verify` and `heddle/runtime`; the same bytes every time. */
  toBundle(): Promise<Uint8Array>;
}

/** What a function returns, without the expressions that it made: these are many, and have done their work. */
interface Results {
  readonly structure: Structure;
  readonly types: readonly Expr['type'][];
}

/** One version of a function. */
interface Version {
  readonly arguments: Structure;
  readonly types: readonly Expr['type'][];
  readonly results: Results;
  readonly captured: readonly Expr[];
  /** Captured host data, brought to the backend once, by the places in `captured`. */
  readonly uploads: ReadonlyMap<number, Storage>;
  /** Holds `captured` and `uploads`. */
  readonly lease: Lease;
  /** Where the arguments lie, and where it runs: the device of what the function uses, if they lie on none. */
  readonly place: Backend | undefined;
  readonly backend: Backend;
  readonly computation: Computation;
  readonly donated: ReadonlySet<number>;
}

/**
 * Compiles `f`, a function of trees of tensors. It is traced at the first call with arguments of new shapes, dtypes,
 * structure or static values (anything in the arguments that is not a tensor: numbers, strings, ...); later calls run the
 * compiled program, one submit each. A number that changes from call to call is better a tensor: `tensor(0.1)`. Objects
 * that are neither plain nor modules, such as typed arrays and Maps, throw USAGE: their content may change unseen. Functions
 * are told apart by their identity.
 *
 * `f` must be pure: what it does beside computing its result happens while tracing only. Under trace there are no values:
 * reading one throws TRACE_ESCAPED; choose with `where`, `cond`, `whileLoop`, `scan`. Inside of another trace, such as
 * that of grad, the call is part of it.
 */
export function jit<A extends unknown[], R>(f: (...args: A) => R, given?: JitOptions): Jitted<A, R> {
  checkFunction('jit', f);
  const options = optionsOf('jit', given, OPTIONS);
  const name = options.name ?? nameOf(f, 'jit');
  const { donate = [], dynamic: axes = false } = options;
  const dynamic = axes === false ? undefined : new DynamicFunction(name, f, axes);
  const versions = new Cache<string, Version[]>(VERSIONS, (old) => old.splice(0).forEach(release));

  const versionFor = (args: Flat<Tensor>): Version | undefined => {
    const types = args.leaves.map(({ expr }) => expr.type);
    const place = placeOf(args.leaves.map(({ expr }) => expr)) ?? options.backend;
    const bucket = versions.get(`${structureText(args.structure)} ${types.map(printType).join()}`, () => []);
    const known = bucket.find(
      (version) =>
        version.place === place &&
        structuresEqual(version.arguments, args.structure) &&
        version.types.every((type, i) => typesEqual(type, types[i])),
    );
    if (known !== undefined) return known;
    const made = compileVersion(name, f, args, place, donate, dynamic);
    if (made === undefined) return undefined;
    bucket.push(made);
    // What a device refused once, for want of memory say, it may accept the next time.
    made.computation.ready.catch(() => {
      const at = bucket.indexOf(made);
      if (at >= 0) bucket.splice(at, 1).forEach(release);
    });
    // Functions and objects have no text: a new one in every call must not fill the memory.
    if (bucket.length > SAME_TEXT) release(bucket.shift()!);
    return made;
  };

  const call = (...args: A): R => {
    const flat = flattenTensors(args);
    const exprs = flat.leaves.map((leaf, i) => (leaf.isDisposed ? leaf.exprFor(`${name}, argument ${flat.paths[i]}`) : leaf.expr)); // prettier-ignore
    if (exprs.some(({ traces }) => traces.length > 0)) return ensureSync(name, f(...args));
    materialize(exprs);
    const version = versionFor(flat);
    return version === undefined ? f(...args) : (run(name, version, flat) as R);
  };

  return Object.assign(call, {
    lower: (...args: A): Graph => {
      const flat = flattenTensors(args);
      const { graph, lease } = lowerCall(name, flat, traced(name, f, flat), literal);
      lease.release();
      return graph;
    },
    ready: (...args: A): Promise<void> => {
      const flat = flattenTensors(args);
      ensureReadable(`${name}.ready`, flat.leaves);
      return (async () => {
        materialize(flat.leaves.map(({ expr }) => expr));
        await versionFor(flat)?.computation.ready;
      })();
    },
    compile: (...args: A): Promise<CompiledFunction> => {
      const flat = flattenTensors(args);
      ensureReadable(`${name}.compile`, flat.leaves);
      return compileAhead(name, f, flat);
    },
    dispose: (): void => {
      versions.clear();
      dynamic?.clear();
    },
  });
}

function release({ computation, lease }: Version): void {
  computation.dispose();
  lease.release();
}

/** A traced call, whose result is something: what a function does beside it happens once, while it is traced. */
function traced(name: string, f: (...args: never[]) => unknown, args: Flat<Tensor>): TracedCall {
  const call = callTraced(name, f, args);
  if (call.structure.kind !== 'static' || call.structure.value !== undefined) return call;
  call.trace.release();
  throw new HeddleError('USAGE', `${name}: the function returns nothing`, {
    found: 'undefined',
    expected: 'a tensor, or lists and objects of tensors',
    hint: 'return what it computes; a jitted function runs as one program, which only gives its results',
  });
}

/** Traces and compiles; undefined where the function uses values of a trace around it, of which it is then a part. */
function compileVersion(
  name: string,
  f: (...args: never[]) => unknown,
  args: Flat<Tensor>,
  place: Backend | undefined,
  donate: readonly number[],
  dynamic: DynamicFunction | undefined,
): Version | undefined {
  checkStatics(name, args);
  const count = args.structure.kind === 'list' ? args.structure.items.length : 0;
  const wrong = donate.find((n) => !Number.isInteger(n) || n < 0 || n >= count);
  if (wrong !== undefined)
    throw new HeddleError(
      'ATTRIBUTE_INVALID',
      `${name}: argument ${wrong}, which is to be donated, does not exist`,
      {
        found: `${count} arguments`,
      },
    );
  const samples = dynamic?.samplesFor(args);
  const call = traced(name, f, args);
  if (call.results.some(({ traces }) => traces.some((trace) => trace !== call.trace))) {
    call.trace.release();
    return undefined;
  }
  const lowered = lowerCall(name, args, call, literal);
  try {
    return versionOf(args, place, call, lowered, donate, (backend, program, donations) =>
      dynamic === undefined || samples === undefined
        ? backend.compile(program, donations)
        : dynamic.compile(backend, program, donations, samples),
    );
  } catch (error) {
    lowered.lease.release();
    throw error;
  }
}

function versionOf(
  args: Flat<Tensor>,
  place: Backend | undefined,
  call: TracedCall,
  lowered: LoweredCall,
  donate: readonly number[],
  compile: (backend: Backend, program: Program, donations: readonly Donation[]) => Computation,
): Version {
  const backend = place ?? placeOf(lowered.captured) ?? REFERENCE;
  const donated = new Set(itemsOf(args).flatMap((argument, i) => (donate.includes(argument) ? [i] : [])));
  const program = { graph: lowered.graph, weights: new Map() };
  const computation = compile(backend, program, donationsOf(args, call, donated));
  return {
    arguments: args.structure,
    types: args.leaves.map(({ expr }) => expr.type),
    results: {
      structure: call.structure,
      types: call.results.map(({ type }) => type),
    },
    captured: lowered.captured,
    uploads: uploadsOf(lowered, backend),
    lease: lowered.lease,
    place,
    backend,
    computation,
    donated,
  };
}

/** Each donated input paired with the first output of its type that has no donor yet. */
function donationsOf(args: Flat<Tensor>, call: TracedCall, donated: ReadonlySet<number>): Donation[] {
  const taken = new Set<number>();
  return [...donated].flatMap((i) => {
    const { type } = args.leaves[i].expr;
    const output = call.results.findIndex((result, k) => !taken.has(k) && typesEqual(result.type, type));
    if (output === -1) return [];
    taken.add(output);
    return [{ input: i, output }];
  });
}

/** Runs a version. Where it throws, the arguments are as they were: donated ones are given up when the run has begun. */
function run(name: string, version: Version, args: Flat<Tensor>): unknown {
  const { results, captured, uploads, backend, computation, donated } = version;
  const exprs = args.leaves.map(({ expr }) => expr);
  checkDonated(name, args, version);
  const copies = new Lease();
  const bring = (storage: Storage): Storage => broughtTo(backend, storage, copies);
  try {
    const used = captured.map((expr, i) => bring(uploads.get(i) ?? expr.storage!));
    const given = exprs.map((expr) => bring(expr.storage!));
    const outputs = computation.run([...given, ...used]);
    for (const i of donated) {
      copies.donate(given[i]);
      exprs[i].donate(`it was donated to ${name}`);
    }
    return resultsOf(results, outputs);
  } finally {
    copies.release();
  }
}

/** The tree that the function returns, of what a run has made. */
function resultsOf({ structure, types }: Results, outputs: readonly Storage[]): unknown {
  const exprs = types.map((type, i) => new Expr(type, { kind: 'data', storage: outputs[i] }));
  return rebuild(structure, exprs);
}

function uploadsOf({ captured, lease }: LoweredCall, backend: Backend): Map<number, Storage> {
  const uploads = new Map<number, Storage>();
  captured.forEach((expr, i) => {
    const here = broughtTo(backend, expr.storage!, lease);
    if (here !== expr.storage) uploads.set(i, here);
  });
  return uploads;
}

/** A memory can be given away once only, and not while the function uses it besides. */
function checkDonated(name: string, args: Flat<Tensor>, { donated, captured }: Version): void {
  const others = new Set(captured.map(({ storage }) => storage!));
  args.leaves.forEach(({ expr }, i) => {
    const storage = expr.storage!;
    const twin = args.leaves.findIndex((leaf, k) => k !== i && leaf.expr.storage === storage);
    if (!donated.has(i) || (twin === -1 && !others.has(storage))) return;
    const other = twin === -1 ? 'a tensor that the function uses' : `argument ${args.paths[twin]}`;
    throw new HeddleError('ATTRIBUTE_INVALID', `${name}: a donated tensor is given twice`, {
      found: `argument ${args.paths[i]} is the same tensor as ${other}`,
      hint: 'leave it out of donate, or pass x.mul(1)',
    });
  });
}

async function compileAhead(
  name: string,
  f: (...args: never[]) => unknown,
  args: Flat<Tensor>,
): Promise<CompiledFunction> {
  const call = traced(name, f, args);
  const weights = new CapturedWeights();
  const { graph, lease } = lowerCall(
    name,
    args,
    call,
    (b, expr) => literal(b, expr) ?? weights.node(b, `weight${weights.count}`, expr),
  );
  const program = await weights.program(graph).finally(() => lease.release());
  const prepared = prepare(program);
  const compiled: CompiledFunction = { program, prepared, toBundle: () => toBundle(prepared) };
  return inspectedAs(compiled, () => describePlan('CompiledFunction', prepared.planned.plan));
}
