/** Heddle's side: the public API, exact mode, the WebAssembly engine. */
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { compile, interpret, openWasmDevice, prepare, WASM_TARGET } from '../../dist/index.js';
import { importOnnx } from '../../dist/frontends/onnx/index.js';
import { reluModel } from '../onnx.mjs';

export const name = 'heddle';
export const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

let device;

/** The engine, and a model of one Relu, as onnxruntime's start has it. */
export async function init(threads) {
  device = await openWasmDevice({ threads });
  const inputs = [{ name: 'x', dims: [1], dtype: 'float32', data: new Float32Array([-1]) }];
  const session = await load({ bytes: reluModel(), inputs });
  await session.run();
  session.dispose();
}

const programOf = ({ bytes, shapes }) => importOnnx(bytes, shapes && { inputShapes: shapes });

/** Inputs as the program has them: int64 is i32 here. */
const tensorsOf = (ports, inputs) =>
  Object.fromEntries(
    ports.map(({ name, dtype, shape }, i) => {
      const { data } = inputs.find((input) => input.name === name) ?? inputs[i];
      return [
        name,
        { dtype, shape, data: data instanceof BigInt64Array ? Int32Array.from(data, Number) : data },
      ];
    }),
  );

/** @param {import('./models.mjs').CpuModel} model */
export async function load(model) {
  const program = programOf(model);
  const compiled = await compile(program, { device });
  const { plan } = compiled.executable;
  const inputs = tensorsOf(plan.inputs, model.inputs);
  const listed = (outputs) =>
    plan.outputs.map(({ name, shape }) => ({ name, dims: shape, data: outputs[name].data }));
  return {
    run: async () => listed(await compiled.run(inputs)),
    /** The same by the interpreter. */
    interpret: () => listed(interpret(program, inputs).outputs),
    dispose: () => compiled.dispose(),
  };
}

/** Imports and compiles without running. @param {import('./models.mjs').CpuModel} model */
export function compileOnly(model) {
  const start = performance.now();
  const { planned } = prepare(programOf(model), { target: WASM_TARGET });
  const totalMs = performance.now() - start;
  const { bytes } = planned.module;
  return {
    totalMs,
    kernels: planned.plan.commands.length,
    bytes: bytes.length,
    gzipBytes: gzipSync(bytes).length,
  };
}
