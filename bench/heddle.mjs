/**
 * Heddle's side of the benchmark, from the build in the repository root (`npm run build`). Nothing is measured here that a
 * user would not get: the public API, exact mode, the device chosen by name.
 */
import { readFileSync } from 'node:fs';
import { compile, prepare } from '../dist/index.js';
import { openNodeDevice } from '../dist/node/index.js';
import { importOnnx } from '../dist/frontends/onnx/index.js';

export const name = 'heddle';
export const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

let device;

/**
 * What a program pays once, whatever the model: the device and its probe.
 * @param {{ device: string }} options the device in heddle's own spelling, e.g. `webgpu:llvmpipe`
 */
export async function init(options) {
  device = await openNodeDevice(options.device);
}

/** ONNX bytes to a graph, timed. */
function importTimed(bytes) {
  const start = performance.now();
  const program = importOnnx(bytes);
  return { program, importMs: performance.now() - start };
}

/**
 * Imports and compiles a model for the device; the first `run` may still build pipelines. The harness times both.
 * @param {Uint8Array} bytes the ONNX file
 */
export async function load(bytes) {
  const { program, importMs } = importTimed(bytes);
  const start = performance.now();
  const compiled = await compile(program, { device });
  const compileMs = performance.now() - start;
  const { plan } = compiled.executable;
  const dtypes = { f32: 'float32', i32: 'int32', bool: 'bool' };
  return {
    async run(inputs) {
      const tensors = plan.inputs.map(({ name, dtype, shape }, i) => [
        name,
        { dtype, shape, data: inputs[i].data },
      ]);
      const outputs = await compiled.run(Object.fromEntries(tensors));
      return plan.outputs.map(({ name, dtype, shape }) => ({
        name,
        dims: shape,
        dtype: dtypes[dtype] ?? dtype,
        data: outputs[name].data,
      }));
    },
    dispose: () => compiled.dispose(),
    stats: {
      dispatches: compiled.executable.stats.kernels,
      submits: compiled.executable.stats.submits,
      peakArenaBytes: plan.arenaBytes,
      lowerBoundBytes: plan.arenaLowerBound,
      importMs,
      compileMs,
    },
  };
}

/**
 * Imports and compiles to WGSL and plan, without a device.
 * @param {Uint8Array} bytes the ONNX file
 */
export async function compileOnly(bytes) {
  const { program, importMs } = importTimed(bytes);
  const start = performance.now();
  const { plan } = prepare(program).planned;
  const compileMs = performance.now() - start;
  return {
    importMs,
    compileMs,
    kernels: plan.commands.length,
    peakArenaBytes: plan.arenaBytes,
    lowerBoundBytes: plan.arenaLowerBound,
  };
}
