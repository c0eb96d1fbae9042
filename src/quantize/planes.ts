/**
 * Quantised weights as they lie on devices, and how a kernel makes f32 of them: codes in words of 32 bits, with scales and zero
 * points beside them, in tensors of which each is a plane [n, rows]. Channels are columns there, so that what neighbours among the
 * results of a product need lies side by side, shifted and scaled alike. The results are those of `dequantizeTensor`, bit for bit.
 */
import { deviceBytes, type TensorData } from '../base/tensor.js';
import { withScalar } from '../compose/broadcast.js';
import { sliceAxis } from '../compose/movement.js';
import { repeatedRows, unpackIntegers } from '../compose/packed.js';
import { lessIntegers } from '../compose/wide/integer.js';
import { singleOfMagnitude } from '../compose/wide/single.js';
import { fullWords, selectWords, subWords, type Words } from '../compose/wide/words.js';
import { integerOps } from '../compose/wide/u32.js';
import type { Emitter, Value } from '../ir/emitter.js';
import type { FloatFormat } from '../numerics/float-format.js';
import { codeReader } from './codes.js';
import { groupsOf, type Groups } from './scheme.js';
import { numericType, type FloatType, type IntegerType } from './types.js';
import type { QuantizedTensor } from './quantize.js';

/** The planes of a weight by name. */
export type Planes = ReadonlyMap<PlaneName, TensorData>;
export type PlaneName = 'codes' | 'high' | 'scales' | 'zeros' | 'zerosHigh';

/** `codes` are the lower words of types of 64 bits, `high` the upper ones. */
export function planesOf(tensor: QuantizedTensor): Planes {
  const { type, codes, scales, zeroPoints, granularity } = tensor;
  const { bits } = numericType(type);
  const groups = groupsOf(tensor.shape, tensor);
  const planes = new Map<PlaneName, TensorData>();
  if (bits === 64) {
    const word = codeReader(32, codes);
    planes.set(
      'codes',
      plane(32, groups, (i) => word(2 * i)),
    );
    planes.set(
      'high',
      plane(32, groups, (i) => word(2 * i + 1)),
    );
  } else planes.set('codes', plane(bits, groups, codeReader(bits, codes)));
  const [rows, blocks] = granularity === 'tensor' ? [1, 1] : [groups.rows, groups.blocks];
  const perGroup = { shape: [blocks, rows], of: (i: number) => (i % rows) * blocks + Math.floor(i / rows) };
  if (scales.some((scale) => scale !== 1))
    planes.set('scales', { dtype: 'f32', shape: perGroup.shape, data: scales.map((_, i) => scales[perGroup.of(i)]) }); // prettier-ignore
  if (zeroPoints === undefined || commonZero(tensor) !== undefined) return planes;
  const zero = (i: number): bigint => zeroPoints[perGroup.of(i)];
  const words = (shift: bigint): TensorData => ({
    dtype: 'u32',
    shape: perGroup.shape,
    data: Uint32Array.from(scales, (_, i) => Number(BigInt.asUintN(32, zero(i) >> shift))),
  });
  if (bits <= 16) {
    const data = Float32Array.from(scales, (_, i) => Number(zero(i)));
    return planes.set('zeros', { dtype: 'f32', shape: perGroup.shape, data });
  }
  planes.set('zeros', words(0n));
  return bits === 64 ? planes.set('zerosHigh', words(32n)) : planes;
}

/** The zero point of all groups, where they have one: the middle of unsigned types, or none at all. A kernel has it as a constant. */
const commonZero = ({ zeroPoints = [0n] }: Pick<QuantizedTensor, 'zeroPoints'>): bigint | undefined =>
  zeroPoints.every((zero) => zero === zeroPoints[0]) ? zeroPoints[0] : undefined;

