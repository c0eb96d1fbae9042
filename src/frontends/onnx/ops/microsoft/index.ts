/** Operators of com.microsoft: github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md */
import type { OpTable } from '../../registry.js';
import { attentions } from './attention.js';
import { channelsLastOperators } from './channels-last.js';
import { fused } from './fused.js';
import { normalizations } from './normalization.js';
import { standard } from './standard.js';

export const microsoft: OpTable = [
  ...attentions,
  ...channelsLastOperators,
  ...fused,
  ...normalizations,
  ...standard,
];
