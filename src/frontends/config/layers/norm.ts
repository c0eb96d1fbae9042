/** Normalizations. */
import { LayerNorm, RMSNorm } from '../../../learn/nn/normalize.js';
import { given, rowsOf, type Blueprint, type Scope } from '../scope.js';
import type { LayerNormConfig, RmsNormConfig } from '../types.js';

const EPSILON = 1e-5;

export function layerNorm(config: LayerNormConfig, scope: Scope): Blueprint {
  const view = rowsOf(scope, 'norm_size', given(config.norm_size));
  scope.budget.take(scope.path, [2, view[view.length - 1]]);
  const make = (): LayerNorm => new LayerNorm(view[view.length - 1], { epsilon: config.epsilon ?? EPSILON });
  return { make, view, output: view };
}

export function rmsNorm(config: RmsNormConfig, scope: Scope): Blueprint {
  const view = rowsOf(scope, 'norm_size', given(config.norm_size));
  scope.budget.take(scope.path, [view[view.length - 1]]);
  const make = (): RMSNorm => new RMSNorm(view[view.length - 1], { epsilon: config.epsilon ?? EPSILON });
  return { make, view, output: view };
}
