/** Convolutions. */
import { elementCount } from '../../../base/tensor.js';
import { Conv1d, Conv2d } from '../../../learn/nn/conv.js';
import { standardWeights } from '../initial.js';
import { given, misfit, type Blueprint, type Scope, type Shape } from '../scope.js';
import type { Conv1dConfig, Conv2dConfig } from '../types.js';
import { refuse } from '../validate.js';

export function conv1d(config: Conv1dConfig, scope: Scope): Blueprint {
  const [channels, length] = imageOf(scope, given(config.input_channels), [
    given(config.input_length, config.input_height),
  ]);
  return convolution(config, scope, channels, [length], Conv1d);
}

export function conv2d(config: Conv2dConfig, scope: Scope): Blueprint {
  const [channels, ...extents] = imageOf(scope, given(config.input_channels), [
    given(config.input_height),
    given(config.input_width),
  ]);
  const built = convolution(config, scope, channels, extents, Conv2d);
  const [, height, width] = built.output;
  for (const [name, found, expected] of [
    ['output_height', given(config.output_height), height],
    ['output_width', given(config.output_width), width],
  ] as const)
    if (found !== undefined && found !== expected) misfit(scope, name, `${found}`, `${expected}`);
  return built;
}

function convolution(
  config: Conv1dConfig | Conv2dConfig,
  scope: Scope,
  channels: number,
  extents: Shape,
  Convolution: typeof Conv1d | typeof Conv2d,
): Blueprint {
  const { filters, kernel_size, padding = 0, bias = true } = config;
  const stride = given(config.stride) ?? 1;
  const outputs = extents.map((extent) => Math.floor((extent + 2 * padding - kernel_size) / stride) + 1);
  if (outputs.some((extent) => extent < 1))
    misfit(
      scope,
      'kernel_size',
      `${kernel_size}`,
      `at most ${extents.reduce((a, b) => Math.min(a, b)) + 2 * padding}`,
    );
  const kernel = extents.map(() => kernel_size);
  const fanIn = channels * elementCount(kernel);
  const start = standardWeights(scope, [filters, channels, ...kernel], fanIn);
  const make = (): Conv1d | Conv2d => {
    const options = { key: 0, stride, padding, bias: false, init: start.weight };
    const module = new Convolution(channels, filters, kernel_size, options);
    if (bias) module.bias = start.bias();
    return module;
  };
  return { make, view: [channels, ...extents], output: [filters, ...outputs] };
}

/** The input as [channels, ...extents]: as it is, or as the config says. One size that is missing is computed. */
function imageOf(
  scope: Scope,
  channels: number | undefined,
  extents: readonly (number | undefined)[],
): readonly number[] {
  const { input } = scope;
  const rank = extents.length + 1;
  const wanted = [channels, ...extents];
  const natural =
    input.length === rank ? input : input.length === rank - 1 && rank > 2 ? [1, ...input] : undefined;
  if (natural !== undefined && wanted.every((size, i) => size === undefined || size === natural[i]))
    return natural;
  const total = elementCount(input);
  const sizes = extents.every((extent) => extent !== undefined) ? wanted : [channels ?? 1, ...extents];
  const unknown = sizes.filter((size) => size === undefined).length;
  const known = sizes.reduce<number>((n, size) => n * (size ?? 1), 1);
  const filled = sizes.map((size) => size ?? total / known);
  if (unknown <= 1 && filled.every(Number.isInteger) && elementCount(filled) === total) return filled;
  return refuse('the layer does not fit its input', {
    path: scope.path,
    found: `${sizes.map((size) => size ?? '?').join(' x ')}, for an input [${input.join(', ')}]`,
    expected: `input_channels and extents whose product is ${total}`,
  });
}
