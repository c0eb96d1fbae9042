/** Training as the examples of configs need it: all data in every step. */
import { jit, optim, readAll, valueAndGrad, type Backend, type nn, type Tensor } from 'heddle';

export interface Fit<M> {
  readonly network: M;
  readonly losses: readonly number[];
}

/** Takes `steps` steps of Adam along the gradient of `loss`. `network` is used up. */
export async function fit<M extends nn.Module>(
  network: M,
  loss: (network: M) => Tensor,
  {
    backend,
    steps,
    rate = 0.02,
  }: { readonly backend: Backend; readonly steps: number; readonly rate?: number },
): Promise<Fit<M>> {
  const optimizer = optim.adam({ learningRate: optim.schedules.cosine(rate, steps) });
  type State = ReturnType<typeof optimizer.init>;
  const step = jit(
    (net: M, state: State) => {
      const [value, gradients] = valueAndGrad(loss)(net);
      const [next, nextState] = optimizer.update(net, gradients, state);
      return { network: next, state: nextState, value };
    },
    { donate: [0, 1], name: 'step' },
  );
  let current = network.to(backend);
  let state = optimizer.init(current);
  const values: Tensor[] = [];
  for (let i = 0; i < steps; i++) {
    const result = step(current, state);
    [current, state] = [result.network, result.state];
    values.push(result.value);
  }
  const losses = (await readAll(values)).map(({ data: [value] }) => value);
  step.dispose();
  return { network: current, losses };
}
