import { describe, expect, test } from 'vitest';
import { fit, jit, optim, tensor, valueAndGrad, type FitProgress, type Tensor } from '../../src/index.js';

const optimizer = optim.sgd({ learningRate: 0.5 });
/** Goes half of the way to 3 in every step. */
const step = jit(
  (model: Tensor, state: ReturnType<typeof optimizer.init>) => {
    const [loss, gradient] = valueAndGrad((x: Tensor) => x.sub(3).square().mul(0.5))(model);
    const [next, nextState] = optimizer.update(model, gradient, state);
    return { model: next, state: nextState, loss };
  },
  { donate: [0, 1] },
);
const start = () => {
  const model = tensor(1);
  return { model, state: optimizer.init(model) };
};

describe('fit', () => {
  test('hands model and state on, and gives all losses', async () => {
    const numbers: number[] = [];
    const { model, losses } = await fit(
      start(),
      (current, state, i) => {
        numbers.push(i);
        return step(current, state);
      },
      { steps: 4 },
    );
    expect(numbers).toEqual([0, 1, 2, 3]);
    expect(losses).toEqual([2, 0.5, 0.125, 0.03125]);
    expect(await model.item()).toBe(2.875);
  });

  test('reports the first step, every so many, and the last', async () => {
    const reports: FitProgress[] = [];
    const { losses } = await fit(start(), step, {
      steps: 8,
      readEvery: 3,
      onProgress: (report) => reports.push(report),
    });
    expect(reports.map((report) => report.step)).toEqual([1, 4, 7, 8]);
    expect(reports.flatMap((report) => report.losses)).toEqual(losses);
  });

  test('no step leaves the model as it was', async () => {
    const { model, losses } = await fit(start(), step, { steps: 0 });
    expect([await model.item(), losses]).toEqual([1, []]);
  });

  test('a step that returns something else is refused', async () => {
    const list = (model: Tensor, state: object) => [model, state, model] as never;
    await expect(fit(start(), list, { steps: 1 })).rejects.toThrow('a step returns { model, state, loss }');
  });

  test('impossible numbers of steps are refused', async () => {
    for (const steps of [-1, 1.5, NaN])
      await expect(fit(start(), step, { steps })).rejects.toThrow(/USAGE[^]*steps|the number of steps/);
    await expect(fit(start(), step, { steps: 1, readEvery: 0 })).rejects.toThrow('readEvery');
  });
});
