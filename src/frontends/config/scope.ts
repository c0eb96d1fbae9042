/** What a layer is told where it is built, and what it gives. */
import { elementCount } from '../../base/tensor.js';
import { fromData } from '../../tensor/tensors/factories.js';
import { threefry2x32 } from '../../numerics/threefry.js';
import type { Module } from '../../learn/nn/module.js';
import type { Layer } from '../../learn/nn/context.js';
import type { Tensor } from '../../tensor/tensors/tensor.js';
import type { Budget } from './limits.js';
import type { LayerConfig } from './types.js';
import { refuse } from './validate.js';

/** Shape of one example: without the batch. */
export type Shape = readonly number[];

export interface Scope {
  /** Where the config of the layer stands. */
  readonly path: string;
  /** What arrives. */
  readonly input: Shape;
  /** Decides the weights. */
  readonly key: KeyWords;
  /** What is left of the weights and steps that the network may have. */
  readonly budget: Budget;
  /** Designs layers of any type, for those that layers are made of. Throws CONFIG_INVALID. */
  readonly design: (config: LayerConfig, scope: Scope) => Blueprint;
}

/** A layer that was checked and has no weights yet. */
export interface Blueprint<M extends Module & Layer = Module & Layer> {
  readonly make: () => M;
  /** What the input is reshaped to. */
  readonly view: Shape;
  readonly output: Shape;
}

/** The words of a key of the Threefry generator. */
export type KeyWords = readonly [number, number];

export const keyOfSeed = (seed: number): KeyWords => [Math.floor(seed / 2 ** 32), seed >>> 0];

/** The key of part `i`. Computed here, so that a thousand layers need not be a thousand programs. */
export function keyOfPart([high, low]: KeyWords, i: number): KeyWords {
  const words = new Uint32Array(2);
  threefry2x32(high, low, i, 1, words);
  return [words[0], words[1]];
}

/** As `nn` takes keys. */
export const keyTensor = (words: KeyWords): Tensor =>
  fromData({ dtype: 'u32', shape: [2], data: Uint32Array.from(words) });

/** The scope of part `i`, at `path` below that of the whole. */
export const part = (scope: Scope, path: string, i: number, input = scope.input): Scope => ({
  ...scope,
  path: `${scope.path}.${path}`,
  input,
  key: keyOfPart(scope.key, i),
});

export const printShape = (shape: Shape): string =>
  shape.length === 0 ? 'one value' : `[${shape.join(', ')}]`;

/** The first of several names of a field that is given; 0 is not. */
export const given = (...sizes: readonly (number | undefined)[]): number | undefined =>
  sizes.find((size) => size !== undefined && size > 0);

/** {@link given}. Throws CONFIG_INVALID where there is none. */
export function required(
  scope: Scope,
  names: readonly string[],
  ...sizes: readonly (number | undefined)[]
): number {
  const size = given(...sizes);
  return (
    size ??
    refuse('a size is missing', {
      path: scope.path,
      found: `none of ${names.join(', ')}`,
      expected: `${names[0]}: a whole number from 1`,
    })
  );
}

/** The input as [..., size]: as it is where that is its last axis, else cut into rows. Throws CONFIG_INVALID. */
export function rowsOf(scope: Scope, name: string, size: number | undefined): Shape {
  const { input } = scope;
  const wanted = size ?? input[input.length - 1] ?? 1;
  if (input.length > 0 && input[input.length - 1] === wanted) return input;
  const count = elementCount(input) / wanted;
  if (Number.isInteger(count)) return count === 1 ? [wanted] : [count, wanted];
  return misfit(scope, name, `${wanted}`, 'a divisor of its number of values');
}

/** The input as [steps, size]. Throws CONFIG_INVALID. */
export function stepsOf(
  scope: Scope,
  name: string,
  size: number | undefined,
  steps: number | undefined,
): readonly [number, number] {
  const features = size ?? scope.input[scope.input.length - 1] ?? 1;
  const count = elementCount(scope.input) / features;
  if (!Number.isInteger(count)) misfit(scope, name, `${features}`, 'a divisor of its number of values');
  if (steps !== undefined && steps !== count) misfit(scope, 'seq_length', `${steps}`, `${count}`);
  return [count, features];
}

/** Throws CONFIG_INVALID: a size is not that of what arrives. */
export const misfit = (scope: Scope, name: string, found: string, expected: string): never =>
  refuse('the layer does not fit its input', {
    path: `${scope.path}.${name}`,
    found: `${found}, for an input ${printShape(scope.input)}`,
    expected,
  });
