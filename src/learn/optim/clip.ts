/** Gradients kept from exploding. */
import { checkArguments } from '../../base/arguments.js';
import { shown } from '../../base/describe.js';
import { number } from '../../base/kinds.js';
import type { OptionTable } from '../../base/options.js';
import { HeddleError } from '../../base/errors.js';
import { optionsOf } from '../../tensor/arguments.js';
import { flattenTensors } from '../../tensor/expressions/call.js';
import { zeros } from '../../tensor/tensors/factories.js';
import type { Tensor } from '../../tensor/tensors/tensor.js';
import { unflatten } from '../../tensor/trees/tree.js';
import { optimizerKind, parametersOf, type Optimizer } from './optimizer.js';

/** f32 scalar: the square root of the sum of squares of all trainable tensors of a tree. */
export function globalNorm(gradients: unknown): Tensor {
  const squares = parametersOf(gradients).map(({ leaf }) => leaf.cast('f32').square().sum());
  return squares.reduce((sum, one) => sum.add(one), zeros([])).sqrt();
}

/**
 * A tree of gradients, scaled so that its {@link globalNorm} is at most `most`; as it is where it already was. Pascanu et
 * al., "On the difficulty of training recurrent neural networks" (2012).
 */
export function clipByGlobalNorm<T>(gradients: T, most: number): T {
  checkBound('clipByGlobalNorm', most);
  const norm = globalNorm(gradients);
  const scale = norm.greater(most).where(norm.reciprocal().mul(most), 1);
  return mapTrained(gradients, (leaf) => leaf.mul(scale.cast(leaf.dtype)));
}

/** A tree of gradients, each element in [-most, most]. */
export function clipByValue<T>(gradients: T, most: number): T {
  checkBound('clipByValue', most);
  return mapTrained(gradients, (leaf) => leaf.clip(-most, most));
}

export interface ClipOptions {
  /** See {@link clipByValue}; before the norm. */
  readonly value?: number;
  /** See {@link clipByGlobalNorm}. */
  readonly globalNorm?: number;
}

const OPTIONS: OptionTable<ClipOptions> = { value: number, globalNorm: number };

/** An optimiser that clips gradients before it uses them. Its state is that of `inner`. */
export function clipped<S>(inner: Optimizer<S>, options: ClipOptions): Optimizer<S> {
  checkArguments('clipped', { inner }, { inner: optimizerKind });
  const { value, globalNorm: norm } = optionsOf('clipped', options, OPTIONS);
  return {
    init: (model) => inner.init(model),
    update: (model, gradients, state) => {
      const bounded = value === undefined ? gradients : clipByValue(gradients, value);
      return inner.update(model, norm === undefined ? bounded : clipByGlobalNorm(bounded, norm), state);
    },
  };
}

/** `f` applied to what is trained of a tree. */
function mapTrained<T>(tree: T, f: (leaf: Tensor) => Tensor): T {
  const { leaves, structure } = flattenTensors(tree);
  const mapped = [...leaves];
  for (const { leaf, index } of parametersOf(tree)) mapped[index] = f(leaf);
  return unflatten(structure, mapped) as T;
}

function checkBound(name: string, most: number): void {
  if (!(typeof most === 'number' && most > 0))
    throw new HeddleError('ATTRIBUTE_INVALID', `${name}: the bound is positive`, { found: shown`${most}` });
}
