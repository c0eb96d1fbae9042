/** ONNX models as Heddle programs. */
export { importOnnx } from './import.js';
export type { OnnxProgram } from './program.js';
export type { ImportOptions } from './options.js';
export { exportOnnx, type ExportOptions } from './export/export.js';
export { readTensorProto, type NamedTensor } from './tensor.js';
export { seededWeights, type SeededWeight } from './seeded.js';
export type { DimOptions, OnnxPort } from './ports.js';
export type { OnnxDType } from './dtype.js';
export type { DecodedImage, DecodeImage, ImageDecoders } from '../../data/images/index.js';
