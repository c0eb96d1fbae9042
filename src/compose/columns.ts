/** Blocks of images as columns, put together again. */
import { HeddleError } from '../base/errors.js';
import { elementCount } from '../base/tensor.js';
import type { Emitter, Value } from '../ir/emitter.js';
import { printType, staticShape } from '../ir/types.js';
import { range } from './axes.js';
import { sliceAxis } from './movement.js';
import { padConstant } from './pad.js';
import { checkTerms } from './tables.js';
import { spanOf, windowGeometry, type WindowOptions } from './window.js';

/**
 * x [N, C * product of block, L] -> [N, C, ...image]: column l holds the elements of block l, and each element of the image
 * is the sum of those that lie on it. Blocks begin stride apart in the padded image, and their elements lie dilation apart.
 * Throws SHAPE_MISMATCH where the columns are not those of such an image.
 */
export function foldColumns(
  b: Emitter,
  x: Value,
  image: readonly number[],
  block: readonly number[],
  options: WindowOptions = {},
): Value {
  const { strides, dilations, padLow, padHigh } = windowGeometry(image, block, { ...options, autoPad: 'NOTSET' }); // prettier-ignore
  const windows = image.map((extent, i) => {
    const room = extent + padLow[i] + padHigh[i] - spanOf(block[i], dilations[i]);
    return Math.max(0, Math.floor(room / strides[i]) + 1);
  });
  const taps = elementCount(block);
  checkTerms('a block', taps);
  const shape = staticShape(x.type.shape);
  const [n, rows, columns] = shape as [number, number, number];
  if (shape.length !== 3 || rows % taps !== 0 || columns !== elementCount(windows))
    throw new HeddleError('SHAPE_MISMATCH', 'the columns do not fit the image', {
      found: printType(x.type),
      expected: `[N, C * ${taps}, ${elementCount(windows)}]`,
    });
  const c = rows / taps;
  const apart = b.reshape(x, [n, c, taps, ...windows]);
  const padded = image.map((extent, i) => extent + padLow[i] + padHigh[i]);
  const parts = range(0, taps).map((tap) => {
    const own = b.reshape(sliceAxis(b, apart, 2, tap, 1), [n, c, ...windows]);
    const [low, high] = [[0, 0], [0, 0]]; // prettier-ignore
    let rest = tap;
    for (let i = image.length - 1; i >= 0; i--) {
      const before = (rest % block[i]) * dilations[i];
      low[i + 2] = before;
      high[i + 2] = padded[i] - before - Math.max(0, (windows[i] - 1) * strides[i] + 1);
      rest = Math.floor(rest / block[i]);
    }
    return b.emit('pad', [own], {
      low,
      high,
      interior: [0, 0, ...strides.map((stride) => stride - 1)],
      value: 0,
    });
  });
  const sum = parts.reduce((total, part) => b.binary('add', total, part));
  const cut = (pads: readonly number[]): number[] => [0, 0, ...pads.map((amount) => -amount)];
  return padConstant(b, sum, { low: cut(padLow), high: cut(padHigh) }, 0);
}
