/** A layer in a layer, by itself: a branch, a gate, what makes features. */
import type { Layer } from '../../learn/nn/context.js';
import type { Module } from '../../learn/nn/module.js';
import { activationOf } from './activations.js';
import { part, type Scope, type Shape } from './scope.js';
import type { LayerConfig } from './types.js';
import { refuse } from './validate.js';
import type { Wire } from './wire.js';

export interface Branch {
  readonly make: () => Module & Layer;
  readonly wire: Wire;
  readonly output: Shape;
}

/** Designs the layer at `scope.path`.`path`, the `i`th of its owner. Throws CONFIG_INVALID. */
export function designBranch(config: LayerConfig, path: string, i: number, scope: Scope): Branch {
  const own = part(scope, path, i);
  for (const field of ['from', 'add_to_input', 'add_to_output', 'tick_every'] as const)
    if (config[field] !== undefined)
      refuse('a layer by itself has neither other layers to take its input from nor ticks of its own', {
        path: `${own.path}.${field}`,
        found: JSON.stringify(config[field]),
        expected: 'nothing: the input is that of the layer around it',
      });
  const { make, view, output } = scope.design(config, own);
  const before = config.type === 'residual' ? [0] : [];
  const wire = {
    type: config.type,
    source: 0,
    view,
    before,
    after: [],
    activation: activationOf(config),
    every: 1,
  };
  return { make, wire, output };
}
