/** Attention, and what stands around it in the models that have it. */
import type { OpTable } from '../../registry.js';
import { tensorScatter } from './cache.js';
import { causalConv } from './conv.js';
import { flexAttention } from './flex.js';
import { linearAttention } from './linear.js';
import { rotaryEmbedding } from './rotary.js';
import { attention } from './standard.js';

export const attentions: OpTable = [
  { op: 'Attention', since: [23, 24, 25], emit: attention },
  { op: 'FlexAttention', domain: 'ai.onnx.preview', since: [1], emit: flexAttention, holdsGraphs: true },
  { op: 'RotaryEmbedding', since: [23], emit: rotaryEmbedding },
  { op: 'TensorScatter', since: [24], emit: tensorScatter },
  { op: 'LinearAttention', since: [27], emit: linearAttention },
  { op: 'CausalConvWithState', since: [27], emit: causalConv },
];
