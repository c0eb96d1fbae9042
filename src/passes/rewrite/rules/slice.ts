/** Slices, concatenations and padding: which elements of which operand. */
import type { GraphValue } from '../../../ir/builder.js';
import { isStatic } from '../../../ir/dim.js';
import type { Node } from '../../../ir/graph.js';
import type { OpAttrs } from '../../../ir/ops.js';
import { shapesEqual, type Shape } from '../../../ir/types.js';
import { literal } from '../../../interpreter/lanes.js';
import { rule, type RewriteContext } from '../rule.js';

const isZero = (n: number): boolean => n === 0;

/** The extents as numbers; undefined while one is symbolic. */
const numbersOf = (shape: Shape): readonly number[] | undefined =>
  shape.every(isStatic) ? shape : undefined;

const sliced = (b: RewriteContext, x: GraphValue, attrs: OpAttrs['slice']): GraphValue =>
  b.emit('slice', [x], attrs);

const concatenated = (b: RewriteContext, parts: readonly GraphValue[], axis: number): GraphValue =>
  parts.length === 1 ? parts[0] : b.emit('concat', parts, { axis });

/** The part of a concat in which all of [first, last] along its axis lies, and where that part begins. */
function partWith(
  b: RewriteContext,
  node: Node<'concat'>,
  first: number,
  last: number,
): { part: GraphValue; start: number } | undefined {
  let start = 0;
  for (const part of b.operands(node)) {
    const extent = part.type.shape[node.attrs.axis];
    if (!isStatic(extent)) return undefined;
    if (first >= start && last < start + extent) return { part, start };
    start += extent;
  }
  return undefined;
}

export const sliceRules = {
  'slice of everything': rule(['slice'], 'It is the operand.', (b, node) => {
    const x = b.operand(node);
    const { starts, strides } = node.attrs;
    const whole =
      starts.every(isZero) && strides.every((stride, i) => stride === 1 || node.type.shape[i] === 1);
    return whole && shapesEqual(x.type.shape, node.type.shape) ? x : undefined;
  }),

  'slice of a slice': rule(['slice'], 'Starts and strides compose.', (b, node) => {
    const inner = b.producer(node, 'slice');
    if (inner === undefined) return undefined;
    const { starts, sizes, strides } = node.attrs;
    return sliced(b, b.operand(inner), {
      starts: starts.map((start, i) => inner.attrs.starts[i] + start * inner.attrs.strides[i]),
      sizes,
      strides: strides.map((stride, i) => stride * inner.attrs.strides[i]),
    });
  }),

  'slice of a concat': rule(['slice'], 'Elements of one part are sliced from that part.', (b, node) => {
    const inner = b.producer(node, 'concat');
    const sizes = numbersOf(node.attrs.sizes);
    if (inner === undefined || sizes === undefined) return undefined;
    const { axis } = inner.attrs;
    const { starts, strides } = node.attrs;
    const last = starts[axis] + (sizes[axis] - 1) * strides[axis];
    const found = sizes[axis] === 0 ? undefined : partWith(b, inner, starts[axis], last);
    if (found === undefined) return undefined;
    const inPart = starts.map((start, i) => (i === axis ? start - found.start : start));
    return sliced(b, found.part, { starts: inPart, sizes, strides });
  }),

  'slice of a broadcast': rule(
    ['slice'],
    'The operand is sliced where it has extents of its own; broadcasts come last.',
    (b, node) => {
      const inner = b.producer(node, 'broadcast');
      if (inner === undefined) return undefined;
      const x = b.operand(inner);
      const { starts, sizes, strides } = node.attrs;
      // An extent of 1 that stays 1 may be the operand's own: then start and stride are what they are for it.
      const repeats = starts.map((_, i) => x.type.shape[i] === 1 && inner.type.shape[i] !== 1);
      const before = sliced(b, x, {
        starts: starts.map((start, i) => (repeats[i] ? 0 : start)),
        sizes: sizes.map((size, i) => (repeats[i] ? 1 : size)),
        strides: strides.map((stride, i) => (repeats[i] ? 1 : stride)),
      });
      return b.broadcast(before, sizes);
    },
  ),

  'concat of empty parts': rule(['concat'], 'Parts without elements are dropped.', (b, node) => {
    const parts = b.operands(node);
    const filled = parts.filter((part) => part.type.shape[node.attrs.axis] !== 0);
    if (filled.length === parts.length) return undefined;
    return concatenated(b, filled.length === 0 ? [parts[0]] : filled, node.attrs.axis);
  }),

  'concat of one part': rule(['concat'], 'It is the operand.', (b, node) =>
    node.inputs.length === 1 ? b.operand(node) : undefined,
  ),

  'concat of a concat': rule(
    ['concat'],
    'One concat along the same axis, where the inner one has no other use.',
    (b, node) => {
      const { axis } = node.attrs;
      const parts = b.operands(node).flatMap((part) => {
        const inner = b.node(part);
        const joins = inner.op === 'concat' && inner.attrs.axis === axis && !b.isShared(part);
        return joins ? b.operands(inner) : [part];
      });
      return parts.length > node.inputs.length ? concatenated(b, parts, axis) : undefined;
    },
  ),

  'pad with nothing': rule(['pad'], 'It is the operand.', (b, node) => {
    const { low, high, interior } = node.attrs;
    return [low, high, interior].every((amounts) => amounts.every(isZero)) ? b.operand(node) : undefined;
  }),

  'pad of a pad': rule(['pad'], 'With one value around, the amounts add up.', (b, node) => {
    const inner = b.producer(node, 'pad');
    if (inner === undefined) return undefined;
    const { low, high, interior, value } = node.attrs;
    const { dtype } = node.type;
    const alike = Object.is(literal(dtype, value), literal(dtype, inner.attrs.value));
    if (!alike || !interior.every(isZero)) return undefined;
    return b.emit('pad', [b.operand(inner)], {
      low: low.map((amount, i) => amount + inner.attrs.low[i]),
      high: high.map((amount, i) => amount + inner.attrs.high[i]),
      interior: inner.attrs.interior,
      value,
    });
  }),
};
