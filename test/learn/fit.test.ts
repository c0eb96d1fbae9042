import { describe, expect, test } from 'vitest';
import {
  fit,
  jit,
  optim,
  tensor,
  valueAndGrad,
  type FitOptions,
  type FitProgress,
  type Tensor,
} from '../../src/index.js';

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
  test('ends after the step that is under way, also where steps leave no room for what aborts it', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort());
    const busy = (ms: number): void => {
      for (const end = Date.now() + ms; Date.now() < end;);
    };
    const seen: FitProgress[] = [];
    const { losses } = await fit(
      start(),
      (model, state) => {
        busy(60);
        return step(model, state);
      },
      { steps: 50, signal: controller.signal, onProgress: (progress) => void seen.push(progress) },
    );
    expect(losses.length).toBeLessThan(5);
    expect(seen.at(-1)!.step).toBe(losses.length);
    expect(losses).toEqual([2, 0.5, 0.125, 0.03125].slice(0, losses.length));
  });

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

  test.each<[object, { found: string; expected: string }]>([
    [{}, { found: 'an empty object', expected: 'steps: an integer of at least 0' }],
    [{ steps: -1 }, { found: 'steps: -1', expected: 'steps: an integer of at least 0' }],
    [{ steps: 1.5 }, { found: 'steps: 1.5', expected: 'steps: an integer of at least 0' }],
    [{ steps: NaN }, { found: 'steps: NaN', expected: 'steps: an integer of at least 0' }],
    [
      { steps: 1, readEvery: 0 },
      { found: 'readEvery: 0', expected: 'readEvery: an integer of at least 1' },
    ],
    [{ steps: 1, readEvery: 0.5 }, { found: 'readEvery: 0.5', expected: 'readEvery: an integer of at least 1' }], // prettier-ignore
  ])('%o is refused', async (options, facts) => {
    await expect(fit(start(), step, options as FitOptions)).rejects.toThrow(
      expect.objectContaining({ code: 'USAGE', where: 'fit', ...facts }) as Error,
    );
  });
});
