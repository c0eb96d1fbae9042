/** What engines whose lanes run in step expect of contractions: columns that lie side by side in memory, without padding. */
import type { GraphValue } from '../../../ir/builder.js';
import { convAxes, coversAll, type SlidingAxis } from '../../../ir/coverage.js';
import { elementCount } from '../../../base/tensor.js';
import { isStatic } from '../../../ir/dim.js';
import { staticShape, type Shape } from '../../../ir/types.js';
import { rule, type RewriteContext } from '../rule.js';

/** Along an axis on which x has holes, the results of a phase: those whose taps meet elements at the same places. */
interface Phase {
  /** Its first tap; the others follow at the distance of the elements. */
  readonly tap: number;
  readonly taps: number;
  /** Zeros before x, or where negative elements of x that are left out. */
  readonly low: number;
  readonly high: number;
}

/** The phases of `count` results each, of `window` taps over `extent` elements that lie `spacing` apart. */
function phasesOf(axis: SlidingAxis, count: number): readonly Phase[] {
  const { extent, window, spacing, padLow } = axis;
  return Array.from({ length: spacing }, (_, first) => {
    const tap = (((padLow - first) % spacing) + spacing) % spacing;
    const taps = Math.ceil((window - tap) / spacing);
    const low = (padLow - first - tap) / spacing;
    return { tap, taps, low, high: count - 1 + taps - extent - low };
  });
}

/** Every `stride`-th of some elements along an axis. */
function sliceAxis(
  b: RewriteContext,
  x: GraphValue,
  axis: number,
  start: number,
  size: number,
  stride = 1,
): GraphValue {
  const only = (list: Shape, value: number): number[] => staticShape(list).map((old, i) => (i === axis ? value : old)); // prettier-ignore
  const { shape } = x.type;
  return b.emit('slice', [x], {
    starts: only(shape.map(() => 0), start), // prettier-ignore
    sizes: only(shape, size),
    strides: only(shape.map(() => 1), stride), // prettier-ignore
  });
}

/** Columns of a block: as many as a quad computes at a time. */
const BLOCK = 8;

