/** Convolution and its transpose, both as the IR's one conv. */
import { HeddleError } from '../base/errors.js';
import type { Emitter, Value } from '../ir/emitter.js';
import { printType, staticShape } from '../ir/types.js';
import { range } from './axes.js';
import { binaryBroadcast, perChannel } from './broadcast.js';
import { padConstant } from './pad.js';
import { spanOf, windowGeometry, type WindowOptions } from './window.js';

export interface ConvOptions extends WindowOptions {
  readonly groups?: number;
}

/** x [N, C, ...spatial] * w [O, C/groups, ...kernel] + bias [O] -> [N, O, ...]. Spatial extents must be static. */
export function conv(b: Emitter, x: Value, w: Value, bias: Value | undefined, options: ConvOptions): Value {
  const { extents, kernel } = spatial(x, w);
  const { strides, dilations, padLow, padHigh } = windowGeometry(extents, kernel, options);
  const product = b.emit('conv', [x, w], {
    strides,
    padLow,
    padHigh,
    lhsDilation: extents.map(() => 1),
    rhsDilation: dilations,
    groups: options.groups ?? 1,
  });
  return addBias(b, product, bias);
}

export interface ConvTransposeOptions extends ConvOptions {
  /** Extra elements at the high end of each axis. */
  readonly outputPadding?: readonly number[] | undefined;
  /** Spatial extents of the result; decides the padding, whatever the pads say. */
  readonly outputShape?: readonly number[] | undefined;
}

/**
 * x [N, C, ...spatial], w [C, O/groups, ...kernel] -> [N, O, ...]: every element of x adds its multiple of the kernel at
 * its place, stride apart. Computed as a convolution of x with holes and the kernel reversed; its accumulation order is
 * that of conv.
 */
export function convTranspose(
  b: Emitter,
  x: Value,
  w: Value,
  bias: Value | undefined,
  options: ConvTransposeOptions,
): Value {
  const { extents, kernel } = spatial(x, w);
  const groups = options.groups ?? 1;
  const { strides, dilations, padLow, padHigh } = windowGeometry(extents, kernel, {
    ...options,
    autoPad: 'NOTSET',
  });
  const extra = options.outputPadding ?? extents.map(() => 0);
  const full = extents.map(
    (extent, i) => (extent - 1) * strides[i] + spanOf(kernel[i], dilations[i]) + extra[i],
  );
  const [cutLow, cutHigh] = transposePads(full, extents, strides, { ...options, padLow, padHigh });
  const reach = kernel.map((size, i) => (size - 1) * dilations[i]);
  const low = reach.map((span, i) => span - cutLow[i]);
  const high = reach.map((span, i) => span - cutHigh[i] + extra[i]);
  // conv pads with zeros but does not cut; pads larger than the kernel's reach are cut off its result.
  const product = b.emit('conv', [x, transposeKernel(b, w, groups)], {
    strides: extents.map(() => 1),
    padLow: low.map((amount) => Math.max(0, amount)),
    padHigh: high.map((amount) => Math.max(0, amount)),
    lhsDilation: strides,
    rhsDilation: dilations,
    groups,
  });
  const cut = (amounts: readonly number[]): number[] => [
    0,
    0,
    ...amounts.map((amount) => Math.min(0, amount)),
  ];
  return addBias(b, padConstant(b, product, { low: cut(low), high: cut(high) }, 0), bias);
}

/** How much of the full result is cut off at either end. */
function transposePads(
  full: readonly number[],
  extents: readonly number[],
  strides: readonly number[],
  options: ConvTransposeOptions & { readonly padLow: readonly number[]; readonly padHigh: readonly number[] },
): readonly [readonly number[], readonly number[]] {
  const { autoPad = 'NOTSET', outputShape } = options;
  const same = autoPad.startsWith('SAME');
  if (outputShape === undefined && !same)
    return autoPad === 'VALID' ? [full.map(() => 0), full.map(() => 0)] : [options.padLow, options.padHigh];
  const target = outputShape ?? extents.map((extent, i) => extent * strides[i]);
  const total = full.map((extent, i) => extent - target[i]);
  const half = autoPad === 'SAME_UPPER' ? Math.floor : Math.ceil;
  // Where the extents asked for are larger than the full result, zeros follow it.
  const least = outputShape === undefined ? -Infinity : 0;
  const low = total.map((amount) => Math.max(least, half(amount / 2)));
  return [low, total.map((amount, i) => amount - low[i])];
}

/** [C, O/g, ...kernel] -> [O, C/g, ...kernel], each kernel reversed. */
function transposeKernel(b: Emitter, w: Value, groups: number): Value {
  const [c, o, ...kernel] = staticShape(w.type.shape) as [number, number, ...number[]];
  const axes = range(0, kernel.length);
  const reversed = b.emit('reverse', [w], { axes: axes.map((axis) => axis + 2) });
  const grouped = b.reshape(reversed, [groups, c / groups, o, ...kernel]);
  const swapped = b.permute(grouped, [0, 2, 1, ...axes.map((axis) => axis + 3)]);
  return b.reshape(swapped, [groups * o, c / groups, ...kernel]);
}

function spatial(x: Value, w: Value): { extents: readonly number[]; kernel: readonly number[] } {
  if (x.type.shape.length < 3 || x.type.shape.length !== w.type.shape.length)
    throw new HeddleError(
      'SHAPE_MISMATCH',
      'a convolution takes images and kernels of one rank, at least 3',
      {
        found: `${printType(x.type)}, ${printType(w.type)}`,
      },
    );
  return { extents: staticShape(x.type.shape.slice(2)), kernel: staticShape(w.type.shape.slice(2)) };
}

const addBias = (b: Emitter, x: Value, bias: Value | undefined): Value =>
  bias === undefined ? x : binaryBroadcast(b, 'add', x, perChannel(b, bias, x.type.shape.length));
