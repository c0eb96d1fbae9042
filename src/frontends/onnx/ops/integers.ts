/** Integers narrower than the IR's 32 bits: held widened, wrapped to their range after each operation. */
import type { GraphBuilder } from '../../../ir/builder.js';
import type { Value } from '../../../ir/emitter.js';
import { withScalar } from '../../../compose/broadcast.js';
import { isFloat } from '../../../base/dtype.js';
import { irDType, isIntegral, ONNX_DTYPES, type OnnxDType } from '../dtype.js';

/** `x`, of the IR dtype of `dtype`, with its values wrapped to the range of `dtype`. Free for 32 bits and floats. */
export function wrapTo(b: GraphBuilder, x: Value, dtype: OnnxDType): Value {
  const { integer } = ONNX_DTYPES[dtype];
  if (integer === undefined || integer.bits >= 32 || x.type.dtype !== irDType(dtype)) return x;
  if (!integer.signed) return withScalar(b, 'and', x, 2 ** integer.bits - 1);
  // The sign bit moves to the top and back: the right shift of i32 copies it.
  return withScalar(b, 'shr', withScalar(b, 'shl', x, 32 - integer.bits), 32 - integer.bits);
}

/** `x`, of ONNX type `from`, as `to`. */
export function convertTo(b: GraphBuilder, x: Value, from: OnnxDType, to: OnnxDType): Value {
  const target = irDType(to);
  const whole = isFloat(x.type.dtype) && ONNX_DTYPES[to].integer?.signed === false ? fromFloat(b, x, to) : x;
  // Between integers the low bits count, whatever the sign; from floats, values saturate.
  const wide = isIntegral(from) && isIntegral(to) && whole.type.dtype !== target;
  return wrapTo(b, wide ? b.emit('bitcast', [whole], { dtype: target }) : b.cast(whole, target), to);
}

/** A float as an unsigned integer: negative ones wrap, as they do in onnxruntime and NumPy; what is left saturates. */
function fromFloat(b: GraphBuilder, x: Value, to: OnnxDType): Value {
  const signed = b.emit('bitcast', [b.cast(x, 'i32')], { dtype: 'u32' });
  switch (to) {
    case 'uint8':
    case 'uint16':
      return signed;
    case 'uint32':
      return b.select(withScalar(b, 'lt', x, 0), signed, b.cast(x, 'u32'));
    default:
      return x;
  }
}
