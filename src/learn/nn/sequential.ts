/** Layers one after the other. */
import { HeddleError, withFacts } from '../../base/errors.js';
import { classOf } from '../../base/tensor.js';
import { refuse } from '../../tensor/arguments.js';
import { refuseHidden } from '../../tensor/expressions/hidden.js';
import { named } from '../../tensor/tensors/core.js';
import type { Tensor } from '../../tensor/tensors/tensor.js';
import { isNode, TREE_NODE } from '../../tensor/trees/tree.js';
import { contextOf, type CallContext, type Layer } from './context.js';
import { Module } from './module.js';

/** A layer, or a plain function. */
export type Step = Layer | ((x: Tensor) => Tensor);

const isLayer = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'call' in value && typeof value.call === 'function';

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
    layers.forEach((layer, i) => {
      const where = `Sequential, layer ${i}`;
      if (typeof layer !== 'function' && !isLayer(layer)) refuseOther(where, layer);
      if (!isNode(layer)) named(where, () => refuseHidden(layer, ''));
    });
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

function refuseOther(where: string, layer: unknown): never {
  const isObject = typeof layer === 'object' && layer !== null;
  const hasForward = isObject && 'forward' in layer && typeof layer.forward === 'function';
  const isModule = hasForward || (isObject && TREE_NODE in layer);
  const hint = Array.isArray(layer)
    ? 'the layers are given one by one: new nn.Sequential(a, b)'
    : hasForward
      ? 'rename its method forward to call'
      : undefined;
  refuse(where, isModule ? `${classOf(layer)} has no method call` : 'the value is not a layer', layer,
    'a module, or a function such as nn.relu', hint); // prettier-ignore
}

/** Runs `body`; errors say that they arose in part `name` of a model. */
export function inside<T>(name: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (!(error instanceof HeddleError)) throw error;
    throw withFacts(error, { where: error.where === undefined ? name : `${name}: ${error.where}` });
  }
}
