/** Comparisons with what PyTorch computed in doubles: torch-values.json, written by torch-values.py. */
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { nn, readAll, tensor, treeLeaves, valueAndGrad, zeros, type Tensor } from '../../src/index.js';

interface Case {
  readonly outputs: readonly (readonly number[])[];
  readonly gradients: Readonly<Record<string, readonly number[]>>;
  readonly inputs: readonly (readonly number[])[];
}

interface Values {
  readonly cases: Readonly<Record<string, Case | undefined>>;
  readonly batchNormRunning: readonly (readonly number[])[];
  readonly optimisers: Readonly<Record<string, readonly number[] | undefined>>;
  readonly schedules: Readonly<Record<string, readonly number[] | undefined>>;
}

export const torchValues = JSON.parse(
  readFileSync(new URL('torch-values.json', import.meta.url), 'utf8'),
) as Values;

const sizeOf = (shape: readonly number[]): number => shape.reduce((n, extent) => n * extent, 1);

/** The numbers of the Python script's function of the same name. */
export const waveOf = (shape: readonly number[], seed: number, scale = 1): number[] =>
  Array.from(
    { length: sizeOf(shape) },
    (_, i) => (Math.floor(1000 * Math.sin(1.7 * i + seed) + 0.5) / 1000) * scale,
  );
export const wave = (shape: readonly number[], seed: number, scale = 1): Tensor =>
  tensor(Float32Array.from(waveOf(shape, seed, scale)), { shape });

/** Each tensor of `model` filled with a wave. */
export function waved<M extends nn.Module>(model: M, count = Infinity): M {
  const entries = Object.entries(model.state()).slice(0, count);
  return model.load(Object.fromEntries(entries.map(([path, { shape }], k) => [path, wave(shape, k, 0.5)])), {
    strict: false,
  });
}

export async function numbersOf(x: Tensor): Promise<number[]> {
  return Array.from(await x.data());
}

/** Expects numbers to differ by at most `tolerance` of the largest of `expected`, or of 1. */
export function expectNumbers(
  found: ArrayLike<number>,
  expected: readonly number[],
  what = 'the tensor',
  tolerance = 3e-6,
): void {
  expect(found.length, `${what}: elements`).toBe(expected.length);
  const scale = Math.max(1, ...expected.map(Math.abs));
  const off = expected.map((value, i) => Math.abs(found[i] - value));
  const worst = off.indexOf(Math.max(...off));
  if (expected.length === 0 || off.every((d) => d <= tolerance * scale)) return;
  expect.fail(`${what}: element ${worst} is ${found[worst]}, not ${expected[worst]}`);
}

/** The numbers of a tensor. See {@link expectNumbers}. */
export async function expectNear(
  found: Tensor,
  expected: readonly number[],
  what?: string,
  tolerance?: number,
): Promise<void> {
  expectNumbers(await numbersOf(found), expected, what, tolerance);
}

/** Compares outputs, and the gradients of their weighed sum by all parameters and inputs. */
export async function expectCase<M>(
  name: string,
  model: M,
  inputs: readonly Tensor[],
  call: (model: M, ...inputs: Tensor[]) => readonly Tensor[],
  tolerance?: number,
): Promise<void> {
  const expected = torchValues.cases[name]!;
  const loss = (given: {
    readonly model: M;
    readonly inputs: readonly Tensor[];
  }): [Tensor, readonly Tensor[]] => {
    const outputs = call(given.model, ...given.inputs);
    const weighed = outputs.map((y, i) => y.mul(wave(y.shape, 99 + i)).sum());
    return [weighed.reduce((a, b) => a.add(b), zeros([])), outputs];
  };
  const [[, outputs], gradients] = valueAndGrad(loss, { aux: true })({ model, inputs });
  expect(outputs.length).toBe(expected.outputs.length);
  for (const [i, output] of outputs.entries())
    await expectNear(output, expected.outputs[i], `${name}, output ${i}`, tolerance);
  const state = gradients.model instanceof nn.Module ? gradients.model.state() : {};
  for (const [path, values] of Object.entries(expected.gradients))
    await expectNear(state[path], values, `${name}, gradient of ${path}`, tolerance);
  const floats = treeLeaves(gradients.inputs).filter((_, i) => inputs[i].dtype === 'f32');
  for (const [i, data] of (await readAll(floats)).entries())
    expectNumbers(
      Array.from(data.data, Number),
      expected.inputs[i],
      `${name}, gradient of input ${i}`,
      tolerance,
    );
}
