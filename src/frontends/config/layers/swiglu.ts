/** Gated feed-forward. */
import { SwiGLU } from '../../../learn/nn/feed-forward.js';
import { given, keyTensor, rowsOf, type Blueprint, type Scope } from '../scope.js';
import type { SwigluConfig } from '../types.js';

export function swiglu(config: SwigluConfig, scope: Scope): Blueprint {
  const size = given(config.input_size, config.input_height);
  const view = rowsOf(scope, 'input_size', size);
  const features = view[view.length - 1];
  const hidden = given(config.output_size, config.output_height) ?? Math.ceil((features * 8) / 3);
  const bias = config.bias ?? false;
  scope.budget.take(scope.path, [3 * features + 2, hidden], [features]);
  const make = (): SwiGLU => new SwiGLU(features, hidden, { key: keyTensor(scope.key), bias });
  return { make, view, output: view };
}
