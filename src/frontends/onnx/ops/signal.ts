/** Fourier transforms, windows, mel weights, determinants. */
import { isFloat } from '../../../base/dtype.js';
import { normalizeAxis } from '../../../compose/axes.js';
import { broadcastTo } from '../../../compose/broadcast.js';
import { determinant } from '../../../compose/determinant.js';
import { dft, framesOf } from '../../../compose/fourier.js';
import type { Value } from '../../../ir/emitter.js';
import { printShape } from '../../../ir/types.js';
import type { NodeContext } from '../context.js';
import { dtypeOfCode, irDType, isIntegral, type OnnxDType } from '../dtype.js';
import { fromNumbers, type HostTensor } from '../host.js';
import { MAX_FOLDED_ELEMENTS } from '../limits.js';
import type { OpEntry, OpTable } from '../registry.js';
import { demand } from './checks.js';

/** What is computed in f32, and rounded once. */
const inF32 = ({ b }: NodeContext, x: Value, f: (x: Value) => Value): Value =>
  b.cast(f(b.cast(x, 'f32')), x.type.dtype);

/** The axis is an attribute up to opset 19, an input from 20 on. */
function transform(ctx: NodeContext): Value {
  const x = ctx.value(0);
  const shape = ctx.extents(x.type.shape);
  const given = ctx.opset < 20 ? ctx.attr.int('axis', 1) : (ctx.optionalNumber(2) ?? -2);
  const axis = normalizeAxis(given, shape.length);
  demand(ctx, axis !== shape.length - 1, 'an axis before the last', `axis ${given} of ${printShape(shape)}`);
  const [inverse, onesided] = [ctx.attr.flag('inverse', false), ctx.attr.flag('onesided', false)];
  const parts = shape[shape.length - 1];
  demand(ctx, parts === 1 || parts === 2, 'real or complex numbers: [..., 1] or [..., 2]', printShape(shape));
  demand(ctx, !onesided || inverse || parts === 1, 'a real signal, where onesided is set', printShape(shape));
  const otherwise = inverse && onesided ? 2 * (shape[axis] - 1) : shape[axis];
  const length = ctx.optionalNumber(1) ?? otherwise;
  return inF32(ctx, x, (y) => dft(ctx.b, y, axis, { length, inverse, onesided }));
}

/** [B, T, 1 or 2] -> [B, frames, frequencies, 2] */
function shortTimeTransform(ctx: NodeContext): Value {
  const { b } = ctx;
  const signal = ctx.value(0);
  const shape = ctx.extents(signal.type.shape);
  const isSignal = shape.length === 2 || (shape.length === 3 && (shape[2] === 1 || shape[2] === 2));
  demand(ctx, isSignal, 'a signal [B, T, 1] or [B, T, 2]', printShape(shape));
  const [batch, total, parts = 1] = shape;
  const step = ctx.optionalNumber(1);
  if (step === undefined) return ctx.fail('ONNX_INVALID', 'input 1 is missing');
  const window = ctx.optional(2);
  const windowLength = window === undefined ? undefined : Number(ctx.extents(window.type.shape)[0]);
  const length = ctx.optionalNumber(3) ?? windowLength ?? total;
  const fits = window === undefined || (window.type.shape.length === 1 && windowLength === length);
  demand(ctx, fits, 'a window as long as a frame', `${windowLength} and ${length} elements`);
  const onesided = ctx.attr.flag('onesided', true);
  demand(ctx, !onesided || parts === 1, 'a real signal, where onesided is set', printShape(shape));
  return inF32(ctx, signal, (x) => {
    const rows = b.permute(b.reshape(x, [batch, total, parts]), [0, 2, 1]);
    const frames = b.permute(framesOf(b, rows, length, step), [0, 2, 3, 1]);
    const all = frames.type.shape;
    const weights = window && broadcastTo(b, b.reshape(b.cast(window, 'f32'), [length, 1]), all);
    const weighed = weights === undefined ? frames : b.binary('mul', frames, weights);
    return dft(b, weighed, 2, { length, inverse: false, onesided });
  });
}

/** The type that attribute output_datatype names, and `count` elements that may be computed here. */
function constantOf(ctx: NodeContext, shape: readonly number[], values: () => number[]): HostTensor {
  const dtype: OnnxDType = dtypeOfCode(ctx.attr.int('output_datatype', 1), 'attribute output_datatype');
  demand(ctx, isIntegral(dtype) || isFloat(irDType(dtype)), 'output_datatype is a type of numbers', dtype);
  demand(ctx, shape.every((extent) => Number.isInteger(extent) && extent >= 0), 'sizes of 0 or more', printShape(shape)); // prettier-ignore
  if (!ctx.mayFold(shape))
    ctx.fail('LIMIT_EXCEEDED', 'the constant is too large to be computed while importing', {
      found: printShape(shape),
      expected: `at most ${MAX_FOLDED_ELEMENTS} elements`,
    });
  return fromNumbers(dtype, shape, values());
}

/** A sum of cosines cos(2 pi j n / N) with these factors. */
const window = (op: string, factors: readonly number[]): OpEntry => ({
  op,
  since: [17],
  emit: (ctx) => {
    const [size] = ctx.knownInts(0);
    const period = ctx.attr.flag('periodic', true) ? size : size - 1;
    const at = (n: number): number =>
      factors.reduce((sum, factor, j) => sum + factor * Math.cos((2 * Math.PI * j * n) / period), 0);
    return constantOf(ctx, [size], () => Array.from({ length: size }, (_, n) => at(n)));
  },
});

/** How much each frequency counts in each bin of the mel scale, [dft_length / 2 + 1, bins]: triangles. */
function melWeights(ctx: NodeContext): HostTensor {
  const [bins, length, rate, low, high] = [0, 1, 2, 3, 4].map((i) => {
    const number = ctx.optionalNumber(i);
    return number ?? ctx.fail('ONNX_INVALID', `input ${i} is missing`);
  });
  const frequencies = Math.floor(length / 2) + 1;
  const mel = (hertz: number): number => 2595 * Math.log10(1 + hertz / 700);
  const [from, step] = [mel(low), (mel(high) - mel(low)) / (bins + 2)];
  const place = (i: number): number =>
    Math.floor(((length + 1) * 700 * (10 ** ((i * step + from) / 2595) - 1)) / rate);
  return constantOf(ctx, [frequencies, bins], () => {
    const weights = new Array<number>(frequencies * bins).fill(0);
    for (let i = 0; i < bins; i++) {
      const [left, center, right] = [place(i), place(i + 1), place(i + 2)];
      demand(ctx, left >= 0 && right <= frequencies, 'edges within the frequencies', `bin ${i}`);
      const set = (j: number, weight: number): void => void (weights[j * bins + i] = weight);
      if (center === left) set(center, 1);
      else for (let j = left; j <= center; j++) set(j, (j - left) / (center - left));
      for (let j = center; j < right; j++) set(j, (right - j) / (right - center));
    }
    return weights;
  });
}

export const signals: OpTable = [
  { op: 'DFT', since: [17, 20], emit: transform },
  { op: 'STFT', since: [17], emit: shortTimeTransform },
  window('HannWindow', [0.5, -0.5]),
  window('HammingWindow', [25 / 46, -21 / 46]),
  window('BlackmanWindow', [0.42, -0.5, 0.08]),
  { op: 'MelWeightMatrix', since: [17], emit: melWeights },
  { op: 'Det', since: [11, 22], emit: (ctx) => inF32(ctx, ctx.value(0), (x) => determinant(ctx.b, x)) },
];
