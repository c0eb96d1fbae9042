/** Integers narrower than the IR's 32 bits: held widened, wrapped to their range after each operation. */
import type { GraphBuilder } from '../../../ir/builder.js';
import type { Value } from '../../../ir/emitter.js';
import { withScalar } from '../../../compose/broadcast.js';
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
  // Between integers the low bits count, whatever the sign; from floats, values saturate.
  const wide = isIntegral(from) && isIntegral(to) && x.type.dtype !== irDType(to);
  return wrapTo(b, wide ? b.emit('bitcast', [x], { dtype: irDType(to) }) : b.cast(x, irDType(to)), to);
}
