/** Conversions from or to ONNX's 64-bit types. */
import type { Value } from '../../../ir/emitter.js';
import type { Rounding } from '../../../numerics/float-format.js';
import { absWords } from '../../../compose/wide/integer.js';
import { integerOps } from '../../../compose/wide/u32.js';
import { SIGN, signWord } from '../../../compose/wide/words.js';
import {
  doubleOfSingle,
  oddSingle,
  oddSingleOfInteger,
  oddSingleOfMagnitude,
} from '../../../compose/wide/single.js';
import { isFloat, type DType } from '../../../base/dtype.js';
import { irDType, ONNX_DTYPES, type OnnxDType } from '../dtype.js';
import { convertTo, isRoundedTwice, roundTo, wrapTo } from '../ops/integers.js';
import type { WideEmitter } from './emitter.js';
import { fits, FULL, type Range } from './range.js';
import { NarrowValue, PairValue, WideValue, isWideDType, type WideInteger } from './value.js';

/** `x`, of ONNX type `from`, as `to`: floats truncate and saturate, NaN becomes 0, integers wrap; what is rounded is so once. */
export function convertWide(
  b: WideEmitter,
  x: Value,
  declared: OnnxDType,
  to: OnnxDType,
  rounding?: Rounding,
): Value {
  // Compositions on doubles may say f32, and mean that they leave what is wider.
  const from = x instanceof WideValue ? x.dtype : declared;
  if (from === to) return x;
  if (isWideDType(to)) return to === 'double' ? toDouble(b, x, from) : toInteger(b, x, from, to);
  if (!(x instanceof WideValue)) return convertTo(b, x, from, to, rounding);
  if (ONNX_DTYPES[to].integer !== undefined) return toSmallInteger(b, x, to);
  const { format } = ONNX_DTYPES[to];
  // Numbers that are rounded to a smaller float from one that shows what is lost are rounded once.
  if (x.dtype === 'double' && format !== undefined) return roundTo(b, oddSingle(b.graph, b.words.of(x)), to, rounding); // prettier-ignore
  const single = x.dtype !== 'double' && isRoundedTwice(x.dtype, to) ? oddOfInteger(b, x) : narrowed(b, x, irDType(to)); // prettier-ignore
  return roundTo(b, single, to, rounding);
}

/** An integer as an f32 that shows what is lost. */
function oddOfInteger(b: WideEmitter, x: WideValue): Value {
  if (x instanceof NarrowValue) return oddSingleOfInteger(b.graph, x.value);
  const words = b.words.of(x);
  if (x.dtype === 'uint64') return oddSingleOfMagnitude(b.graph, b.graph.full(words.hi, 0), words);
  return oddSingleOfMagnitude(b.graph, integerOps(b.graph).and(words.hi, SIGN), absWords(b.graph, words));
}

/** As a dtype of the IR, which may be the one that stands in for the wide type. */
const narrowed = (b: WideEmitter, x: WideValue, to: DType): Value =>
  x.dtype === 'double' ? b.doubles.cast(x, to) : b.integers.cast(x.dtype, x, to);

function toDouble(b: WideEmitter, x: Value, from: OnnxDType): Value {
  if (from === 'int64' || from === 'uint64') return b.doubles.ofInteger(from, b.words.promoted(from, x));
  if (isFloat(x.type.dtype)) return new PairValue('double', doubleOfSingle(b.graph, b.graph.cast(x, 'f32')));
  const integer = x.type.dtype === 'u32' ? 'uint64' : 'int64';
  return b.doubles.ofInteger(integer, b.words.promoted(integer, x));
}

function toInteger(b: WideEmitter, x: Value, from: OnnxDType, to: WideInteger): Value {
  const { graph, words } = b;
  if (from === 'double') return b.doubles.toInteger(to, x as PairValue);
  if (x instanceof WideValue) return reinterpreted(b, x, to);
  const { dtype } = x.type;
  if (isFloat(dtype)) return b.doubles.toInteger(to, toDouble(b, x, from) as PairValue);
  if (dtype === 'bool') return words.promoted(to, x);
  const range = b.ranges.of(x);
  const isSigned = dtype === 'i32';
  if (isSigned === (to === 'int64')) return words.narrow(to, x);
  const bits = b.bits(x, 'u32');
  const hi = isSigned ? signWord(graph, bits) : graph.full(bits, 0);
  return words.integer(to, { lo: bits, hi }, range.least < 0n ? FULL[to] : range);
}

/** The bits of one integer type as the other. */
function reinterpreted(b: WideEmitter, x: WideValue, to: WideInteger): WideValue {
  const range: Range = b.words.rangeOf(x);
  return b.words.integer(to, b.words.of(x), fits(range, FULL[to]) ? range : FULL[to]);
}

function toSmallInteger(b: WideEmitter, x: WideValue, to: OnnxDType): Value {
  const target = irDType(to) as 'i32' | 'u32';
  if (x.dtype !== 'double') {
    const low = x instanceof NarrowValue ? x.value : b.words.of(x).lo;
    return wrapTo(b, b.bits(low, target), to);
  }
  // Negative numbers wrap in unsigned types, as those of f32 do.
  if (target === 'i32') return wrapTo(b, b.doubles.cast(x, 'i32'), to);
  const signed = b.bits(b.doubles.cast(x, 'i32'), 'u32');
  if (to !== 'uint32') return wrapTo(b, signed, to);
  const isNegative = b.binary('lt', x, b.full(x, 0));
  return b.select(isNegative, signed, b.doubles.cast(x, 'u32'));
}
