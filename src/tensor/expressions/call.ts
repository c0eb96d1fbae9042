/** Calling functions of trees of tensors with traced inputs. */
import { HeddleError } from '../../base/errors.js';
import { printType, type TensorType } from '../../ir/types.js';
import { Expr, Trace } from './expr.js';
import { refuseHidden } from './hidden.js';
import { isTensor, Tensor } from '../tensors/tensor.js';
import { flatten, unflatten, type Flat, type Structure } from '../trees/tree.js';

/** A function and what it is called in messages. */
export const nameOf = (f: { readonly name: string }, kind: string): string =>
  `${kind}(${f.name === '' ? 'f' : f.name})`;

/** Throws as `flatten` does, and USAGE where an object in a module hides tensors. */
export const flattenTensors = (tree: unknown): Flat<Tensor> => flatten(tree, isTensor, refuseHidden);

export interface TracedCall {
  readonly trace: Trace;
  /** The inputs of the trace, in the order of the leaves that they stand for. */
  readonly inputs: readonly Expr[];
  readonly results: readonly Expr[];
  readonly structure: Structure;
  readonly paths: readonly string[];
}

/**
 * Calls `f` with traced inputs in place of the leaves of the tree of arguments for which `traced` holds. The caller releases
 * the trace; where this throws, nothing is held.
 */
export function callTraced(
  name: string,
  f: (...args: never[]) => unknown,
  args: Flat<Tensor>,
  traced: (leaf: number) => boolean = () => true,
): TracedCall {
  const types = args.leaves.filter((_, i) => traced(i)).map(({ expr }) => expr.type);
  return callWithInputs(name, types, (inputs) => {
    let next = 0;
    const leaves = args.leaves.map((leaf, i) => (traced(i) ? inputs[next++] : leaf));
    return f(...(unflatten(args.structure, leaves) as never[]));
  });
}

/** Calls `f` with traced inputs of `types`. The caller releases the trace; where this throws, nothing is held. */
export function callWithInputs(
  name: string,
  types: readonly TensorType[],
  f: (inputs: readonly Tensor[]) => unknown,
): TracedCall {
  const trace = new Trace(name);
  const inputs = types.map((type, index) => new Expr(type, { kind: 'input', trace, index }));
  try {
    const flat = flattenTensors(ensureSync(name, f(inputs.map((input) => new Tensor(input)))));
    return {
      trace,
      inputs,
      results: flat.leaves.map(({ expr }) => expr),
      structure: flat.structure,
      paths: flat.paths,
    };
  } catch (error) {
    trace.release();
    throw isOfPrivateField(error) ? privateFieldError(name, error) : error;
  }
}

/** What engines say of `this.#name` where an object has no such field. */
const PRIVATE_FIELD = /private (member|field|method|name)|must be (an instance of )?class /i;

const isOfPrivateField = (error: unknown): error is TypeError =>
  error instanceof TypeError && PRIVATE_FIELD.test(error.message);

/** Modules are rebuilt with other tensors, field by field, and `#name` is not a property that could be seen. */
const privateFieldError = (name: string, cause: TypeError): HeddleError =>
  new HeddleError('USAGE', `${name} calls a method of a copy of a module, which has no #private fields`, {
    found: cause.message,
    expected: 'ordinary fields',
    hint: 'write `private name` (TypeScript) or `_name` in place of `#name`',
    cause,
  });

/** `result` of a function of the caller. Throws TRACE_ESCAPED where it is a promise. */
export function ensureSync<R>(name: string, result: R): R {
  if (!(result instanceof Promise)) return result;
  result.catch(() => undefined);
  throw new HeddleError('TRACE_ESCAPED', `${name} must not be async`, {
    hint: 'nothing can be awaited here: return what you want to read',
  });
}

/** A tree with other tensors at its leaves. */
export const rebuild = (structure: Structure, exprs: readonly Expr[]): unknown =>
  unflatten(
    structure,
    exprs.map((expr) => new Tensor(expr)),
  );

/** What a traced function may use as it is: all that does not depend on its inputs, but for what costs nothing to make. */
export const capturedBy =
  (trace: Trace) =>
  (expr: Expr): boolean => {
    if (expr.traces.includes(trace)) return false;
    return expr.origin.kind !== 'op' || expr.origin.inputs.length > 0;
  };

/**
 * What a loop or a branch takes from outside: what was there before `start`, the serial number at which its function was
 * called. What the function made from that alone stays inside: where it is not run, nothing comes of it, derivatives included.
 */
export const madeBefore =
  (start: number) =>
  ({ serial, origin }: Expr): boolean =>
    serial < start && (origin.kind !== 'op' || origin.inputs.length > 0);

/** `arg 0.layers.1.weight (f32[3,4])` */
export const describeLeaf = (what: string, path: string, { type }: Expr): string =>
  `${path === '' ? what : `${what} ${path}`} (${printType(type)})`;
