/**
 * Derivatives of functions of trees of tensors. A function is traced to a graph, the graph is differentiated, and what
 * comes of it is ordinary expressions again: so these compose with each other, and with jit and vmap.
 */
import { isFloat } from '../../base/dtype.js';
import { HeddleError } from '../../base/errors.js';
import type { GraphOutput } from '../../ir/graph.js';
import { printType, sizeOf } from '../../ir/types.js';
import { vjp as differentiate } from '../../passes/differentiate/vjp.js';
import { flag, integer } from '../../base/kinds.js';
import type { OptionTable } from '../../base/options.js';
import { checkArguments, checkFunction, optionsOf } from '../arguments.js';
import {
  callTraced,
  capturedBy,
  describeLeaf,
  flattenTensors,
  nameOf,
  rebuild,
  type TracedCall,
} from '../expressions/call.js';
import type { Expr } from '../expressions/expr.js';
import { named } from '../tensors/core.js';
import { onesLike, zerosLike } from '../tensors/factories.js';
import { inline, lower, type Lowered } from '../expressions/lower.js';
import { Tensor } from '../tensors/tensor.js';
import { ensureSameStructure, itemsOf, unflatten, type Flat } from '../trees/tree.js';

export interface GradOptions {
  /** The argument to differentiate by. Default 0. */
  readonly argument?: number;
}

/** The first of what a function with `aux` returns is differentiated, the second is handed through. */
export interface AuxOptions extends GradOptions {
  readonly aux: true;
}

const OPTIONS: OptionTable<GradOptions & { readonly aux?: boolean }> = { argument: integer, aux: flag };

type Arguments = readonly unknown[];
type ArgumentAt<A extends Arguments, O> = O extends { readonly argument: infer N extends keyof A }
  ? A[N]
  : A[0];

/**
 * The gradient of a function of a scalar float result, by one of its arguments: a tree like that argument. Everything in
 * it that is not a float tensor is handed through. Throws GRAD_INVALID where the result is not a float scalar.
 */
export function grad<A extends unknown[], const O extends GradOptions = { readonly argument: 0 }>(
  f: (...args: A) => Tensor,
  options?: O,
): (...args: A) => ArgumentAt<A, O> {
  const both = differentiated('grad', f, options);
  return (...args) => both(...args)[1] as ArgumentAt<A, O>;
}

/** The value of a function beside its gradient. With `aux`, the value is [value, aux]. Throws as {@link grad}. */
export function valueAndGrad<A extends unknown[], X, const O extends AuxOptions>(
  f: (...args: A) => readonly [Tensor, X],
  options: O,
): (...args: A) => [readonly [Tensor, X], ArgumentAt<A, O>];
export function valueAndGrad<A extends unknown[], const O extends GradOptions = { readonly argument: 0 }>(
  f: (...args: A) => Tensor,
  options?: O,
): (...args: A) => [Tensor, ArgumentAt<A, O>];
export function valueAndGrad<A extends unknown[]>(
  f: (...args: A) => unknown,
  options?: GradOptions & { readonly aux?: boolean },
): (...args: A) => [unknown, unknown] {
  return differentiated('valueAndGrad', f, options);
}

function differentiated<A extends unknown[]>(
  kind: string,
  f: (...args: A) => unknown,
  given: (GradOptions & { readonly aux?: boolean }) | undefined,
): (...args: A) => [unknown, unknown] {
  checkFunction(kind, f);
  const options = optionsOf(kind, given, OPTIONS);
  const name = nameOf(f, 'grad');
  return (...args) => {
    const point = linearizeAt(name, f, args, options.argument ?? 0);
    return released(point, () => {
      const [value] = point.call.results;
      const several = options.aux !== true && point.call.results.length > 1;
      if (several || value === undefined || !isFloat(value.type.dtype) || sizeOf(value.type) !== 1)
        throw new HeddleError('GRAD_INVALID', `${name}: the function must return a float scalar`, {
          found: several
            ? `${point.call.results.length} tensors`
            : value === undefined
              ? 'no tensor'
              : printType(value.type),
          expected: 'one float, such as a loss; with { aux: true } a list of it and anything else',
          hint: 'take the mean() or sum(); for more than one number use vjp or jvp',
        });
      const seed = onesLike(new Tensor(value)).expr;
      const { results, gradients } = point.pull([seed]);
      return [rebuild(point.call.structure, results), point.gradientTree(gradients)];
    });
  };
}

/**
 * [value, pullback]: `pullback(u)`, for a `u` like the value, is u'J, a list with one tree like each argument. The pullback
 * holds what `f` uses beside its arguments, as tensors made here do: a `tidy` around ends it, and else the garbage collector.
 */
export function vjp<A extends unknown[], R>(
  f: (...args: A) => R,
  ...args: A
): [value: R, pullback: (cotangents: R) => A] {
  checkFunction('vjp', f);
  const name = nameOf(f, 'vjp');
  const point = linearizeAt(name, f, args, undefined);
  const [value, held] = released(point, () => [
    rebuild(point.call.structure, point.pull([]).results) as R,
    point.captured.map((expr) => new Tensor(expr)),
  ]);
  const pullback = (cotangents: R): A => {
    const given = flattenTensors(cotangents);
    ensureSameStructure(
      `${name}: the cotangents are not like the value`,
      given.structure,
      point.call.structure,
    );
    for (const tensor of held) tensor.exprFor(`${name}, the pullback`);
    const { gradients } = point.pull(given.leaves.map(({ expr }) => expr));
    return point.gradientTree(gradients) as A;
  };
  return [value, pullback];
}

/**
 * [value, Jt] for tangents `t`, one tree like each argument. The pullback u -> u'J is linear in u, and its own pullback
 * takes t to Jt: one table of derivatives serves both directions.
 */
