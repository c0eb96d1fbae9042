/** Sums of products of elements of two words, and windows over them: spread out, and folded by halves. */
import { elementCount } from '../../../base/tensor.js';
import { foldAxes, type Combine } from '../../../compose/wide/fold.js';
import { mapWords, zipWords, type Words } from '../../../compose/wide/words.js';
import { concat } from '../../../compose/movement.js';
import type { Emitter, Value } from '../../../ir/emitter.js';
import type { OpAttrs } from '../../../ir/ops.js';
import { staticShape } from '../../../ir/types.js';
import { checkedCount } from '../limits.js';

export interface Arithmetic {
  readonly add: Combine;
  readonly mul: Combine;
  /** The elements of a sum of nothing, and of padding. */
  readonly zero: (like: Words) => Words;
}

const rangeTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** The dot of the IR. */
export function dotWords(
  b: Emitter,
  x: Words,
  y: Words,
  attrs: OpAttrs['dot'],
  arithmetic: Arithmetic,
): Words {
  const { lhsBatch, rhsBatch, lhsContract, rhsContract } = attrs;
  const [left, right] = [x, y].map(({ lo }) => staticShape(lo.type.shape)) as [
    readonly number[],
    readonly number[],
  ];
  const free = (shape: readonly number[], ...used: (readonly number[])[]): number[] =>
    rangeTo(shape.length).filter((axis) => !used.some((list) => list.includes(axis)));
  const [lhsFree, rhsFree] = [free(left, lhsBatch, lhsContract), free(right, rhsBatch, rhsContract)];
  const pick = (shape: readonly number[], axes: readonly number[]): number[] =>
    axes.map((axis) => shape[axis]);
  const [batch, terms] = [pick(left, lhsBatch), pick(left, lhsContract)];
  const [m, n] = [pick(left, lhsFree), pick(right, rhsFree)];
  const shape = [...batch, ...m, ...n, ...terms];
  checkedCount(shape, 'the products of a contraction of 64-bit elements');
  const ones = (list: readonly number[]): number[] => list.map(() => 1);
  const spread = (words: Words, order: readonly number[], own: readonly number[]): Words =>
    mapWords(words, (word) => b.broadcast(b.reshape(b.permute(word, order), own), shape));
  const products = arithmetic.mul(
    spread(x, [...lhsBatch, ...lhsFree, ...lhsContract], [...batch, ...m, ...ones(n), ...terms]),
    spread(y, [...rhsBatch, ...rhsFree, ...rhsContract], [...batch, ...ones(m), ...n, ...terms]),
  );
  const axes = rangeTo(terms.length).map((i) => shape.length - 1 - i);
  return foldAxes(b, products, axes, arithmetic.add, arithmetic.zero);
}

interface Windows {
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly padLow: readonly number[];
  readonly padHigh: readonly number[];
  /** Holes between the elements, plus one. */
  readonly spread: readonly number[];
}

/** The elements under each window over all axes: a new last axis. Where there is none, `padding`. */
function windowElements(
  b: Emitter,
  x: Words,
  window: readonly number[],
  windows: Windows,
  padding: Words,
): Words {
  const { strides, dilations, padLow, padHigh, spread } = windows;
  const [outer, inner] = [x.lo, padding.lo].map(({ type }) => type.shape);
  const pad = (word: Value, fill: Value): Value => {
    // The IR pads with a number; a mask says where another word belongs.
    const attrs = { low: padLow, high: padHigh, interior: spread.map((step) => step - 1), value: 0 };
    const padded = b.emit('pad', [word], attrs);
    const mask = b.emit('pad', [b.constant('bool', outer, 1)], attrs);
    return b.select(mask, padded, b.broadcast(b.reshape(fill, inner.length === 0 ? padded.type.shape.map(() => 1) : inner), padded.type.shape)); // prettier-ignore
  };
  const whole = zipWords(x, padding, pad);
  const extents = staticShape(whole.lo.type.shape);
  const counts = extents.map((extent, i) => {
    const room = extent - ((window[i] - 1) * dilations[i] + 1);
    return room < 0 ? 0 : Math.floor(room / strides[i]) + 1;
  });
  const taps = elementCount(window);
  checkedCount([...counts, taps], 'the windows over 64-bit elements');
  return mapWords(whole, (word) => {
    const pieces = rangeTo(taps).map((tap) => {
      let rest = tap;
      const starts = window.map(() => 0);
      for (let i = window.length - 1; i >= 0; i--) {
        starts[i] = (rest % window[i]) * dilations[i];
        rest = Math.floor(rest / window[i]);
      }
      return b.reshape(b.emit('slice', [word], { starts, sizes: counts, strides }), [...counts, 1]);
    });
    return concat(b, pieces, counts.length);
  });
}

/** The reduceWindow of the IR, with `padding`, a scalar, around the elements. */
export function reduceWindows(
  b: Emitter,
  x: Words,
  attrs: OpAttrs['reduceWindow'],
  combine: Combine,
  padding: Words,
): Words {
  const { window } = attrs;
  const elements = windowElements(b, x, window, { ...attrs, spread: window.map(() => 1) }, padding);
  return foldAxes(b, elements, [window.length], combine, () => padding);
}

/** The conv of the IR: padding and holes are terms with 0 here. */
export function convWords(
  b: Emitter,
  x: Words,
  w: Words,
  attrs: OpAttrs['conv'],
  arithmetic: Arithmetic,
): Words {
  const { groups } = attrs;
  const [n, c, ...extents] = staticShape(x.lo.type.shape);
  const [o, perGroup, ...kernel] = staticShape(w.lo.type.shape);
  const windows: Windows = {
    strides: [1, 1, ...attrs.strides],
    dilations: [1, 1, ...attrs.rhsDilation],
    padLow: [0, 0, ...attrs.padLow],
    padHigh: [0, 0, ...attrs.padHigh],
    spread: [1, 1, ...attrs.lhsDilation],
  };
  const zero = arithmetic.zero(mapWords(x, () => b.constant('u32', [], 0)));
  const elements = windowElements(b, x, [1, 1, ...kernel], windows, zero);
  const out = staticShape(elements.lo.type.shape).slice(2, 2 + extents.length);
  const taps = elementCount(kernel);
  // [n, g, c/g, out, taps] and [g, o/g, c/g, taps] -> [g, n, out, o/g]
  const columns = mapWords(elements, (word) =>
    b.reshape(word, [n, groups, c / groups, elementCount(out), taps]),
  );
  const rows = mapWords(w, (word) => b.reshape(word, [groups, o / groups, perGroup, taps]));
  const sums = dotWords(b, columns, rows, { lhsBatch: [1], rhsBatch: [0], lhsContract: [2, 4], rhsContract: [2, 3] }, arithmetic); // prettier-ignore
  return mapWords(sums, (word) => b.reshape(b.permute(word, [1, 0, 3, 2]), [n, o, ...out]));
}
