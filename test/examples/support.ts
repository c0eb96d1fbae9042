/** Training on a device and in the interpreter, side by side. */
import { expect } from 'vitest';
import { readAll, tensor, treeLeaves, type Backend } from 'heddle';
import { batchAt, stepsPerEpoch, type Dataset } from 'heddle/data';
import { MODELS, type ModelName } from '../../examples/mnist/models.js';
import { trainingStep, type Settings } from '../../examples/mnist/train.js';
import { differenceOf } from '../support/differential.js';

/**
 * Losses of the first `steps` steps on both backends, which must have the same bits at every step; so must the trained
 * parameters and the state of the optimiser at the end. Returns the losses.
 */
export async function trainSideBySide(
  name: ModelName,
  data: Dataset,
  [device, reference]: readonly [Backend, Backend],
  steps: number,
  settings: Settings,
): Promise<number[]> {
  const run = async (
    backend: Backend,
  ): Promise<{ losses: Float32Array; final: Awaited<ReturnType<typeof readAll>> }> => {
    const { step, init } = trainingStep(steps, settings);
    let model = MODELS[name](settings.seed).to(backend);
    let state = init(model);
    const losses = new Float32Array(steps);
    const batches = { batchSize: settings.batchSize, seed: settings.seed, dropLast: true };
    const perEpoch = stepsPerEpoch(data, batches);
    for (let i = 0; i < steps; i++) {
      const { x, y } = batchAt(data, batches, Math.floor(i / perEpoch), i % perEpoch);
      const result = step(model, state, tensor(x), tensor(y));
      [model, state] = [result.model, result.state];
      losses[i] = await result.loss.item();
      result.loss.dispose();
    }
    const final = await readAll([...treeLeaves(model), ...treeLeaves(state)]);
    step.dispose();
    return { losses, final };
  };
  const [found, expected] = [await run(device), await run(reference)];
  expect([...new Uint32Array(found.losses.buffer)]).toEqual([...new Uint32Array(expected.losses.buffer)]);
  found.final.forEach((tensorData, i) => expect(differenceOf(tensorData, expected.final[i])).toBeUndefined());
  return [...found.losses];
}
