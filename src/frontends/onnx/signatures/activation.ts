/** Signatures of the operators of ops/activation.ts, from the specification. */
import { bfloat16From22, v, type SignatureTable } from './signature.js';

export const activation = {
  Relu: [
    v(1, 'T -> T', { T: 'floats' }, { consumed_inputs: 'ints' }),
    v(6, 'T -> T', { T: 'floats' }),
    v(14, 'T -> T', { T: ['floats', 'int8', 'int16', 'int32', 'int64'] }),
  ],
  LeakyRelu: [
    v(1, 'T -> T', { T: 'floats' }, { alpha: 'float', consumed_inputs: 'ints' }),
    v(6, 'T -> T', { T: 'floats' }, { alpha: 'float' }),
  ],
  ThresholdedRelu: [v(10, 'T -> T', { T: 'floats' }, { alpha: 'float' })],
  Elu: [
    v(1, 'T -> T', { T: 'floats' }, { alpha: 'float', consumed_inputs: 'ints' }),
    v(6, 'T -> T', { T: 'floats' }, { alpha: 'float' }),
  ],
  Selu: [
    v(1, 'T -> T', { T: 'floats' }, { alpha: 'float', consumed_inputs: 'ints', gamma: 'float' }),
    v(6, 'T -> T', { T: 'floats' }, { alpha: 'float', gamma: 'float' }),
  ],
  Celu: [
    v(12, 'float -> float', {}, { alpha: 'float' }),
    v(28, 'T -> T', { T: 'floats' }, { alpha: 'float' }),
  ],
  Gelu: [v(20, 'T -> T', { T: 'floats' }, { approximate: 'string' })],
  Mish: bfloat16From22(v(18, 'T -> T', { T: 'floats' })),
  Swish: [v(24, 'T -> T', { T: 'floats' }, { alpha: 'float' })],
  SwiGLU: [v(28, 'T T -> T', { T: 'floats' }, { alpha: 'float' })],
  Softplus: [v(1, 'T -> T', { T: 'floats' })],
  Softsign: [v(1, 'T -> T', { T: 'floats' })],
  HardSigmoid: [
    v(1, 'T -> T', { T: 'floats' }, { alpha: 'float', beta: 'float', consumed_inputs: 'ints' }),
    v(6, 'T -> T', { T: 'floats' }, { alpha: 'float', beta: 'float' }),
  ],
  HardSwish: bfloat16From22(v(14, 'T -> T', { T: 'floats' })),
  Shrink: [v(9, 'T -> T', { T: 'numbers' }, { bias: 'float', lambd: 'float' })],
  PRelu: [
    v(1, 'T T -> T', { T: 'floats' }, { consumed_inputs: 'ints' }),
    v(6, 'T T -> T', { T: 'floats' }),
    v(9, 'T T -> T', { T: 'wide' }),
  ],
  Clip: [
    v(1, 'T -> T', { T: 'floats' }, { consumed_inputs: 'ints', max: 'float', min: 'float' }),
    v(6, 'T -> T', { T: 'floats' }, { max: 'float', min: 'float' }),
    v(11, 'T T? T? -> T', { T: 'floats' }),
    v(12, 'T T? T? -> T', { T: 'numbers' }),
  ],
  Softmax: [v(1, 'T -> T', { T: 'floats' }, { axis: 'int' })],
  LogSoftmax: [v(1, 'T -> T', { T: 'floats' }, { axis: 'int' })],
  Hardmax: [v(1, 'T -> T', { T: 'floats' }, { axis: 'int' })],
} satisfies SignatureTable;
