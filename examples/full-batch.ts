/** Training as the examples of configs need it: all data in every step. */
import { dispose, fit, jit, optim, valueAndGrad, type Backend, type nn, type Tensor } from 'heddle';

export interface Fitted<M> {
  readonly network: M;
  readonly losses: readonly number[];
}

/** Takes `steps` steps of Adam along the gradient of `loss`. `network` is used up. */
export async function fitFullBatch<M extends nn.Module>(
  network: M,
  loss: (network: M) => Tensor,
  {
    backend,
    steps,
    rate = 0.02,
  }: { readonly backend: Backend; readonly steps: number; readonly rate?: number },
): Promise<Fitted<M>> {
  const optimizer = optim.adam({ learningRate: optim.schedules.cosine(rate, steps) });
  type State = ReturnType<typeof optimizer.init>;
  const step = jit(
    (net: M, state: State) => {
      const [value, gradients] = valueAndGrad(loss)(net);
      const [next, nextState] = optimizer.update(net, gradients, state);
      return { model: next, state: nextState, loss: value };
    },
    { donate: [0, 1], name: 'step' },
  );
  const model = network.to(backend);
  const { state, ...fitted } = await fit({ model, state: optimizer.init(model) }, step, { steps });
  step.dispose();
  dispose(state);
  return { network: fitted.model, losses: fitted.losses };
}
