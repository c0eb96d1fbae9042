import type { TensorData } from '../base/tensor.js';

/** Tensors by name. */
export type Tensors = Readonly<Record<string, TensorData>>;
