/** Dense layers. */
import { elementCount } from '../../../base/tensor.js';
import { Linear } from '../../../learn/nn/linear.js';
import { standardWeights } from '../initial.js';
import { given, misfit, required, type Blueprint, type Scope, type Shape } from '../scope.js';
import type { DenseConfig, StitchConfig } from '../types.js';

export function dense(config: DenseConfig, scope: Scope): Blueprint {
  const inputs = given(config.width, config.input_size, config.input_height);
  const names = ['height', 'output_size', 'output_height'];
  const outputs = required(scope, names, config.height, config.output_size, config.output_height);
  const name = (['width', 'input_size', 'input_height'] as const).find((key) => given(config[key]));
  return linear(scope, name ?? 'width', inputs, outputs, config.bias ?? true);
}

/** A dense layer that has no activation of its own. */
export const stitch = (config: StitchConfig, scope: Scope): Blueprint =>
  linear(scope, 'input_size', given(config.input_size), config.output_size, true);

function linear(
  scope: Scope,
  name: string,
  inputs: number | undefined,
  outputs: number,
  bias: boolean,
): Blueprint {
  const view = viewOf(scope, name, inputs);
  const width = view[view.length - 1];
  const start = standardWeights(scope, [outputs, width], width);
  const make = (): Linear => {
    const module = new Linear(width, outputs, { key: 0, bias: false, init: start.weight });
    if (bias) module.bias = start.bias();
    return module;
  };
  return { make, view, output: [...view.slice(0, -1), outputs] };
}

/** All values of an example, unless `inputs` is the extent of the last axis alone. */
function viewOf(scope: Scope, name: string, inputs: number | undefined): Shape {
  const { input } = scope;
  const total = elementCount(input);
  if (inputs === undefined || inputs === total) return [total];
  if (inputs === input[input.length - 1]) return input;
  const last = input.length > 1 ? `, or ${input[input.length - 1]}, those of the last axis` : '';
  return misfit(scope, name, `${inputs}`, `${total}${last}`);
}
