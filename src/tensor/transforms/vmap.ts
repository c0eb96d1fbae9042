/** Functions of single examples, applied to batches. */
import { HeddleError } from '../../base/errors.js';
import { printType, tensorType } from '../../ir/types.js';
import { batchGraph } from '../../passes/batch/batch.js';
import { integer, kind } from '../../base/kinds.js';
import { isListOf } from '../../base/values.js';
import type { OptionTable } from '../../base/options.js';
import { checkFunction, optionsOf } from '../arguments.js';
import { callTraced, capturedBy, flattenTensors, nameOf } from '../expressions/call.js';
import { Expr, Trace } from '../expressions/expr.js';
import { inline, lower } from '../expressions/lower.js';
import { Tensor } from '../tensors/tensor.js';
import { itemsOf, unflatten } from '../trees/tree.js';

export interface VmapOptions {
  /** For each argument the axis along which it is batched, or null: the same for all. Default: 0 for each. */
  readonly inAxes?: readonly (number | null)[];
  /** The axis of the batch in the results. Default 0. */
  readonly outAxis?: number;
}

const isAxes = (value: unknown): boolean =>
  isListOf(value, (axis) => axis === null || Number.isInteger(axis));

const OPTIONS: OptionTable<VmapOptions> = {
  inAxes: kind('a list with an axis, or null, for each argument', isAxes),
  outAxis: integer,
};

/**
 * `f` applied to each element of a batch, as one computation: the bits are those of the loop. Throws SHAPE_MISMATCH where
 * the batched extents differ, ATTRIBUTE_INVALID where the axis is out of range, or not one in `inAxes` for each argument.
 */
export function vmap<A extends unknown[], R>(f: (...args: A) => R, options?: VmapOptions): (...args: A) => R {
  checkFunction('vmap', f);
  const { inAxes, outAxis = 0 } = optionsOf('vmap', options, OPTIONS);
  const name = nameOf(f, 'vmap');
  return (...args) => {
    if (inAxes !== undefined && inAxes.length !== args.length)
      throw new HeddleError('ATTRIBUTE_INVALID', `${name}: inAxes has one entry for each argument`, {
        found: `inAxes of ${inAxes.length} for ${args.length} arguments`,
        hint: 'null for what is the same for all elements',
      });
    const flat = flattenTensors(args);
    const axes = itemsOf(flat).map((argument) => (inAxes === undefined ? 0 : inAxes[argument]));
    const size = batchSize(name, flat.leaves, axes);
    const fronted = flat.leaves.map((leaf, i) => (axes[i] === null ? leaf : moveAxis(leaf, axes[i], 0)));
    const singles = fronted.map((leaf, i) => (axes[i] === null ? leaf : single(name, leaf)));
    const batched = (i: number): boolean => axes[i] !== null;
    const call = callTraced(name, f, { ...flat, leaves: singles }, batched);
    try {
      const lowered = lower({
        name,
        params: call.inputs,
        outputs: call.results,
        capture: capturedBy(call.trace),
      });
      const graph = batchGraph(lowered.graph, new Set(lowered.params), size);
      const given = fronted.flatMap(({ expr }, i) => (batched(i) ? [expr] : []));
      const made = inline(graph, [...given, ...lowered.captured]);
      const results = made.map((expr) => toAxis(name, new Tensor(expr), outAxis));
      return unflatten(call.structure, results) as R;
    } finally {
      // Not before: the results hold from here on what the trace held so far.
      call.trace.release();
    }
  };
}

/** Stands for one element of the batch: only its type counts. */
function single(name: string, { dtype, shape }: Tensor): Tensor {
  const type = tensorType(dtype, shape.slice(1));
  return new Tensor(new Expr(type, { kind: 'input', trace: new Trace(name), index: 0 }));
}

function batchSize(name: string, leaves: readonly Tensor[], axes: readonly (number | null)[]): number {
  let size: number | undefined;
  leaves.forEach((leaf, i) => {
    const axis = axes[i];
    if (axis === null) return;
    checkAxis(name, 'inAxes', axis, leaf);
    const extent = leaf.shape.at(axis);
    if (size !== undefined && extent !== size)
      throw new HeddleError('SHAPE_MISMATCH', `${name}: the batches differ in size`, {
        found: `${printType(leaf.expr.type)} along axis ${axis}`,
        expected: `${size} elements`,
        hint: 'arguments that are the same for all elements get null in inAxes',
      });
    size = extent;
  });
  if (size === undefined)
    throw new HeddleError('ATTRIBUTE_INVALID', `${name}: no argument is batched`, { hint: 'see inAxes' });
  return size;
}

function checkAxis(name: string, option: string, axis: number, x: Tensor): void {
  const { rank } = x;
  if (axis < -rank || axis >= rank)
    throw new HeddleError('ATTRIBUTE_INVALID', `${name}: the axis is out of range`, {
      found: `${axis} in ${option}, for ${printType(x.expr.type)}`,
      expected: rank === 0 ? 'a tensor with an axis, or null' : `an axis in [${-rank}, ${rank})`,
    });
}

/** A result with the batch, which is its first axis, at `axis`. */
function toAxis(name: string, result: Tensor, axis: number): Tensor {
  checkAxis(name, 'outAxis', axis, result);
  return moveAxis(result, 0, axis);
}

/** The axis at `from` put at place `to`. */
function moveAxis(x: Tensor, from: number, to: number): Tensor {
  const rank = x.rank;
  const [source, target] = [from < 0 ? from + rank : from, to < 0 ? to + rank : to];
  if (source === target) return x;
  const others = x.shape.map((_, axis) => axis).filter((axis) => axis !== source);
  return x.permute([...others.slice(0, target), source, ...others.slice(target)]);
}
