/** Reductions: over no more axes than needed, and of operands as they lie in memory. The order of sums never changes. */
import { elementCount } from '../../../base/tensor.js';
import { REDUCE_CHUNK } from '../../../ir/accumulation.js';
import { dimMul, isStatic, type Dim } from '../../../ir/dim.js';
import type { Shape } from '../../../ir/types.js';
import { isOrderFree, keepsElements } from '../facts.js';
import { rule } from '../rule.js';

const isAscending = (list: readonly number[]): boolean => list.every((x, i) => i === 0 || list[i - 1] < x);
const ascending = (list: readonly number[]): number[] => [...list].sort((a, b) => a - b);
const axesOf = (shape: Shape): number[] => shape.map((_, axis) => axis);
const without = (all: readonly number[], some: readonly number[]): number[] =>
  all.filter((axis) => !some.includes(axis));

/** A shape in which runs of reduced axes are one axis, and which of its axes are reduced. */
function mergeReduced(shape: Shape, axes: readonly number[]): { shape: Dim[]; axes: number[] } {
  const merged: Dim[] = [];
  const reduced: number[] = [];
  const filled = axes.filter((axis) => shape[axis] !== 1);
  const needed = filled.length > 0 ? filled : axes.slice(0, 1);
  shape.forEach((extent, axis) => {
    const last = merged.length - 1;
    if (!axes.includes(axis)) merged.push(extent);
    else if (!needed.includes(axis)) return;
    else if (reduced.length > 0 && reduced[reduced.length - 1] === last)
      merged[last] = dimMul(merged[last], extent);
    else reduced.push(merged.push(extent) - 1);
  });
  return { shape: merged, axes: reduced };
}

export const reduceRules = {
  'reduce of single elements': rule(
    ['reduce'],
    'Reducing extents of 1 (or no axis) is a reshape, except where a sum or product would flush the elements.',
    (b, node) => {
      const x = b.operand(node);
      const single = node.attrs.axes.every((axis) => x.type.shape[axis] === 1);
      return single && keepsElements(b, node) ? b.reshape(x, node.type.shape) : undefined;
    },
  ),

  'reduce of a permute': rule(
    ['reduce'],
    'The operand is reduced as it lies, if its reduced axes keep their order or the order cannot be seen.',
    (b, node) => {
      const inner = b.producer(node, 'permute');
      if (inner === undefined) return undefined;
      const { permutation } = inner.attrs;
      const { kind, axes } = node.attrs;
      const reduced = ascending(axes).map((axis) => permutation[axis]);
      if (!isAscending(reduced) && !isOrderFree(node)) return undefined;
      const kept = permutation.filter((_, axis) => !axes.includes(axis));
      const order = ascending(kept);
      return b.permute(b.reduce(kind, b.operand(inner), reduced), kept.map((axis) => order.indexOf(axis))); // prettier-ignore
    },
  ),

  'reduce over few axes': rule(
    ['reduce'],
    'Neighbouring reduced axes are merged and extents of 1 dropped: the sequence of elements is the same.',
    (b, node) => {
      const x = b.operand(node);
      const { shape, axes } = mergeReduced(x.type.shape, node.attrs.axes);
      return axes.length < node.attrs.axes.length
        ? b.reduce(node.attrs.kind, b.reshape(x, shape), axes)
        : undefined;
    },
  ),

  'reduce of a reduce': rule(
    ['reduce'],
    'One reduction over the axes of both, where order cannot be seen, the inner one has no other use and one kernel reduces all.',
    (b, node) => {
      const inner = b.producer(node, 'reduce');
      if (inner?.attrs.kind !== node.attrs.kind || !isOrderFree(node)) return undefined;
      if (b.isShared(b.operand(node))) return undefined;
      const x = b.operand(inner);
      const kept = without(axesOf(x.type.shape), inner.attrs.axes);
      const axes = [...inner.attrs.axes, ...node.attrs.axes.map((axis) => kept[axis])];
      const extents = axes.map((axis) => x.type.shape[axis]);
      // Longer rows are cut into chunks (see split.ts).
      if (extents.every(isStatic) && elementCount(extents) > REDUCE_CHUNK) return undefined;
      return b.reduce(node.attrs.kind, x, axes);
    },
  ),
};
