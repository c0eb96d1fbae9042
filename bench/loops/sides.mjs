/** An LSTM over a sequence, in each library's own words. */
import { compile, openWasmDevice } from '../../dist/index.js';
import { importOnnx } from '../../dist/frontends/onnx/index.js';
import { openNodeDevice } from '../../dist/node/index.js';
import * as ortCpu from '../cpu/ort.mjs';
import * as jaxPeer from '../peers/jax.mjs';
import * as ortGpu from '../peers/ort.mjs';
import { lstmModel } from './model.mjs';

/** @typedef {{ run: () => Promise<Float32Array> }} Session `run` gives all outputs, [steps, batch, units] */
/** @typedef {{ name: string, where: 'gpu' | 'cpu', open: (layer: import('./model.mjs').Layer, job: any) => Promise<Session>, isSlow?: boolean }} Side `isSlow`: to start */

/** Heddle, of the ONNX file. */
const heddle = (openDevice) => async (layer, job) => {
  const device = await openDevice(job);
  const compiled = await compile(importOnnx(lstmModel(layer)), { device });
  const { steps, batch, units } = layer.size;
  const X = { dtype: 'f32', shape: [steps, batch, units], data: layer.input };
  return { run: async () => (await compiled.run({ X })).Y.data };
};

/** onnxruntime-web, of the same file. */
const ort = (peer) => async (layer, job) => {
  await peer.init(job.threads);
  const { steps, batch, units } = layer.size;
  const inputs = [{ name: 'X', dims: [steps, batch, units], dtype: 'float32', data: layer.input }];
  const bytes = lstmModel(layer);
  const session = await peer.load(peer === ortCpu ? { bytes, inputs } : bytes);
  return { run: async () => (await session.run(inputs))[0].data };
};

/**
 * jax-js, which has no scan: a step under `jit`, called for each element of the sequence, or all steps under one `jit`. The elements
 * lie on the device, one by one, before anything is timed.
 */
const jax = (whole) => async (layer) => {
  const { jit, nn, numpy: np } = await jaxPeer.init();
  const { steps, batch, units } = layer.size;
  const array = (data, shape) => np.array(data).reshape(shape);
  const weights = [
    array(layer.weight, [4 * units, units]).transpose(),
    array(layer.recurrence, [4 * units, units]).transpose(),
    array(layer.bias, [4 * units]),
  ];
  const elements = Array.from({ length: steps }, (_, t) =>
    array(layer.input.slice(t * batch * units, (t + 1) * batch * units), [batch, units]),
  );
  const zeros = array(new Float32Array(batch * units), [batch, units]);
  const cell = (x, h, c, [weight, recurrence, bias]) => {
    const gates = np.matmul(x, weight).add(np.matmul(h, recurrence)).add(bias);
    const gate = (g) => (g < 3 ? gates.ref : gates).slice([], [g * units, (g + 1) * units]);
    const [input, output, forget] = [0, 1, 2].map((g) => nn.sigmoid(gate(g)));
    const next = forget.mul(c).add(input.mul(np.tanh(gate(3))));
    return [output.mul(np.tanh(next.ref)), next];
  };
  const step = jit((x, h, c, weight, recurrence, bias) => cell(x, h, c, [weight, recurrence, bias]));
  const stacked = jit((...all) => np.stack(all));
  const refs = (arrays) => arrays.map((each) => each.ref);
  const over = (xs, own, stepOf) => {
    let [h, c] = [zeros.ref, zeros.ref];
    return xs.map((x) => ([h, c] = stepOf(x, h, c, own()))[0].ref);
  };
  const all = jit((xs, h0, weight, recurrence, bias) => {
    let [h, c] = [h0.ref, h0];
    const hs = [];
    for (const x of xs) {
      [h, c] = cell(x, h, c, [weight.ref, recurrence.ref, bias.ref]);
      hs.push(h.ref);
    }
    return np.stack(hs);
  });
  return {
    run: () =>
      whole
        ? all(refs(elements), zeros.ref, ...refs(weights)).data()
        : stacked(...over(refs(elements), () => refs(weights), (x, h, c, own) => step(x, h, c, ...own))).data(), // prettier-ignore
  };
};

/** @type {readonly Side[]} ours first */
export const SIDES = [
  { name: 'heddle, WebGPU', where: 'gpu', open: heddle(({ device }) => openNodeDevice(device.heddle)) },
  { name: 'onnxruntime-web, WebGPU', where: 'gpu', open: ort(ortGpu) },
  { name: '@jax-js/jax, a call a step', where: 'gpu', open: jax(false), isSlow: true },
  { name: '@jax-js/jax, all steps in one jit', where: 'gpu', open: jax(true) },
  { name: 'heddle, WebAssembly', where: 'cpu', open: heddle(({ threads }) => openWasmDevice({ threads })) },
  { name: 'onnxruntime-web, WebAssembly', where: 'cpu', open: ort(ortCpu) },
];
