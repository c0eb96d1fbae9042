/**
 * Values of ONNX's 64-bit types while a model is imported. The IR has no such dtype: an integer of which 32 bits are proved to be
 * enough is an i32 (or, of uint64, a u32), any other element is a pair of u32 words.
 */
import type { DType } from '../../../base/dtype.js';
import { HeddleError } from '../../../base/errors.js';
import type { Value } from '../../../ir/emitter.js';
import type { Op } from '../../../ir/ops.js';
import type { Shape, TensorType } from '../../../ir/types.js';
import type { Words } from '../../../compose/wide/words.js';
import type { OnnxDType } from '../dtype.js';
import { FULL, fits, type Range } from './range.js';

export type WideDType = 'int64' | 'uint64' | 'double';
export type WideInteger = Exclude<WideDType, 'double'>;

export const isWideDType = (dtype: OnnxDType): dtype is WideDType =>
  dtype === 'int64' || dtype === 'uint64' || dtype === 'double';

/** The dtype by which compositions know a wide type: of its kind, but of 32 bits. */
export const STAND_IN: Readonly<Record<WideDType, DType>> = { int64: 'i32', uint64: 'u32', double: 'f32' };

/** A value of a wide type. Its `type` has the dtype that stands in for it. */
export abstract class WideValue implements Value {
  readonly type: TensorType;

  constructor(
    readonly dtype: WideDType,
    shape: Shape,
  ) {
    this.type = { dtype: STAND_IN[dtype], shape };
  }
}

/** Integers of which 32 bits are enough. */
export class NarrowValue extends WideValue {
  constructor(
    override readonly dtype: WideInteger,
    /** i32 of int64, u32 of uint64 */
    readonly value: Value,
  ) {
    super(dtype, value.type.shape);
  }
}

/** Elements of two words. */
export class PairValue extends WideValue {
  readonly range: Range;

  constructor(
    dtype: WideDType,
    readonly words: Words,
    /** Of integers: what they are between. */
    range?: Range,
  ) {
    super(dtype, words.lo.type.shape);
    this.range = range !== undefined && fits(range, FULL[dtype]) ? range : FULL[dtype];
  }
}

/** A value as one of ONNX type `dtype`. Only doubles have to be one already. */
export const wideValue = (dtype: OnnxDType, value: Value): Value =>
  (dtype === 'int64' && value.type.dtype === 'i32') || (dtype === 'uint64' && value.type.dtype === 'u32')
    ? value instanceof WideValue
      ? value
      : new NarrowValue(dtype, value)
    : value;

/** The values of the graph of which a value consists: itself, or those that hold its words. */
export function piecesOf(value: Value): readonly Value[] {
  if (value instanceof NarrowValue) return [value.value];
  if (value instanceof PairValue) return [value.words.lo, value.words.hi];
  return [value];
}

/** The value that consists of other pieces in the same way. */
export function ofPieces(like: Value, pieces: readonly Value[]): Value {
  if (like instanceof NarrowValue) return new NarrowValue(like.dtype, pieces[0]);
  if (like instanceof PairValue)
    return new PairValue(like.dtype, { lo: pieces[0], hi: pieces[1] }, like.range);
  return pieces[0];
}

/** Throws ONNX_UNSUPPORTED_DTYPE. */
export function refuse(op: Op, dtype: WideDType): never {
  throw new HeddleError('ONNX_UNSUPPORTED_DTYPE', 'the operator is not supported for 64-bit elements', {
    found: `${op} of ${dtype}`,
    hint: 'convert them to 32 bits before, where that is exact',
  });
}
