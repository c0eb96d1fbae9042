/** TensorFlow.js's side: eager ops inside of an optimiser's `minimize`, images with their channels last. */
import { init as start } from '../peers/tfjs.mjs';
import { channelsLast } from './layouts.mjs';

export { name, version } from '../peers/tfjs.mjs';

/** @type {typeof import('@tensorflow/tfjs')} */
let tf;

/** @param {{ backend: 'webgpu' | 'wasm', threads?: number }} options */
export async function init({ backend, threads }) {
  tf = await start(backend, threads);
}

/** Linear layers that read images, by workload. */
const AFTER_IMAGES = { cnn: { 'hidden.weight': { channels: 32, side: 4 } } };

/** x W + b over the last axis. */
function linear(own, name, x) {
  const [weight, bias] = [own[`${name}.weight`], own[`${name}.bias`]];
  const rows = tf.matMul(tf.reshape(x, [-1, weight.shape[0]]), weight);
  const result = bias === undefined ? rows : tf.add(rows, bias);
  return tf.reshape(result, [...x.shape.slice(0, -1), weight.shape[1]]);
}

function norm(own, name, x) {
  const centered = tf.sub(x, tf.mean(x, -1, true));
  const variance = tf.mean(tf.square(centered), -1, true);
  const scaled = tf.mul(centered, tf.rsqrt(tf.add(variance, 1e-5)));
  return tf.add(tf.mul(scaled, own[`${name}.weight`]), own[`${name}.bias`]);
}

/** By tanh. */
function gelu(x) {
  const inner = tf.mul(Math.sqrt(2 / Math.PI), tf.add(x, tf.mul(0.044715, tf.mul(x, tf.square(x)))));
  return tf.mul(tf.mul(0.5, x), tf.add(1, tf.tanh(inner)));
}

const convolve = (own, name, x) =>
  tf.add(tf.conv2d(x, own[`${name}.weight`], 1, 'valid'), own[`${name}.bias`]);
const pool = (x) => tf.maxPool(x, 2, 2, 'valid');

function attention(own, name, x, { heads }, mask) {
  const [batch, length, features] = x.shape;
  const part = (which) => {
    const projected = linear(own, `${name}.${which}`, x);
    return tf.transpose(tf.reshape(projected, [batch, length, heads, features / heads]), [0, 2, 1, 3]);
  };
  const scores = tf.mul(tf.matMul(part('query'), part('key'), false, true), 1 / Math.sqrt(features / heads));
  const seen = tf.matMul(tf.softmax(tf.add(scores, mask)), part('value'));
  return linear(own, `${name}.output`, tf.reshape(tf.transpose(seen, [0, 2, 1, 3]), x.shape));
}

function block(own, name, x, size, mask) {
  const looked = attention(own, `${name}.attention`, norm(own, `${name}.attentionNorm`, x), size, mask);
  const value = tf.add(x, looked);
  const hidden = gelu(linear(own, `${name}.feedForward.up`, norm(own, `${name}.feedForwardNorm`, value)));
  return tf.add(value, linear(own, `${name}.feedForward.down`, hidden));
}

/** Logits [examples, classes]. */
const MODELS = {
  mlp: (own, x) => linear(own, 'output', tf.relu(linear(own, 'hidden', tf.reshape(x, [-1, 784])))),
  cnn(own, x) {
    const first = pool(tf.relu(convolve(own, 'first', x)));
    const second = pool(tf.relu(convolve(own, 'second', first)));
    return linear(own, 'output', tf.relu(linear(own, 'hidden', tf.reshape(second, [-1, 512]))));
  },
  transformer(own, x, size, mask) {
    let value = tf.add(tf.gather(own['tokens.weight'], x), own['positions.weight']);
    for (let i = 0; i < size.layers; i++) value = block(own, `blocks.${i}`, value, size, mask);
    return tf.reshape(linear(own, 'head', norm(own, 'norm', value)), [-1, size.vocabulary]);
  },
};

/** What hides the future when added to scores. */
function causalMask({ length }) {
  const hidden = -1e9;
  const data = Float32Array.from({ length: length ** 2 }, (_, i) =>
    i % length > Math.floor(i / length) ? hidden : 0,
  );
  return tf.tensor(data, [length, length]);
}

/**
 * @param {import('./workloads.mjs').Workload} workload
 * @param {ReturnType<import('./workloads.mjs').Workload['parameters']>} initial
 */
export function open({ name, batch, sgd: { learningRate, momentum }, size }, initial) {
  const own = Object.fromEntries(
    Object.entries(channelsLast(initial, AFTER_IMAGES[name])).map(([key, { shape, data }]) => {
      const value = tf.tensor(data, shape);
      const variable = tf.variable(value);
      value.dispose();
      return [key, variable];
    }),
  );
  const optimizer = momentum === 0 ? tf.train.sgd(learningRate) : tf.train.momentum(learningRate, momentum);
  const mask = size === undefined ? undefined : causalMask(size);
  const classes = size?.vocabulary ?? 10;
  const variables = Object.values(own);

  /** The loss, a tensor. */
  const train = ({ x, y }) =>
    tf.tidy(() => {
      const inputs =
        x instanceof Float32Array
          ? tf.tensor(x, [batch, 28, 28, 1])
          : tf.tensor(x, [batch, x.length / batch], 'int32');
      const labels = tf.oneHot(tf.tensor(y, [y.length], 'int32'), classes);
      return optimizer.minimize(
        () => tf.losses.softmaxCrossEntropy(labels, MODELS[name](own, inputs, size, mask)),
        true,
        variables,
      );
    });

  return {
    /** Starts a step on a batch; what it returns reads the loss. */
    step(data) {
      const loss = train(data);
      return async () => {
        const [value] = await loss.data();
        loss.dispose();
        return value;
      };
    },
    dispose() {
      tf.dispose([own, mask]);
      optimizer.dispose();
    },
  };
}
