/** ai.onnx.ml: classical models on tensors of numbers. */
import { features } from './features.js';
import { linears } from './linear.js';
import { trees } from './trees.js';
import type { OpTable } from '../../registry.js';

export const classical: OpTable = [...features, ...linears, ...trees];