/** u32 [columns * bits / 32, rows] of the codes; columns are filled up with 0. */
function plane(bits: number, { rows, columns, place }: Groups, read: (i: number) => number): TensorData {
  const per = 32 / bits;
  const length = Math.ceil(columns / per);
  const data = new Uint32Array(length * rows);
  for (let column = 0; column < columns; column++) {
    const [at, shift] = [Math.floor(column / per) * rows, (column % per) * bits];
    for (let row = 0; row < rows; row++) data[at + row] |= read(place(row, column)) << shift;
  }
  return { dtype: 'u32', shape: [length, rows], data };
}

/** f32 of the shape of the tensor from values that hold its planes. */
export function unpacked(
  b: Emitter,
  tensor: Omit<QuantizedTensor, 'codes' | 'scales'>,
  planes: ReadonlyMap<PlaneName, Value>,
): Value {
  const { type, shape } = tensor;
  const groups = groupsOf(shape, tensor);
  const facts = numericType(type);
  const whole = [groups.columns, groups.rows];
  const spread = (name: PlaneName): Value | undefined => {
    const values = planes.get(name);
    return values && spreadOver(b, values, tensor, whole);
  };
  const trimmed = (x: Value): Value =>
    x.type.shape[0] === whole[0] ? x : sliceAxis(b, x, 0, 0, groups.columns);
  const words = planes.get('codes')!;
  const zero = commonZero(tensor);
  const numbers =
    facts.kind === 'float'
      ? trimmed(floats(b, facts, words))
      : facts.bits === 64
        ? wideNumbers(b, facts, { lo: words, hi: planes.get('high')! }, zero, spread)
        : integers(b, facts, trimmed(codesOf(b, facts, words)), zero, spread('zeros'));
  const scale = spread('scales');
  const scaled = scale === undefined ? numbers : b.binary('mul', numbers, scale);
  return arranged(b, scaled, tensor);
}

/**
 * The differences of codes and their zero points, of integers of up to 8 bits: i32 [columns, rows], without scales. Columns are as many as
 * words hold; those behind the tensor's own are any numbers.
 */
export function unpackedIntegers(
  b: Emitter,
  tensor: Omit<QuantizedTensor, 'codes' | 'scales'>,
  { bits, signed }: IntegerType,
  planes: ReadonlyMap<PlaneName, Value>,
): Value {
  const words = planes.get('codes')!;
  const zero = commonZero(tensor);
  const middle = 2 ** (bits - 1);
  // With the highest bit turned, a code of an unsigned type is one of the signed type, around 0.
  if (!signed && zero === BigInt(middle)) {
    const turned = withScalar(
      b,
      'xor',
      words,
      Number(BigInt.asUintN(32, BigInt(middle) * WORD_OF_ONES[bits])),
    );
    return unpackIntegers(b, turned, 0, { bits, signed: true });
  }
  const codes = b.cast(unpackIntegers(b, words, 0, { bits, signed }), 'i32');
  if (zero !== undefined) return zero === 0n ? codes : withScalar(b, 'sub', codes, Number(zero));
  const [columns] = codes.type.shape as readonly [number];
  const { rows } = groupsOf(tensor.shape, tensor);
  return b.binary('sub', codes, b.cast(b.broadcast(planes.get('zeros')!, [columns, rows]), 'i32'));
}

/** A word of codes that are 1. */
const WORD_OF_ONES: Readonly<Record<number, bigint>> = { 4: 0x11111111n, 8: 0x01010101n };

/** [columns, rows] in the shape of the tensor. */
export function arranged(
  b: Emitter,
  x: Value,
  { shape, axis }: Pick<QuantizedTensor, 'shape' | 'axis'>,
): Value {
  const rest = shape.filter((_, i) => i !== axis);
  const split = b.reshape(x, [...rest, ...x.type.shape.slice(1)]);
  if (axis === shape.length - 1) return split;
  return b.permute(split, shape.map((_, i) => (i < axis ? i : i === axis ? rest.length : i - 1))); // prettier-ignore
}

