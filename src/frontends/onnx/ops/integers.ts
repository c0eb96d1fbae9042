/** Elements narrower than the IR's 32 bits: held widened; integers are wrapped, floats rounded after each operation. */
import type { Emitter } from '../../../ir/emitter.js';
import type { Value } from '../../../ir/emitter.js';
import { withScalar } from '../../../compose/broadcast.js';
import { roundToFormat } from '../../../compose/float-format.js';
import { oddSingleOfInteger } from '../../../compose/wide/single.js';
import { isFloat } from '../../../base/dtype.js';
import { largestOf, type Rounding } from '../../../numerics/float-format.js';
import { irDType, isIntegral, ONNX_DTYPES, type OnnxDType } from '../dtype.js';

/** `x`, of the IR dtype of `dtype`, with its values wrapped to the range of `dtype`. Free for 32 bits and floats. */
export function wrapTo(b: Emitter, x: Value, dtype: OnnxDType): Value {
  const { integer } = ONNX_DTYPES[dtype];
  if (integer === undefined || integer.bits >= 32 || x.type.dtype !== irDType(dtype)) return x;
  if (!integer.signed) return withScalar(b, 'and', x, 2 ** integer.bits - 1);
  // The sign bit moves to the top and back: the right shift of i32 copies it.
  return withScalar(b, 'shr', withScalar(b, 'shl', x, 32 - integer.bits), 32 - integer.bits);
}

/** `x`, which an operator has computed in f32, as one of the numbers of `dtype`. Free for f32 and what is no float. */
export function roundTo(b: Emitter, x: Value, dtype: OnnxDType, rounding?: Rounding): Value {
  const { format } = ONNX_DTYPES[dtype];
  return format === undefined || x.type.dtype !== 'f32' ? x : roundToFormat(b, x, format, rounding);
}

/** `x`, of ONNX type `from`, as `to`. */
export function convertTo(b: Emitter, x: Value, from: OnnxDType, to: OnnxDType, rounding?: Rounding): Value {
  if (from === to) return x;
  const target = irDType(to);
  const whole = isFloat(x.type.dtype) && ONNX_DTYPES[to].integer?.signed === false ? fromFloat(b, x, to) : x;
  // Between integers the low bits count, whatever the sign; from floats, values saturate.
  const wide = isIntegral(from) && isIntegral(to) && whole.type.dtype !== target;
  const converted = wide
    ? b.emit('bitcast', [whole], { dtype: target })
    : isRoundedTwice(from, to)
      ? oddSingleOfInteger(b, whole)
      : b.cast(whole, target);
  return roundTo(b, wrapTo(b, converted, to), to, rounding);
}

/** Whether f32, in which a smaller float is held, lacks integers that the float is rounded from. */
export function isRoundedTwice(from: OnnxDType, to: OnnxDType): boolean {
  const { format } = ONNX_DTYPES[to];
  return (ONNX_DTYPES[from].integer?.bits ?? 0) >= 32 && format !== undefined && largestOf(format) > 2 ** 24;
}

/** A float as an unsigned integer: negative ones wrap, as they do in onnxruntime and NumPy; what is left saturates. */
function fromFloat(b: Emitter, x: Value, to: OnnxDType): Value {
  const signed = b.emit('bitcast', [b.cast(x, 'i32')], { dtype: 'u32' });
  switch (to) {
    case 'uint8':
    case 'uint16':
    case 'uint4':
    case 'uint2':
      return signed;
    case 'uint32':
      return b.select(withScalar(b, 'lt', x, 0), signed, b.cast(x, 'u32'));
    default:
      return x;
  }
}
