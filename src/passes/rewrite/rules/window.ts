/** Sliding windows and convolutions: padding becomes theirs, and windows that do not slide are reductions. */
import { isFloat } from '../../../base/dtype.js';
import type { GraphValue } from '../../../ir/builder.js';
import { isStatic } from '../../../ir/dim.js';
import { convAxes, coversAll, windowAxes, type SlidingAxis } from '../../../ir/coverage.js';
import type { Node } from '../../../ir/graph.js';
import { IDENTITIES } from '../../../interpreter/fold.js';
import { isLiteral, isOrderFree, keepsElements } from '../facts.js';
import { rule, type RewriteContext } from '../rule.js';

const isZero = (n: number): boolean => n === 0;
const sum = (a: readonly number[], b: readonly number[]): number[] => a.map((x, i) => x + b[i]);

/** The pad that makes the first operand, if it puts `value` around it and nothing between. */
function padAround(b: RewriteContext, node: Node, value: number): Node<'pad'> | undefined {
  const pad = b.producer(node, 'pad');
  if (pad === undefined || !isLiteral(node.type.dtype, pad.attrs.value, value)) return undefined;
  return pad.attrs.interior.every(isZero) ? pad : undefined;
}

/** The axes that a window which does not slide covers; undefined where it slides, or has padding. */
function coveredAxes(b: RewriteContext, node: Node<'reduceWindow'>): number[] | undefined {
  const { window, strides, dilations, padLow, padHigh } = node.attrs;
  const covered: number[] = [];
  for (const [axis, extent] of b.operand(node).type.shape.entries()) {
    if (padLow[axis] !== 0 || padHigh[axis] !== 0 || !isStatic(extent)) return undefined;
    if (window[axis] === 1 && strides[axis] === 1) continue;
    if (window[axis] !== extent || dilations[axis] !== 1) return undefined;
    covered.push(axis);
  }
  return covered;
}

/** Whether every result takes in an element of `x` beside the padding; false where the extents are not known. */
function covered(
  x: GraphValue,
  node: Node,
  axes: (shape: readonly number[], result: readonly number[]) => readonly SlidingAxis[],
): boolean {
  const [shape, result] = [x.type.shape, node.type.shape];
  return shape.every(isStatic) && result.every(isStatic) && axes(shape, result).every(coversAll);
}

export const windowRules = {
  'pad before a window': rule(
    ['reduceWindow'],
    'Padding with the identity is what the padding of the window is, but where a float sum meets nothing else.',
    (b, node) => {
      const pad = padAround(b, node, IDENTITIES[node.type.dtype][node.attrs.kind]);
      if (pad === undefined) return undefined;
      const x = b.operand(pad);
      const attrs = {
        ...node.attrs,
        padLow: sum(node.attrs.padLow, pad.attrs.low),
        padHigh: sum(node.attrs.padHigh, pad.attrs.high),
      };
      const axes = (shape: readonly number[], result: readonly number[]): SlidingAxis[] =>
        windowAxes(attrs, shape, result);
      const keeps = node.attrs.kind !== 'sum' || !isFloat(node.type.dtype) || covered(x, node, axes);
      return keeps ? b.emit('reduceWindow', [x], attrs) : undefined;
    },
  ),

  'window over whole axes': rule(
    ['reduceWindow'],
    'It is a reduction, where order cannot be seen, or a reshape where there is nothing to combine.',
    (b, node) => {
      const covered = coveredAxes(b, node);
      if (covered === undefined) return undefined;
      const x = b.operand(node);
      const single = covered.every((axis) => x.type.shape[axis] === 1);
      if (single ? !keepsElements(b, node) : !isOrderFree(node)) return undefined;
      return b.reshape(b.reduce(node.attrs.kind, x, covered), node.type.shape);
    },
  ),

  'pad before a conv': rule(
    ['conv'],
    'Zeros around the spatial axes are what the padding of the convolution is: terms with x = +0. Not where all terms are.',
    (b, node) => {
      const pad = padAround(b, node, 0);
      if (pad === undefined || b.target.lanesInStep > 1) return undefined;
      const { low, high } = pad.attrs;
      const { lhsDilation, padLow, padHigh } = node.attrs;
      const inBatchOrChannels = [...low.slice(0, 2), ...high.slice(0, 2)].some((amount) => amount !== 0);
      // Among holes, an element of padding and a position of padding are not the same distance apart.
      if (inBatchOrChannels || lhsDilation.some((dilation) => dilation !== 1)) return undefined;
      const [x, w] = [b.operand(pad), b.operand(node, 1)];
      const attrs = {
        ...node.attrs,
        padLow: sum(padLow, low.slice(2)),
        padHigh: sum(padHigh, high.slice(2)),
      };
      const kernel = w.type.shape;
      if (!kernel.every(isStatic)) return undefined;
      const axes = (shape: readonly number[], result: readonly number[]): SlidingAxis[] =>
        convAxes(attrs, shape, kernel, result.slice(2 - shape.length));
      return covered(x, node, axes) ? b.emit('conv', [x, w], attrs) : undefined;
    },
  ),
};
