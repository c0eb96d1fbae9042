/** Padding. Constant padding is an op; the other modes are concatenations of pieces of the operand: index maps again. */
import { HeddleError } from '../base/errors.js';
import type { Emitter, Value } from '../ir/emitter.js';
import { staticShape } from '../ir/types.js';
import { concat, sliceAxis, tile } from './movement.js';

export type PadMode = 'constant' | 'reflect' | 'edge' | 'wrap';
type Periodic = 'reflect' | 'wrap';

/** Elements before and after each axis; negative amounts cut elements off. */
export interface Padding {
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/** Pads with a constant of the dtype of `x`. */
export function padConstant(b: Emitter, x: Value, padding: Padding, value: number): Value {
  const cut = crop(b, x, padding);
  const [low, high] = [padding.low.map(atLeast0), padding.high.map(atLeast0)];
  if ([...low, ...high].every((amount) => amount === 0)) return cut;
  return b.emit('pad', [cut], { low, high, interior: low.map(() => 0), value });
}

/**
 * Pads with elements of `x` itself, as NumPy does: beyond the axis, what it holds comes again and again. Throws
 * ATTRIBUTE_INVALID where an axis has no elements.
 */
export function padMirrored(
  b: Emitter,
  x: Value,
  { low, high }: Padding,
  mode: Exclude<PadMode, 'constant'>,
): Value {
  let result = crop(b, x, { low, high });
  for (let axis = 0; axis < low.length; axis++) {
    const [before, after] = [atLeast0(low[axis]), atLeast0(high[axis])];
    if (before === 0 && after === 0) continue;
    const [extent] = staticShape([result.type.shape[axis]]) as [number];
    if (extent === 0)
      throw new HeddleError('ATTRIBUTE_INVALID', `${mode} padding of an axis without elements`, {
        found: `padding ${before} and ${after} of axis ${axis}`,
      });
    if (mode !== 'edge' && Math.max(before, after) > REACH[mode](extent)) {
      result = repeated(b, PERIOD[mode](b, result, axis, extent), axis, before, extent + before + after);
      continue;
    }
    const pieces = PIECES[mode](b, result, axis, extent, before, after);
    result = concat(
      b,
      pieces.filter((piece) => piece.type.shape[axis] !== 0),
      axis,
    );
  }
  return result;
}

/** The most elements that a mode adds to one end of an axis from the axis as it is. */
const REACH: Record<Periodic, (extent: number) => number> = {
  reflect: (extent) => extent - 1,
  wrap: (extent) => extent,
};

/** What a padded axis repeats. */
const PERIOD: Record<Periodic, (b: Emitter, x: Value, axis: number, extent: number) => Value> = {
  wrap: (_, x) => x,
  reflect: (b, x, axis, extent) =>
    extent < 3
      ? x
      : concat(b, [x, b.emit('reverse', [sliceAxis(b, x, axis, 1, extent - 2)], { axes: [axis] })], axis),
};

/** `size` elements of an endless repetition of `x` along an axis, which begin `before` elements before an `x`. */
function repeated(b: Emitter, x: Value, axis: number, before: number, size: number): Value {
  const extent = x.type.shape[axis] as number;
  const start = (extent - (before % extent)) % extent;
  const times = x.type.shape.map((_, i) => (i === axis ? Math.ceil((start + size) / extent) : 1));
  return sliceAxis(b, tile(b, x, times), axis, start, size);
}

type Pieces = (b: Emitter, x: Value, axis: number, extent: number, low: number, high: number) => Value[];

const PIECES: Record<Exclude<PadMode, 'constant'>, Pieces> = {
  reflect: (b, x, axis, extent, low, high) => {
    const mirrored = (start: number, size: number): Value =>
      b.emit('reverse', [sliceAxis(b, x, axis, start, size)], { axes: [axis] });
    return [mirrored(1, low), x, mirrored(extent - 1 - high, high)];
  },
  edge: (b, x, axis, extent, low, high) => {
    const repeated = (at: number, size: number): Value =>
      b.broadcast(
        sliceAxis(b, x, axis, at, 1),
        x.type.shape.map((dim, i) => (i === axis ? size : dim)),
      );
    return [repeated(0, low), x, repeated(extent - 1, high)];
  },
  wrap: (b, x, axis, extent, low, high) => [
    sliceAxis(b, x, axis, extent - low, low),
    x,
    sliceAxis(b, x, axis, 0, high),
  ],
};

const atLeast0 = (amount: number): number => Math.max(0, amount);

/** Cuts off what negative amounts ask for. */
function crop(b: Emitter, x: Value, { low, high }: Padding): Value {
  let result = x;
  for (let axis = 0; axis < low.length; axis++) {
    const [front, back] = [atLeast0(-low[axis]), atLeast0(-high[axis])];
    if (front === 0 && back === 0) continue;
    const [extent] = staticShape([result.type.shape[axis]]) as [number];
    if (front + back > extent)
      throw new HeddleError('ATTRIBUTE_INVALID', 'negative padding cuts off more than there is', {
        found: `${front} + ${back} of axis ${axis} of extent ${extent}`,
      });
    result = sliceAxis(b, result, axis, front, extent - front - back);
  }
  return result;
}