export const laneRules = {
  'holes of a conv': rule(
    ['conv'],
    'Results that meet elements of x with the same taps are one conv each, of these taps: the others were no terms.',
    (b, node): GraphValue | undefined => {
      const { attrs } = node;
      const [x, w] = b.operands(node);
      if (b.target.lanesInStep === 1) return undefined;
      if (![x, w, node].every(({ type }) => type.shape.every(isStatic))) return undefined;
      const [xs, ws, shape] = [x, w, node].map(({ type }) => staticShape(type.shape));
      const axes = convAxes(attrs, xs, ws, shape.slice(2));
      const at = axes.findIndex(
        ({ spacing, stride, dilation, window, results }) =>
          spacing > 1 &&
          spacing <= b.target.maxConvPhases &&
          stride * dilation === 1 &&
          window >= spacing &&
          results > 0,
      );
      if (at < 0) return undefined;
      const [own, axis] = [axes[at], at + 2];
      const count = Math.ceil(own.results / own.spacing);
      const put = (list: readonly number[], value: number): number[] => list.map((old, i) => (i === at ? value : old)); // prettier-ignore
      const phases = phasesOf(own, count);
      if (phases.some(({ low, high }) => Math.max(-low, 0) + Math.max(-high, 0) > own.extent))
        return undefined;
      const parts = phases.map(({ tap, taps, low, high }) => {
        const [before, behind] = [Math.max(-low, 0), Math.max(-high, 0)];
        const seen = sliceAxis(b, x, axis, before, own.extent - before - behind);
        const phase = b.emit('conv', [seen, sliceAxis(b, w, axis, tap, taps, own.spacing)], {
          ...attrs,
          padLow: put(attrs.padLow, Math.max(low, 0)),
          padHigh: put(attrs.padHigh, Math.max(high, 0)),
          lhsDilation: put(attrs.lhsDilation, 1),
        });
        return b.reshape(phase, [...shape.slice(0, axis), count, 1, ...shape.slice(axis + 1)]);
      });
      const apart = b.emit('concat', parts, { axis: axis + 1 });
      const all = b.reshape(apart, [...shape.slice(0, axis), count * own.spacing, ...shape.slice(axis + 1)]);
      return sliceAxis(b, all, axis, 0, own.results);
    },
  ),

  'padding of a conv': rule(
    ['conv'],
    'It is spelled out: terms with x = +0. Not where all terms of a result are, nor where there are holes.',
    (b, node): GraphValue | undefined => {
      const { padLow, padHigh } = node.attrs;
      const [x, w] = b.operands(node);
      if (b.target.lanesInStep === 1 || [...padLow, ...padHigh].every((pad) => pad === 0)) return undefined;
      if (![x, w, node].every(({ type }) => type.shape.every(isStatic))) return undefined;
      const space = staticShape(node.type.shape).slice(2);
      const axes = convAxes(node.attrs, staticShape(x.type.shape), staticShape(w.type.shape), space);
      if (!axes.every((axis) => axis.spacing === 1 && coversAll(axis))) return undefined;
      const none = x.type.shape.map(() => 0);
      const low = [0, 0, ...padLow];
      const padded = b.emit('pad', [x], { low, high: [0, 0, ...padHigh], interior: none, value: 0 });
      const zeros = padLow.map(() => 0);
      return b.emit('conv', [padded, w], { ...node.attrs, padLow: zeros, padHigh: zeros });
    },
  ),

  'columns in blocks': rule(
    ['dot'],
    'The columns of a large right operand are laid together in blocks: what a few of them need lies in one place, and stays in caches.',
    (b, node): GraphValue | undefined => {
      const [lhs, rhs] = b.operands(node);
      const { rhsBatch, rhsContract } = node.attrs;
      const taken = [...rhsBatch, ...rhsContract];
      if (b.target.lanesInStep === 1 || !taken.every((axis, i) => axis === i)) return undefined;
      if (![lhs, rhs].every(({ type }) => type.shape.every(isStatic))) return undefined;
      // Integers that lie in words are taken apart where they are multiplied.
      const reshaped = node.type.dtype === 'i32' ? b.producer(node, 'reshape', 1) : undefined;
      if (reshaped !== undefined && b.producer(reshaped, 'shr') !== undefined) return undefined;
      const [shape, rows] = [rhs, lhs].map(({ type }) => staticShape(type.shape));
      const [products, depth, n] = [
        shape.slice(0, rhsBatch.length),
        shape.slice(rhsBatch.length, taken.length),
        shape.slice(taken.length),
      ].map(elementCount);
      const m = elementCount(rows) / Math.max(products * depth, 1);
      const { packMinBlocks, packMinTerms, packMinRows } = b.target;
      if (n % BLOCK !== 0 || n < packMinBlocks * BLOCK || depth < packMinTerms || m < packMinRows)
        return undefined;
      const parts = b.reshape(rhs, [...shape.slice(0, taken.length), n / BLOCK, BLOCK]);
      const own = rhsBatch.map((_, i) => i);
      const contract = rhsContract.map((_, i) => own.length + i);
      const packed = b.permute(parts, [...own, taken.length, ...contract, taken.length + 1]);
      const product = b.emit('dot', [lhs, packed], {
        ...node.attrs,
        rhsContract: contract.map((axis) => axis + 1),
      });
      return b.reshape(product, node.type.shape);
    },
  ),

  'columns of a dot': rule(
    ['dot'],
    'The axes of the right operand are put in order: batch, contracted, free.',
    (b, node): GraphValue | undefined => {
      const [lhs, rhs] = b.operands(node);
      const { rhsBatch, rhsContract } = node.attrs;
      const taken = [...rhsBatch, ...rhsContract];
      const rank = rhs.type.shape.length;
      const free = rhs.type.shape.map((_, axis) => axis).filter((axis) => !taken.includes(axis));
      if (b.target.lanesInStep === 1 || free.length === 0 || !taken.includes(rank - 1)) return undefined;
      return b.emit('dot', [lhs, b.permute(rhs, [...taken, ...free])], {
        ...node.attrs,
        rhsBatch: rhsBatch.map((_, i) => i),
        rhsContract: rhsContract.map((_, i) => rhsBatch.length + i),
      });
    },
  ),
};
