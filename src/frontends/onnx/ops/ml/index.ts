/** ai.onnx.ml: classical models on tensors of numbers. */
import { features } from './features.js';
import { linears } from './linear.js';
import { maps } from './maps.js';
import { trees } from './trees.js';
import { vectors } from './vectors.js';
import type { OpTable } from '../../registry.js';

export const classical: OpTable = [...features, ...linears, ...maps, ...trees, ...vectors];
