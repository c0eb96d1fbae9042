/** Conversions between element types. */
import { isFloat, isInt } from '../../../../base/dtype.js';
import { ONNX_DTYPES } from '../../dtype.js';
import { ONNX_OF, type OnnxBuilder, type Ref } from '../builder.js';
import type { ExportRule } from '../rule.js';
import { where } from '../scalar.js';

/** The first opset with BitCast. */
export const BITCAST_OPSET = 26;

/** The ranges of the integers: their ends, and the largest f32 below the upper one. */
const RANGES = {
  i32: { least: -0x80000000, most: 0x7fffffff, largestFloat: 2 ** 31 - 128 },
  u32: { least: 0, most: 0xffffffff, largestFloat: 2 ** 32 - 256 },
} as const;

/** ONNX defines the conversion of floats that fit. The others are cut to the range, and NaN becomes 0. */
function saturated(g: OnnxBuilder, operand: Ref, to: 'i32' | 'u32'): Ref {
  const x = g.cast(operand, 'float');
  const { least, most, largestFloat } = RANGES[to];
  const number = where(g, g.node('IsNaN', [x], 'bool'), g.scalar('float', 0), x);
  const fitting = g.like('Clip', [number, g.scalar('float', least), g.scalar('float', largestFloat)]);
  const above = g.node('GreaterOrEqual', [x, g.scalar('float', most + 1)], 'bool');
  return where(g, above, g.scalar(ONNX_OF[to], most), g.cast(fitting, ONNX_OF[to]));
}

export const cast: ExportRule<'cast'> = ({ g, inputs: [x], type }) => {
  const to = type.dtype;
  // Between integers the low bits stay, in ONNX as in the IR.
  if (isFloat(x.type.dtype) && isInt(to)) return saturated(g, x.full(), to === 'i32' ? 'i32' : 'u32');
  return g.cast(x.full(), ONNX_OF[to]);
};

export const bitcast: ExportRule<'bitcast'> = ({ g, inputs: [x], type, unsupported }) => {
  const to = ONNX_OF[type.dtype];
  if (!isFloat(x.type.dtype) && !isFloat(type.dtype)) return g.cast(x.full(), to);
  if (x.type.dtype === type.dtype) return x.full();
  if (g.opset < BITCAST_OPSET)
    throw unsupported('ONNX has no operator that reads the bits of a float in this version', {
      found: `bitcast of ${x.type.dtype} to ${type.dtype} in opset ${g.opset}`,
      expected: `opset ${BITCAST_OPSET}, which has BitCast`,
      hint: `exportOnnx(program, { opset: ${BITCAST_OPSET} })`,
    });
  return g.node('BitCast', [x.full()], to, { to: ONNX_DTYPES[to].code });
};
