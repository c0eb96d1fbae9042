/** `heddle/quantize`: weights in numeric types of few bits, with scales, on the device and in safetensors files. */
export { dequantizeTensor, quantizeTensor, type QuantizedTensor } from './quantize.js';
export { quantizeWeights, withQuantized, type ArithmeticOptions, type QuantizedTensors } from './program.js';
export { ARITHMETICS, type Arithmetic } from './products.js';
export { readQuantized, writeQuantized, type QuantizedFile } from './file.js';
export { GRANULARITIES, type Granularity, type QuantizeOptions } from './scheme.js';
export { NUMERIC_TYPE_NAMES as NUMERIC_TYPES, type NumericTypeName } from './types.js';
