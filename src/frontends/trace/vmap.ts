/** Functions of single examples, applied to batches. */
import { HeddleError } from '../../base/errors.js';
import { printType, tensorType } from '../../ir/types.js';
import { batchGraph } from '../../passes/batch/batch.js';
import { callTraced, capturedBy, flattenTensors, nameOf } from './call.js';
import { Expr, Trace } from './expr.js';
import { captureName, inline, lower } from './lower.js';
import { Tensor } from './tensor/tensor.js';
import { unflatten } from './tree.js';

export interface VmapOptions {
  /** For each argument the axis along which it is batched, or null: the same for all. Default: 0 for each. */
  readonly inAxes?: readonly (number | null)[];
  /** The axis of the batch in the results. Default 0. */
  readonly outAxis?: number;
}

/**
 * `f` applied to each element of a batch, as one computation: the bits are those of the loop. Throws SHAPE_MISMATCH where
 * the batched extents differ.
 */
export function vmap<A extends unknown[], R>(
  f: (...args: A) => R,
  { inAxes = [], outAxis = 0 }: VmapOptions = {},
): (...args: A) => R {
  const name = nameOf(f, 'vmap');
  return (...args) => {
    const flat = flattenTensors(args);
    const axes = flat.paths.map((path) => axisOfArgument(inAxes, path));
    const size = batchSize(name, flat.leaves, axes);
    const fronted = flat.leaves.map((leaf, i) => (axes[i] === null ? leaf : moveAxis(leaf, axes[i], 0)));
    const singles = fronted.map((leaf, i) => (axes[i] === null ? leaf : single(name, leaf)));
    const batched = (i: number): boolean => axes[i] !== null;
    const call = callTraced(name, f, { ...flat, leaves: singles }, batched);
    const lowered = lower({
      name,
      params: call.inputs.map((expr, i) => ({ name: `x${i}`, expr })),
      outputs: call.results.map((expr, i) => ({ name: `y${i}`, expr })),
      capture: capturedBy(call.trace),
    });
    const graph = batchGraph(lowered.graph, new Set(call.inputs.map((_, i) => `x${i}`)), size);
    const given = fronted.filter((_, i) => batched(i));
    const params = new Map([
      ...given.map((leaf, i) => [`x${i}`, leaf.expr] as const),
      ...lowered.captured.map((expr, i) => [captureName(i), expr] as const),
    ]);
    const results = inline(graph, params).map((expr) => moveAxis(new Tensor(expr), 0, outAxis));
    call.trace.release();
    return unflatten(call.structure, results) as R;
  };
}

/** Stands for one element of the batch: only its type counts. */
function single(name: string, { dtype, shape }: Tensor): Tensor {
  const type = tensorType(dtype, shape.slice(1));
  return new Tensor(new Expr(type, { kind: 'input', trace: new Trace(name), index: 0 }));
}

function axisOfArgument(inAxes: readonly (number | null)[], path: string): number | null {
  const argument = Number(path.split('.')[0]);
  return argument < inAxes.length ? inAxes[argument] : 0;
}

function batchSize(name: string, leaves: readonly Tensor[], axes: readonly (number | null)[]): number {
  let size: number | undefined;
  leaves.forEach((leaf, i) => {
    const axis = axes[i];
    if (axis === null) return;
    const extent = leaf.shape.at(axis);
    if (extent === undefined || (size !== undefined && extent !== size))
      throw new HeddleError('SHAPE_MISMATCH', `${name}: the batches differ in size`, {
        found: `${printType(leaf.expr.type)} along axis ${axis}`,
        ...(size === undefined ? {} : { expected: `${size} elements` }),
        hint: 'arguments that are the same for all elements get null in inAxes',
      });
    size = extent;
  });
  if (size === undefined)
    throw new HeddleError('ATTRIBUTE_INVALID', `${name}: no argument is batched`, { hint: 'see inAxes' });
  return size;
}

/** The axis at `from` put at place `to`. */
function moveAxis(x: Tensor, from: number, to: number): Tensor {
  const rank = x.rank;
  const [source, target] = [from < 0 ? from + rank : from, to < 0 ? to + rank : to];
  if (source === target) return x;
  const others = x.shape.map((_, axis) => axis).filter((axis) => axis !== source);
  return x.permute([...others.slice(0, target), source, ...others.slice(target)]);
}
