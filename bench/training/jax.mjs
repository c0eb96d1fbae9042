/** jax-js's side: the whole step, gradients and update, under one `jit`. */
import { init as start } from '../peers/jax.mjs';
import { inputsFirst } from './layouts.mjs';

export { name, version } from '../peers/jax.mjs';

/** @type {typeof import('@jax-js/jax')} */
let jax;
let lax, nn, np, tree;

/** @param {{ backend: 'webgpu' | 'wasm' }} options */
export async function init({ backend }) {
  jax = await start(backend);
  ({ lax, nn, numpy: np, tree } = jax);
}

/**
 * Parameters by name. Every array may be used once: `take` counts one use of a parameter more.
 * @typedef {(name: string) => import('@jax-js/jax').numpy.Array} Take
 */

const linear = (take, name, x) => np.matmul(x, take(`${name}.weight`)).add(take(`${name}.bias`));
const norm = (take, name, x) =>
  nn
    .standardize(x, -1, { epsilon: 1e-5 })
    .mul(take(`${name}.weight`))
    .add(take(`${name}.bias`));
const pool = (x) => lax.reduceWindow(x, np.max, [2, 2], [2, 2]);
const convolve = (take, name, x) =>
  lax.conv(x, take(`${name}.weight`), [1, 1], 'VALID').add(take(`${name}.bias`).reshape([-1, 1, 1]));

function attention(take, name, x, { heads }) {
  const [batch, length, features] = x.shape;
  const part = (which) =>
    linear(take, `${name}.${which}`, x.ref).reshape([batch, length, heads, features / heads]);
  const seen = nn.dotProductAttention(part('query'), part('key'), part('value'), { isCausal: true });
  x.dispose();
  return linear(take, `${name}.output`, seen.reshape([batch, length, features]));
}

function block(take, name, x, size) {
  const looked = attention(take, `${name}.attention`, norm(take, `${name}.attentionNorm`, x.ref), size);
  const value = x.add(looked);
  const hidden = nn.gelu(
    linear(take, `${name}.feedForward.up`, norm(take, `${name}.feedForwardNorm`, value.ref)),
  );
  return value.add(linear(take, `${name}.feedForward.down`, hidden));
}

/** Logits [examples, classes]. */
const MODELS = {
  mlp: (take, x) => linear(take, 'output', nn.relu(linear(take, 'hidden', x.reshape([-1, 784])))),
  cnn(take, x) {
    const first = pool(nn.relu(convolve(take, 'first', x)));
    const second = pool(nn.relu(convolve(take, 'second', first)));
    return linear(take, 'output', nn.relu(linear(take, 'hidden', second.reshape([-1, 512]))));
  },
  transformer(take, x, size) {
    let value = np.take(take('tokens.weight'), x, 0).add(take('positions.weight'));
    for (let i = 0; i < size.layers; i++) value = block(take, `blocks.${i}`, value, size);
    const logits = np.matmul(norm(take, 'norm', value), take('head.weight'));
    return logits.reshape([-1, size.vocabulary]);
  },
};

/** The mean of -log softmax(logits)[label]. */
function crossEntropy(logits, labels) {
  const [examples, classes] = logits.shape;
  return nn
    .logSoftmax(logits)
    .mul(nn.oneHot(labels, classes))
    .sum()
    .mul(-1 / examples);
}

/**
 * @param {import('./workloads.mjs').Workload} workload
 * @param {ReturnType<import('./workloads.mjs').Workload['parameters']>} initial
 */
export function open({ name, batch, sgd: { learningRate, momentum }, size }, initial) {
  const named = Object.entries(inputsFirst(initial));
  let parameters = Object.fromEntries(
    named.map(([key, { shape, data }]) => [key, np.array(data).reshape(shape)]),
  );
  let velocity =
    momentum === 0 ? {} : Object.fromEntries(named.map(([key, { shape }]) => [key, np.zeros(shape)]));

  const lossOf = (own, x, y) => {
    const loss = crossEntropy(
      MODELS[name]((key) => own[key].ref, x, size),
      y,
    );
    tree.dispose(own);
    return loss;
  };
  const step = jax.jit((own, before, x, y) => {
    const [loss, gradients] = jax.valueAndGrad(lossOf)(tree.ref(own), x, y);
    if (momentum === 0) return [tree.map((p, g) => p.sub(g.mul(learningRate)), own, gradients), {}, loss];
    const after = tree.map((v, g) => v.mul(momentum).add(g), before, gradients);
    return [tree.map((p, v) => p.sub(v.mul(learningRate)), own, tree.ref(after)), after, loss];
  });
  const images = ({ x }) => np.array(x).reshape([batch, 1, 28, 28]);
  const tokens = ({ x }) => np.array(x).reshape([batch, x.length / batch]);

  return {
    /** Starts a step on a batch; what it returns reads the loss. */
    step(data) {
      const x = data.x instanceof Float32Array ? images(data) : tokens(data);
      const [nextParameters, nextVelocity, loss] = step(parameters, velocity, x, np.array(data.y));
      [parameters, velocity] = [nextParameters, nextVelocity];
      return async () => (await loss.data())[0];
    },
    dispose() {
      tree.dispose(parameters);
      tree.dispose(velocity);
      step.dispose();
    },
  };
}
