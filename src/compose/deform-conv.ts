/** Deformable convolution: Dai et al., arxiv.org/abs/1703.06211, with the mask of Zhu et al., arxiv.org/abs/1811.11168. */
import { HeddleError } from '../base/errors.js';
import { elementCount } from '../base/tensor.js';
import type { Emitter, Value } from '../ir/emitter.js';
import { printType, staticShape } from '../ir/types.js';
import { range } from './axes.js';
import { binaryBroadcast, broadcastTo, perChannel } from './broadcast.js';
import type { ConvOptions } from './conv.js';
import { sliceAxis } from './movement.js';
import { sampleLinear } from './sampling.js';
import { checkTable } from './tables.js';
import { spanOf, windowGeometry } from './window.js';

export interface DeformConvOptions extends Omit<ConvOptions, 'autoPad'> {
  /** Groups of channels that have offsets of their own. */
  readonly offsetGroups: number;
}

/**
 * x [N, C, ...spatial], w [O, C/groups, ...kernel], offset [N, G * taps * r, ...out]: each tap reads x between its elements,
 * where its offset (r numbers, in the order of the axes) moves it; beyond x lie zeros. What is read is multiplied by mask
 * [N, G * taps, ...out], then by the weights: [N, O, ...out]. Throws SHAPE_MISMATCH.
 */
export function deformConv(
  b: Emitter,
  x: Value,
  w: Value,
  offset: Value,
  bias: Value | undefined,
  mask: Value | undefined,
  options: DeformConvOptions,
): Value {
  const { groups = 1, offsetGroups } = options;
  const [n, c, ...spatial] = staticShape(x.type.shape) as [number, number, ...number[]];
  const [o, inner, ...kernel] = staticShape(w.type.shape) as [number, number, ...number[]];
  const r = spatial.length;
  if (r < 1 || kernel.length !== r || c !== inner * groups || o % groups !== 0 || c % offsetGroups !== 0)
    throw new HeddleError('SHAPE_MISMATCH', 'images, weights and groups do not fit', {
      found: `${printType(x.type)}, ${printType(w.type)}, ${groups} groups, ${offsetGroups} of offsets`,
      expected: '[N, C, ...spatial], [O, C/groups, ...kernel]',
    });
  const geometry = windowGeometry(spatial, kernel, { ...options, autoPad: 'NOTSET' });
  const out = spatial.map((extent, i) => {
    const room = extent + geometry.padLow[i] + geometry.padHigh[i] - spanOf(kernel[i], geometry.dilations[i]);
    return Math.floor(room / geometry.strides[i]) + 1;
  });
  const taps = elementCount(kernel);
  requireShape('offset', offset, [n, offsetGroups * taps * r, ...out]);
  if (mask !== undefined) requireShape('mask', mask, [n, offsetGroups * taps, ...out]);
  if (bias !== undefined) requireShape('bias', bias, [o]);
  const places = [n * offsetGroups, ...kernel, ...out];
  const apart = b.reshape(b.cast(offset, 'f32'), [n * offsetGroups, taps, r, ...out]);
  const coordinates = range(0, r).map((axis) => {
    const moved = b.reshape(sliceAxis(b, apart, 2, axis, 1), places);
    const [stride, dilation] = [geometry.strides[axis], geometry.dilations[axis]];
    checkTable('a window', kernel[axis] * out[axis]);
    const resting = range(0, kernel[axis]).flatMap((tap) =>
      range(0, out[axis]).map((i) => i * stride - geometry.padLow[axis] + tap * dilation),
    );
    const own = places.map((extent, i) => (i === 1 + axis || i === 1 + r + axis ? extent : 1));
    return b.binary('add', moved, broadcastTo(b, b.reshape(b.constant('f32', [resting.length], resting), own), places)); // prettier-ignore
  });
  const images = b.reshape(b.cast(x, 'f32'), [n * offsetGroups, c / offsetGroups, ...spatial]);
  const read = sampleLinear(b, images, coordinates);
  const area = elementCount(out);
  const columns = b.reshape(read, [n, offsetGroups, c / offsetGroups, taps, area]);
  const masked =
    mask === undefined
      ? columns
      : binaryBroadcast(b, 'mul', columns, b.reshape(b.cast(mask, 'f32'), [n, offsetGroups, 1, taps, area]));
  const product = b.emit(
    'dot',
    [
      b.reshape(b.cast(w, 'f32'), [groups, o / groups, inner * taps]),
      b.reshape(masked, [n, groups, inner * taps, area]),
    ],
    { lhsBatch: [0], rhsBatch: [1], lhsContract: [2], rhsContract: [2] },
  );
  const result = b.cast(b.reshape(b.permute(product, [2, 0, 1, 3]), [n, o, ...out]), x.type.dtype);
  return bias === undefined ? result : binaryBroadcast(b, 'add', result, perChannel(b, bias, r + 2));
}

function requireShape(what: string, value: Value, shape: readonly number[]): void {
  if (value.type.shape.join() !== shape.join())
    throw new HeddleError('SHAPE_MISMATCH', `the ${what} of a deformable convolution has another shape`, {
      found: printType(value.type),
      expected: `[${shape.join(',')}]`,
    });
}
