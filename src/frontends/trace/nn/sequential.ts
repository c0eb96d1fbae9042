/** Layers one after the other. */
import { HeddleError } from '../../../base/errors.js';
import type { Tensor } from '../tensor/tensor.js';
import { contextOf, type CallContext, type Layer } from './context.js';
import { Module } from './module.js';

/** A layer, or a plain function. */
export type Step = Layer | ((x: Tensor) => Tensor);

/**
 * Calls its layers one after the other. Each gets the context with a key of its own. Errors say in which layer they
 * arose.
 *
 *     new Sequential(new Linear(784, 128, { key: k1 }), relu, new Linear(128, 10, { key: k2 }))
 */
export class Sequential extends Module {
  readonly layers: readonly Step[];

  constructor(...layers: readonly Step[]) {
    super();
    this.layers = layers;
  }

  call(x: Tensor, context: CallContext = {}): Tensor {
    return this.layers.reduce<Tensor>(
      (value, layer, i) =>
        inside(`layers.${i}`, () =>
          typeof layer === 'function' ? layer(value) : layer.call(value, contextOf(context, i)),
        ),
      x,
    );
  }

  override children(): readonly (readonly [name: string, child: unknown])[] {
    return this.layers.map((layer, i) => [`${i}`, layer]);
  }
}

/** Runs `body`; errors say that they arose in part `name` of a model. */
export function inside<T>(name: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (!(error instanceof HeddleError)) throw error;
    throw error.with({ where: error.where === undefined ? name : `${name}: ${error.where}` });
  }
}