/** What groups have, for each of their elements: [columns, rows]. */
function spreadOver(
  b: Emitter,
  values: Value,
  { granularity, blockSize }: Pick<QuantizedTensor, 'granularity' | 'blockSize'>,
  whole: readonly number[],
): Value {
  if (granularity !== 'block') return b.broadcast(values, whole);
  const repeated = repeatedRows(b, values, blockSize);
  return repeated.type.shape[0] === whole[0] ? repeated : sliceAxis(b, repeated, 0, 0, whole[0]);
}

const codesOf = (b: Emitter, { bits, signed }: IntegerType, words: Value): Value =>
  unpackIntegers(b, words, 0, { bits, signed });

/** The difference of codes and their zero points: one for all, or a plane of them. */
function integers(
  b: Emitter,
  { bits, signed }: IntegerType,
  codes: Value,
  common: bigint | undefined,
  zeros: Value | undefined,
): Value {
  if (common === 0n) return b.cast(codes, 'f32');
  if (bits <= 16) {
    const numbers = b.cast(codes, 'f32');
    return b.binary('sub', numbers, zeros ?? b.full(numbers, Number(common)));
  }
  // The difference may have 33 bits: its magnitude has 32, and fits.
  const zero = zeros ?? b.constant('u32', codes.type.shape, Number(BigInt.asUintN(32, common ?? 0n)));
  const own = signed ? b.emit('bitcast', [zero], { dtype: 'i32' }) : zero;
  const isBelow = b.binary('lt', codes, own);
  const magnitude = b.select(isBelow, b.binary('sub', own, codes), b.binary('sub', codes, own));
  const number = b.cast(signed ? b.emit('bitcast', [magnitude], { dtype: 'u32' }) : magnitude, 'f32');
  return b.select(isBelow, b.unary('neg', number), number);
}

function wideNumbers(
  b: Emitter,
  { signed }: IntegerType,
  codes: Words,
  common: bigint | undefined,
  spread: (name: PlaneName) => Value | undefined,
): Value {
  const { select } = integerOps(b);
  const zero: Words =
    common === undefined ? { lo: spread('zeros')!, hi: spread('zerosHigh')! } : fullWords(b, codes, common);
  const isBelow = lessIntegers(b, signed, codes, zero);
  const magnitude = selectWords(b, isBelow, subWords(b, zero, codes), subWords(b, codes, zero));
  return singleOfMagnitude(b, select(isBelow, b.full(codes.hi, 0x80000000), b.full(codes.hi, 0)), magnitude);
}

const FRACTION = 23;
const BIAS = 127;

/** Codes of finite numbers, by integer operations; numbers below the normal ones of the format are small integers times a power. */
function floats(b: Emitter, { bits, format }: FloatType, words: Value): Value {
  const codes = unpackIntegers(b, words, 0, { bits, signed: false });
  const sign = withScalar(b, 'shl', withScalar(b, 'shr', codes, bits - 1), 31);
  const magnitude = withScalar(b, 'and', codes, 2 ** (bits - 1) - 1);
  const { fractionBits, exponentBits } = format;
  const placed = withScalar(b, 'shl', magnitude, FRACTION - fractionBits);
  const unsigned = exponentBits === 8 ? placed : withSmallOnes(b, format, magnitude, placed);
  return b.emit('bitcast', [b.binary('or', unsigned, sign)], { dtype: 'f32' });
}

function withSmallOnes(
  b: Emitter,
  { fractionBits, bias }: FloatFormat,
  magnitude: Value,
  placed: Value,
): Value {
  const normal = withScalar(b, 'add', placed, (BIAS - bias) * 2 ** FRACTION);
  const small = withScalar(b, 'mul', b.cast(magnitude, 'f32'), 2 ** (1 - bias - fractionBits));
  const isSmall = withScalar(b, 'lt', magnitude, 2 ** fractionBits);
  return b.select(isSmall, b.emit('bitcast', [small], { dtype: 'u32' }), normal);
}

/** Bytes of tensors on a device. */
export const bytesOfPlanes = (planes: Iterable<TensorData>): number =>
  [...planes].reduce((sum, { shape }) => sum + deviceBytes(shape), 0);
