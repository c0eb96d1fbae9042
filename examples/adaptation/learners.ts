/** Ways to learn while a task goes on. Each says which direction it names at which tick, as far as it has the time to. */
import {
  dispose,
  jit,
  losses,
  optim,
  readAll,
  tensor,
  valueAndGrad,
  type Backend,
  type Tensor,
} from 'heddle';
import { fromConfig, initTicks, ticks, tween, type Chain, type TickState } from 'heddle/config';
import { DIRECTIONS, observation, OBSERVED, rightAnswer } from './world.js';

/** What was named at which tick. */
export interface Named {
  readonly tick: number;
  readonly direction: number;
}

export type Learner = (ticks: number, backend: Backend) => Promise<readonly Named[]>;

const LAYERS = 3;
const newNetwork = (): Chain =>
  fromConfig({
    input: [OBSERVED],
    seed: 2,
    layers: [
      { type: 'dense', output_size: 32, activation: 'tanh' },
      { type: 'dense', output_size: 32, activation: 'tanh' },
      { type: 'dense', output_size: DIRECTIONS },
    ],
  });

const goal = (t: number): Tensor => tensor(Int32Array.of(rightAnswer(t)), { shape: [1], dtype: 'i32' });
const ones = (classes: Tensor): Tensor => classes.oneHot(DIRECTIONS);

async function named(answers: readonly Tensor[], at: (i: number) => number): Promise<readonly Named[]> {
  const read = await readAll(answers);
  dispose(answers);
  return read.map(({ data: [direction] }, i) => ({ tick: at(i), direction }));
}

/**
 * Learns in batches: answers 50 times, then stops to learn from what it saw, which takes as long as 50 answers: 10 steps with all of
 * them.
 */
export const batched =
  (optimizer: optim.Optimizer<object>): Learner =>
  async (count, backend) => {
    const [batch, steps] = [50, 10];
    let net = newNetwork().to(backend);
    let state = optimizer.init(net);
    const answer = jit((own: Chain, x: Tensor) => own.call(x).argmax());
    const learn = jit(
      (own: Chain, memory: object, x: Tensor, y: Tensor) => {
        const loss = (each: Chain): Tensor => losses.crossEntropy(each.call(x), y);
        const [, gradients] = valueAndGrad(loss)(own);
        const [model, next] = optimizer.update(own, gradients, memory);
        return { model, next };
      },
      { donate: [0, 1] },
    );
    const all: Named[] = [];
    for (let t = 0; t < count; t += 2 * batch) {
      const seen = Array.from({ length: Math.min(batch, count - t) }, (_, i) => t + i);
      all.push(
        ...(await named(
          seen.map((tick) => answer(net, tensor(observation(tick)))),
          (i) => seen[i],
        )),
      );
      const x = tensor(Float32Array.from(seen.flatMap((tick) => [...observation(tick).data])), { shape: [seen.length, OBSERVED] }); // prettier-ignore
      const y = tensor(Int32Array.from(seen, rightAnswer), { shape: [seen.length], dtype: 'i32' });
      for (let i = 0; i < steps; i++) {
        const { model, next } = learn(net, state, x, y);
        [net, state] = [model, next];
      }
    }
    return all;
  };

/** Runs step by step, and back-propagates through the last ticks at each. */
export const stepwise =
  (rate: number): Learner =>
  async (count, backend) => {
    const optimizer: optim.Optimizer<object> = optim.sgd({ learningRate: rate });
    let net = newNetwork().to(backend);
    let state: object = optimizer.init(net);
    const learn = jit((own: Chain, memory: object, before: TickState, window: Tensor, y: Tensor) => {
      const loss = (each: Chain): [Tensor, { outputs: Tensor; first: TickState }] => {
        const first = ticks(each, before, window.slice([0, 1])).state;
        const { outputs } = ticks(each, first, window.slice([1, LAYERS]));
        const [last] = Object.values(outputs).map((x) =>
          x.slice([LAYERS - 2, LAYERS - 1]).reshape([1, DIRECTIONS]),
        );
        return [losses.crossEntropy(last, y), { outputs: last, first }];
      };
      const [[, { outputs, first }], gradients] = valueAndGrad(loss, { aux: true })(own);
      const [model, next] = optimizer.update(own, gradients, memory);
      return { model, next, first, answer: outputs.argmax() };
    });
    // The state before the window, which moves on by one tick each time.
    let before = initTicks(net);
    const answers: Tensor[] = [];
    for (let t = 0; t < count; t++) {
      const window = Array.from({ length: LAYERS }, (_, i) => [
        ...observation(Math.max(0, t - LAYERS + 1 + i)).data,
      ]);
      const x = tensor(Float32Array.from(window.flat()), { shape: [LAYERS, 1, OBSERVED] });
      const result = learn(net, state, before, x, goal(t));
      [net, state, before] = [result.model, result.next, result.first];
      answers.push(result.answer);
    }
    return named(answers, (i) => i);
  };

/** Tweens with each answer. */
export const tweening =
  (rate: number): Learner =>
  async (count, backend) => {
    const rule = tween({ learningRate: rate, logits: true });
    let net = newNetwork().to(backend);
    let state = rule.init(net);
    const learn = jit(
      (own: Chain, memory: typeof state, x: Tensor, y: Tensor) => {
        const result = rule.update(own, memory, x, ones(y));
        return { model: result.network, next: result.state, answer: result.output.argmax() };
      },
      { donate: [0, 1] },
    );
    const answers: Tensor[] = [];
    for (let t = 0; t < count; t++) {
      const result = learn(net, state, tensor(observation(t)), goal(t));
      [net, state] = [result.model, result.next];
      answers.push(result.answer);
    }
    return named(answers, (i) => i);
  };

/** Runs step by step, and tweens at each. */
export const stepTweening =
  (rate: number): Learner =>
  async (count, backend) => {
    const rule = tween({ learningRate: rate, logits: true });
    let net = newNetwork().to(backend);
    let [state, own] = [rule.init(net), initTicks(net)];
    const learn = jit(
      (each: Chain, memory: typeof state, at: TickState, x: Tensor, y: Tensor) => {
        const result = rule.tick(each, memory, at, x, ones(y));
        return {
          model: result.network,
          next: result.state,
          at: result.ticks,
          answer: result.output.argmax(),
        };
      },
      { donate: [0, 1, 2] },
    );
    const answers: Tensor[] = [];
    for (let t = 0; t < count; t++) {
      const result = learn(net, state, own, tensor(observation(t)), goal(t));
      [net, state, own] = [result.model, result.next, result.at];
      answers.push(result.answer);
    }
    return named(answers, (i) => i);
  };
