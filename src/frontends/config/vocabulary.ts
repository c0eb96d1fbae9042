/** What the fields of a config hold: numbers and names. The schema is generated from these, too (see types.ts). */

/**
 * A whole number from 0.
 * @minimum 0
 * @asType integer
 */
export type Size = number;

/**
 * A whole number from 1.
 * @minimum 1
 * @asType integer
 */
export type Count = number;

/**
 * A number from 0.
 * @minimum 0
 */
export type Positive = number;

/**
 * An activation, element by element, except softmax, which is along the last axis. `none` and the empty text are `linear`.
 */
export type ActivationName =
  | 'relu'
  | 'sigmoid'
  | 'tanh'
  | 'softmax'
  | 'gelu'
  | 'swish'
  | 'mish'
  | 'leaky_relu'
  | 'elu'
  | 'selu'
  | 'softplus'
  | 'linear'
  | 'none'
  | '';

/** A kind of softmax. `sparsemax` is another name of `sparse`. */
export type SoftmaxVariant =
  | 'standard'
  | 'grid'
  | 'hierarchical'
  | 'temperature'
  | 'gumbel'
  | 'masked'
  | 'sparse'
  | 'sparsemax'
  | 'entmax'
  | 'adaptive'
  | 'mixture';

/**
 * How the outputs of the branches become one. `concat` puts them side by side in each example; `concat_batches` puts all
 * examples of the first branch before all of the second. `avg` is another name of `average`, and the empty text of `concat`.
 */
export type CombineMode =
  'concat' | 'concat_batches' | 'add' | 'multiply' | 'average' | 'avg' | 'grid_scatter' | 'filter' | '';

/** Layers by name or position. */
export type References = string | Size | readonly (string | Size)[];
