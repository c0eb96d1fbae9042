/** The heat equation on a torus, in each library's own words: every step reads each element at five places. */
import * as jaxPeer from '../peers/jax.mjs';
import { openNodeDevice } from '../../dist/node/index.js';
import { concat, jit, tensor, webgpu } from '../../dist/index.js';

/** @typedef {{ run: () => Promise<Float32Array>, dispose: () => void }} Session `run` goes through all steps and reads the end */

const RATE = 0.1;

function rolled(x, by, axis) {
  const extent = x.shape[axis];
  const cut = by > 0 ? extent - by : -by;
  const part = (from, to) => x.slice(...x.shape.map((_, i) => (i === axis ? [from, to] : null)));
  return concat([part(cut, extent), part(0, cut)], axis);
}

const step = (x) =>
  x.add(
    rolled(x, 1, 0)
      .add(rolled(x, -1, 0))
      .add(rolled(x, 1, 1))
      .add(rolled(x, -1, 1))
      .sub(x.mul(4))
      .mul(RATE),
  );

function states(x, steps) {
  const all = [];
  for (let i = 0; i < steps; i++) all.push((x = step(x)));
  return all;
}

/** Heddle, with what fusion decides, or with every step as a result that has to be stored. */
async function heddle({ size, steps, start, device, stored }) {
  const opened = await openNodeDevice(device);
  const backend = webgpu(opened);
  const x = tensor({ dtype: 'f32', shape: [size, size], data: start }).to(backend);
  const run = jit((given) => (stored ? states(given, steps) : [states(given, steps).at(-1)]), { backend });
  return {
    run: async () => {
      const results = run(x);
      const data = await results.at(-1).data();
      for (const result of results) result.dispose();
      return data;
    },
    dispose: () => opened.gpu.destroy(),
  };
}

/** jax-js: one step under `jit`, called for each step. All steps in one `jit` take it longer. */
async function jax({ size, steps, start, whole }) {
  const { numpy: np, jit: compile } = await jaxPeer.init();
  const roll = (x, by, axis) => np.roll(x, by, axis);
  const once = (x) => {
    const around = roll(x.ref, 1, 0)
      .add(roll(x.ref, -1, 0))
      .add(roll(x.ref, 1, 1))
      .add(roll(x.ref, -1, 1));
    return x.ref.add(around.sub(x.mul(4)).mul(RATE));
  };
  const all = (x) => {
    for (let i = 0; i < steps; i++) x = once(x);
    return x;
  };
  const compiled = compile(whole ? all : once);
  const x = np.array(start).reshape([size, size]);
  return {
    run: async () => {
      let state = compiled(x.ref);
      if (!whole) for (let i = 1; i < steps; i++) state = compiled(state);
      return state.data();
    },
    dispose: () => compiled.dispose(),
  };
}

/** @type {Record<string, (given: any) => Promise<Session>>} */
export const SIDES = {
  heddle: (given) => heddle({ ...given, stored: false }),
  'heddle, every step stored': (given) => heddle({ ...given, stored: true }),
  '@jax-js/jax, a call a step': (given) => jax({ ...given, whole: false }),
};
