/** Neural networks: layers, and models made of them, as trees of tensors. */
export {
  elu,
  flatten,
  gelu,
  geluTanh,
  hardswish,
  leakyRelu,
  mish,
  relu,
  selu,
  sigmoid,
  silu,
  softmax,
  softplus,
  tanh,
} from './activations.js';
export { MultiHeadAttention, type MultiHeadAttentionOptions } from './attention.js';
export { BatchNorm, type BatchNormOptions } from './batch-norm.js';
export { GRUCell, LSTMCell, RNNCell, type CellOptions, type LSTMState, type RecurrentCell } from './cells.js';
export { contextOf, type CallContext, type Layer } from './context.js';
export {
  Conv1d,
  Conv2d,
  Conv3d,
  ConvTranspose1d,
  ConvTranspose2d,
  type ConvLayerOptions,
  type ConvTransposeLayerOptions,
} from './conv.js';
export { Dropout } from './dropout.js';
export { Embedding, type EmbeddingOptions } from './embedding.js';
export {
  FeedForward,
  GatedFeedForward,
  GeGLU,
  ReGLU,
  SwiGLU,
  type FeedForwardOptions,
} from './feed-forward.js';
export * as initializers from './initializers.js';
export type { Initializer } from './initializers.js';
export { Linear, type LinearOptions } from './linear.js';
export { Module } from './module.js';
export { GroupNorm, LayerNorm, RMSNorm, type NormLayerOptions } from './normalize.js';
export { trainable } from './places.js';
export { AveragePool, MaxPool, type PoolOptions } from './pool.js';
export {
  ALiBi,
  LearnedPositions,
  RoPE,
  SinusoidalPositions,
  type LearnedPositionsOptions,
  type RoPEOptions,
} from './positions.js';
export { GRU, LSTM, RNN, type RecurrentOptions } from './recurrent.js';
export { Sequential, type Step } from './sequential.js';
export type { LoadOptions, State } from './state.js';
export { TransformerBlock, type TransformerBlockOptions } from './transformer.js';
