/**
 * The library of compositions: everything bigger than the op set, written once for all frontends as pure functions of a
 * builder and values. Each family has a file. Errors are those of the ops' type rules (SHAPE_MISMATCH, DTYPE_MISMATCH,
 * ATTRIBUTE_INVALID), and DIM_UNBOUND where a symbolic extent would have to be known.
 */
export * from './activation.js';
export * from './attention.js';
export * from './axes.js';
export * from './batch-statistics.js';
export * from './broadcast.js';
export * from './clusters.js';
export * from './columns.js';
export * from './conv.js';
export * from './cross-entropy.js';
export * from './deform-conv.js';
export * from './dropout.js';
export * from './einsum.js';
export * from './entmax.js';
export * from './gated.js';
export * from './indexing.js';
export * from './mask.js';
export * from './math.js';
export * from './matmul.js';
export * from './movement.js';
export * from './normalize.js';
export * from './pad.js';
export * from './pool.js';
export * from './position.js';
export * from './recurrent.js';
export * from './random.js';
export * from './reduce.js';
export * from './regions.js';
export * from './resize.js';
export * from './sampling.js';
export * from './sequence-order.js';
export * from './softmax-variants.js';
export * from './softmax.js';
export * from './truncated-normal.js';
export * from './unique.js';
export * from './window-elements.js';
export * from './window.js';
