/** Heddle trains 784-128-10 for 50 steps of 128 examples from a seed; the result is its losses. It needs no model. */
import {
  jit,
  losses,
  nn,
  openWasmDevice,
  optim,
  random,
  tensor,
  valueAndGrad,
  wasm,
} from '../../../dist/index.js';
import { workOf } from '../client.mjs';

const [STEPS, BATCH, PIXELS, CLASSES] = [50, 128, 784, 10];

export const work = workOf(async () => {
  const backend = wasm(await openWasmDevice());
  const [first, second, forImages] = random.split(random.key(1), 3);
  let model = new nn.Sequential(new nn.Linear(PIXELS, 128, { key: first }), nn.relu, new nn.Linear(128, CLASSES, { key: second })).to(backend); // prettier-ignore
  const images = random.uniform(forImages, [BATCH, PIXELS]);
  const labels = tensor(Int32Array.from({ length: BATCH }, (_, i) => i % CLASSES));
  const optimizer = optim.adam({ learningRate: 0.004 });
  let state = optimizer.init(model);
  const step = jit(
    (model, state) => {
      const [loss, gradients] = valueAndGrad((m) => losses.crossEntropy(m.call(images), labels))(model);
      const [next, nextState] = optimizer.update(model, gradients, state);
      return { model: next, state: nextState, loss };
    },
    { donate: [0, 1], backend },
  );
  const found = [];
  for (let i = 0; i < STEPS; i++) {
    const result = step(model, state);
    [model, state] = [result.model, result.state];
    found.push((await result.loss.data())[0]);
  }
  return Float32Array.from(found);
});
