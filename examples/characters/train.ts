/** Truncated back-propagation through time: gradients go back over one stretch of the text, states go on to the next. */
import {
  dispose,
  jit,
  losses,
  optim,
  tensor,
  valueAndGrad,
  type Backend,
  type nn,
  type Tensor,
} from 'heddle';
import type { CharacterLstm } from './model.js';

/** Stretches of a text that is read in `rows` places at once, each in its own part. */
export interface Stretches {
  readonly rows: number;
  readonly steps: number;
}

/** x i32 [rows, steps], and y, one character further on: stretch `at` of each part. The text begins anew after `count` of them. */
export function stretchesOf(tokens: Int32Array, { rows, steps }: Stretches) {
  const part = Math.floor((tokens.length - 1) / rows);
  const count = Math.floor(part / steps);
  const take = (at: number, shift: number): Int32Array => {
    const stretch = new Int32Array(rows * steps);
    for (let row = 0; row < rows; row++) {
      const from = row * part + (at % count) * steps + shift;
      stretch.set(tokens.subarray(from, from + steps), row * steps);
    }
    return stretch;
  };
  const shape = [rows, steps];
  const tensorAt = (at: number, shift: number) => tensor(take(at, shift), { dtype: 'i32' }).reshape(shape);
  return { count, at: (at: number) => ({ x: tensorAt(at, 0), y: tensorAt(at, 1) }) };
}

export interface Settings extends Stretches {
  readonly updates: number;
  /** Updates that are made, where they are to be the first ones of `updates`. */
  readonly until?: number;
  readonly learningRate: number;
}

/** Trains `model`, which is used up. Returns it with the loss of every update, in nats a character. */
export async function train(
  model: CharacterLstm,
  tokens: Int32Array,
  backend: Backend,
  { updates, until = updates, learningRate, ...shape }: Settings,
  onProgress: (update: number, loss: number) => void,
): Promise<{ readonly model: CharacterLstm; readonly losses: readonly number[] }> {
  const { schedules } = optim;
  const rate = schedules.warmup(
    Math.min(50, updates),
    schedules.cosine(learningRate, updates, { final: learningRate / 10 }),
  );
  const optimizer = optim.clipped(optim.adam({ learningRate: rate }), { globalNorm: 1 });
  const step = jit(
    (
      current: CharacterLstm,
      state: optim.StateOf<typeof optimizer>,
      carried: readonly nn.LSTMState[],
      x: Tensor,
      y: Tensor,
    ) => {
      const lossOf = (m: CharacterLstm): readonly [Tensor, readonly nn.LSTMState[]] => {
        const [logits, next] = m.read(x, carried);
        return [losses.crossEntropy(logits, y), next];
      };
      const [[loss, next], gradients] = valueAndGrad(lossOf, { aux: true })(current);
      const [updated, nextState] = optimizer.update(current, gradients, state);
      return { model: updated, state: nextState, carried: next, loss };
    },
    { donate: [0, 1, 2], name: 'step' },
  );
  const text = stretchesOf(tokens, shape);
  let now = model.to(backend);
  let state = optimizer.init(now);
  let carried = now.start(shape.rows).map(({ hidden, cell }) => ({ hidden: hidden.to(backend), cell: cell.to(backend) })); // prettier-ignore
  const found: number[] = [];
  for (let update = 0; update < until; update++) {
    const { x, y } = text.at(update);
    const made = step(now, state, carried, x, y);
    [now, state, carried] = [made.model, made.state, [...made.carried]];
    const loss = await made.loss.item();
    dispose(made.loss);
    found.push(loss);
    onProgress(update + 1, loss);
  }
  step.dispose();
  dispose([state, carried]);
  return { model: now, losses: found };
}

/** Mean loss over `count` stretches of another text, whose state goes from each to the next. */
export async function validate(
  model: CharacterLstm,
  tokens: Int32Array,
  backend: Backend,
  shape: Stretches,
  count: number,
): Promise<number> {
  const evaluate = jit(
    (m: CharacterLstm, carried: readonly nn.LSTMState[], x: Tensor, y: Tensor) => {
      const [logits, next] = m.read(x, carried);
      return { carried: next, loss: losses.crossEntropy(logits, y) };
    },
    { backend },
  ); // prettier-ignore
  const text = stretchesOf(tokens, shape);
  let carried = model.start(shape.rows).map(({ hidden, cell }) => ({ hidden: hidden.to(backend), cell: cell.to(backend) })); // prettier-ignore
  let [sum, made] = [0, 0];
  for (; made < Math.min(count, text.count); made++) {
    const { x, y } = text.at(made);
    const next = evaluate(model, carried, x, y);
    dispose(carried);
    carried = [...next.carried];
    sum += await next.loss.item();
    dispose(next.loss);
  }
  evaluate.dispose();
  dispose(carried);
  return sum / made;
}