export function jvp<A extends unknown[], R>(
  f: (...args: A) => R,
  args: A,
  tangents: A,
): [value: R, tangent: R] {
  checkFunction('jvp', f);
  checkArguments('jvp', 'the arguments', args);
  checkArguments('jvp', 'the tangents', tangents);
  const name = nameOf(f, 'jvp');
  const point = linearizeAt(name, f, args, undefined);
  return released(point, () => {
    const given = flattenTensors(tangents);
    ensureSameStructure(
      `${name}: the tangents are not like the arguments`,
      given.structure,
      point.args.structure,
    );
    const { results, tangents: pushed } = point.push(given.leaves.map(({ expr }) => expr));
    return [rebuild(point.call.structure, results) as R, rebuild(point.call.structure, pushed) as R];
  });
}

/** A function, traced at some arguments. */
interface Point {
  readonly args: Flat<Tensor>;
  readonly call: TracedCall;
  /** What the function uses that does not depend on its inputs. */
  readonly captured: readonly Expr[];
  /** Results, and gradients by the differentiated leaves for the cotangents of the first results. */
  pull(cotangents: readonly Expr[]): { results: Expr[]; gradients: Expr[] };
  push(tangents: readonly Expr[]): { results: Expr[]; tangents: Expr[] };
  /** A tree like the differentiated argument (like all arguments), of the gradients. */
  gradientTree(gradients: readonly Expr[]): unknown;
}

/** What `body` makes of a point, whose trace ends with it: not before, for what is made takes over what the trace holds. */
function released<R>({ call }: Point, body: () => R): R {
  try {
    return body();
  } finally {
    call.trace.release();
  }
}

function linearizeAt(
  name: string,
  f: (...args: never[]) => unknown,
  point: readonly unknown[],
  argument: number | undefined,
): Point {
  const args = flattenTensors(point);
  const items = itemsOf(args);
  const inArgument = (i: number): boolean => argument === undefined || items[i] === argument;
  const wanted = args.leaves.map((leaf, i) => inArgument(i) && isFloat(leaf.dtype));
  if (argument !== undefined) checkArgument(name, args, argument, inArgument);
  const call = callTraced(name, f, args, (i) => wanted[i]);
  const primals = args.leaves.filter((_, i) => wanted[i]).map(({ expr }) => expr);
  const lowered = lowerOrRelease(name, call);
  const { graph, params: wrt } = lowered;
  const given = [...primals, ...lowered.captured];
  const floats = call.results.flatMap(({ type }, i) => (isFloat(type.dtype) ? [i] : []));
  const outputsAt = (indices: readonly number[]): GraphOutput[] => indices.map((i) => graph.outputs[i]);

  return {
    args,
    call,
    captured: lowered.captured,
    pull: (cotangents) => {
      const used = floats.filter((i) => i < cotangents.length);
      const derived = named(name, () => differentiate(graph, wrt, outputsAt(used)));
      const seeds = used.map((i) => checkLike(name, cotangents[i], call.results[i]));
      const all = inline(derived.graph, [...given, ...seeds]);
      return { results: all.slice(0, call.results.length), gradients: all.slice(call.results.length) };
    },
    push: (tangents) => {
      const moved = tangents.filter((_, i) => wanted[i]);
      const pullback = named(name, () => differentiate(graph, wrt, outputsAt(floats)));
      const pushforward = differentiate(pullback.graph, pullback.cotangents, pullback.gradients);
      // The pullback is linear in its cotangents: its derivative is the same at any of them.
      const anywhere = floats.map((i) => zerosLike(new Tensor(call.results[i])).expr);
      const along = primals.map((primal, i) => checkLike(name, moved[i], primal));
      const all = inline(pushforward.graph, [...given, ...anywhere, ...along]);
      const pushed = all.slice(call.results.length + wrt.length);
      const tangentAt = new Map(floats.map((result, i) => [result, pushed[i]]));
      return {
        results: all.slice(0, call.results.length),
        tangents: call.results.map((result, i) => tangentAt.get(i) ?? zerosLike(new Tensor(result)).expr),
      };
    },
    gradientTree: (gradients) => {
      let next = 0;
      const leaves = args.leaves.map((leaf, i) => new Tensor(wanted[i] ? gradients[next++] : leaf.expr));
      const tree = unflatten(args.structure, leaves) as readonly unknown[];
      return argument === undefined ? tree : tree[argument];
    },
  };
}

function lowerOrRelease(name: string, call: TracedCall): Lowered {
  try {
    return lower({
      name,
      params: call.inputs,
      outputs: call.results,
      capture: capturedBy(call.trace),
    });
  } catch (error) {
    call.trace.release();
    throw error;
  }
}

function checkLike(name: string, given: Expr, like: Expr): Expr {
  if (printType(given.type) === printType(like.type)) return given;
  throw new HeddleError('SHAPE_MISMATCH', `${name}: a tangent or cotangent is not like its value`, {
    found: printType(given.type),
    expected: printType(like.type),
  });
}

function checkArgument(
  name: string,
  args: Flat<Tensor>,
  argument: number,
  inArgument: (leaf: number) => boolean,
): void {
  const own = args.leaves.filter((_, i) => inArgument(i));
  if (own.some(({ dtype }) => isFloat(dtype))) return;
  const [first] = own;
  throw new HeddleError('GRAD_INVALID', `${name}: argument ${argument} has no float tensor`, {
    found: first === undefined ? 'no tensor' : describeLeaf(`argument ${argument}`, '', first.expr),
    hint: 'gradients exist by f32 and f16 only; name another argument with { argument: n }',
  });
}
