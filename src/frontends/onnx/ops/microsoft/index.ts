/** Operators of com.microsoft: github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md */
import type { OpTable } from '../../registry.js';
import { attentions } from './attention.js';
import { fused } from './fused.js';
import { normalizations } from './normalization.js';

export const microsoft: OpTable = [...attentions, ...fused, ...normalizations];
