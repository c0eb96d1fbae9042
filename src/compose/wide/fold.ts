/** Reductions of what the IR has no reduction for, by halves, with an operation on values, which may be of several words. */
import type { Emitter, Value } from '../../ir/emitter.js';
import { isStatic, type Dim } from '../../ir/dim.js';
import { HeddleError } from '../../base/errors.js';
import { printShape, type Shape } from '../../ir/types.js';
import { concat, sliceAxis } from '../movement.js';
import { mapWords, zipWords, type Words } from './words.js';

export type Combine = (x: Words, y: Words) => Words;

/** A dimension as a number. Throws ONNX_DYNAMIC_SHAPE while it is a symbol. */
function extentOf(shape: Shape, axis: number): number {
  const extent: Dim = shape[axis];
  if (isStatic(extent)) return extent;
  throw new HeddleError(
    'ONNX_DYNAMIC_SHAPE',
    'reductions of 64-bit elements need the dimensions as numbers',
    {
      found: printShape(shape),
      hint: 'bind symbolic dimensions: --dim name=value, or importOnnx(bytes, {dims: {name: value}})',
    },
  );
}

const part = (b: Emitter, x: Words, axis: number, start: number, size: number): Words =>
  mapWords(x, (word) => sliceAxis(b, word, axis, start, size));

/** Combines the first half of an axis with the second until one element is left; a last odd one is kept. The axis stays, with extent 1. */
export function foldAxis(
  b: Emitter,
  x: Words,
  axis: number,
  combine: Combine,
  ofNothing: (like: Words) => Words,
): Words {
  let count = extentOf(x.lo.type.shape, axis);
  let rest = x;
  if (count === 0) {
    const shape = x.lo.type.shape.map((dim, i) => (i === axis ? 1 : dim));
    return ofNothing(mapWords(x, () => b.constant('u32', shape, 0)));
  }
  while (count > 1) {
    const half = Math.floor(count / 2);
    const folded = combine(part(b, rest, axis, 0, half), part(b, rest, axis, half, half));
    const last = count % 2 === 1 ? part(b, rest, axis, count - 1, 1) : undefined;
    rest = last === undefined ? folded : zipWords(folded, last, (p, q) => concat(b, [p, q], axis));
    count = half + (count % 2);
  }
  return rest;
}

/** The same over several axes, which are removed. */
export function foldAxes(
  b: Emitter,
  x: Words,
  axes: readonly number[],
  combine: Combine,
  ofNothing: (like: Words) => Words,
): Words {
  const folded = axes.reduce((rest, axis) => foldAxis(b, rest, axis, combine, ofNothing), x);
  const shape = x.lo.type.shape.filter((_, axis) => !axes.includes(axis));
  return mapWords(folded, (word): Value => b.reshape(word, shape));
}

/** Running results along an axis: in each round every element takes in the one 1, 2, 4, ... places before it. */
export function scanAxis(
  b: Emitter,
  x: Words,
  {
    axis,
    exclusive,
    reverse,
  }: { readonly axis: number; readonly exclusive: boolean; readonly reverse: boolean },
  combine: Combine,
  ofNothing: (like: Words) => Words,
): Words {
  const flip = (words: Words): Words =>
    reverse ? mapWords(words, (word) => b.emit('reverse', [word], { axes: [axis] })) : words;
  const count = extentOf(x.lo.type.shape, axis);
  if (count === 0) return x;
  let running = flip(x);
  for (let distance = 1; distance < count; distance *= 2) {
    const [first, late, early] = [
      part(b, running, axis, 0, distance),
      part(b, running, axis, distance, count - distance),
      part(b, running, axis, 0, count - distance),
    ];
    running = zipWords(first, combine(early, late), (p, q) => concat(b, [p, q], axis));
  }
  if (!exclusive) return flip(running);
  const none = ofNothing(part(b, running, axis, 0, 1));
  const before = part(b, running, axis, 0, count - 1);
  return flip(zipWords(none, before, (p, q) => concat(b, [p, q], axis)));
}
