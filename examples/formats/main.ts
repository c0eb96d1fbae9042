/**
 * `npm run example formats`: a network is saved in every format and loaded again, and what comes out of it is compared: the difference
 * is 0. In formats of fewer bits it is compared with the network whose weights are what the format can hold.
 */
import Table from 'cli-table3';
import {
  compile,
  loadCheckpoint,
  openWasmDevice,
  random,
  readAll,
  saveCheckpoint,
  type Program,
  type TensorData,
} from 'heddle';
import { fromConfig, fromLoomBundle, networkProgram, toLoomBundle, type Chain } from 'heddle/config';
import { readSafetensors, writeSafetensors } from 'heddle/data';
import { exportOnnx, importOnnx } from 'heddle/onnx';
import {
  dequantizeTensor,
  NUMERIC_TYPES,
  quantizeWeights,
  readQuantized,
  withQuantized,
  writeQuantized,
} from 'heddle/quantize';
import { command, readOptions } from '../arguments.js';

readOptions<{ readonly device: string }>(
  command('formats', 'Saves a network in every format, and loads it again.', 'reference'),
);
const config = {
  input: [1, 12, 12],
  seed: 3,
  layers: [
    { type: 'conv2d', filters: 4, kernel_size: 3, activation: 'relu' },
    { type: 'parallel', combine_mode: 'filter', filter_gate: { type: 'dense', output_size: 2 }, branches: [{ type: 'dense', output_size: 24, activation: 'tanh' }, { type: 'dense', output_size: 24 }] }, // prettier-ignore
    { type: 'dense', output_size: 10, activation: 'softmax' },
  ],
} as const;
const network = fromConfig(config);
const [input] = await readAll([random.normal(1, [2, 1, 12, 12])]);
const engine = await openWasmDevice({ threads: 1 });
const table = new Table({ head: ['format', 'bytes', 'largest difference'], style: { head: [] } });

async function outputs(program: Program): Promise<ArrayLike<number>> {
  const model = await compile(program, { device: engine });
  const { output } = await model.run({ input });
  model.dispose();
  return output.data;
}

const programOf = (net: Chain): Promise<Program> => networkProgram(net, 2);
const expected = await outputs(await programOf(network));
function row(
  format: string,
  bytes: number,
  found: ArrayLike<number>,
  wanted: ArrayLike<number> = expected,
): void {
  const difference = Array.from(found, (value, i) => Math.abs(value - wanted[i])).reduce((a, b) =>
    Math.max(a, b),
  );
  table.push([format, bytes.toLocaleString('en'), String(difference)]);
  // NaN would be no difference of 0 either.
  if (difference !== 0) process.exitCode = 1;
}

async function stateOf(net: Chain): Promise<Map<string, TensorData>> {
  const state = Object.entries(net.state());
  const data = await readAll(state.map(([, leaf]) => leaf));
  return new Map(state.map(([name], i) => [name, data[i]]));
}

const file = writeSafetensors(await stateOf(network));
const other = { ...config, seed: 4 };
row('safetensors', file.length, await outputs(await programOf(fromConfig(other, { weights: readSafetensors(file).tensors })))); // prettier-ignore
for (const format of ['jsonModelB64', 'multiPrecisionB64'] as const) {
  const bundle = await toLoomBundle(network, config, { format });
  const loaded = fromLoomBundle(JSON.parse(bundle));
  row(`LOOM's bundle, ${format}`, bundle.length, await outputs(await programOf(loaded)));
}
const checkpoint = await saveCheckpoint({ model: network });
const restored = loadCheckpoint(checkpoint, { model: fromConfig(other) }).model;
row('checkpoint', checkpoint.length, await outputs(await programOf(restored)));
const program = await programOf(network);
const onnx = exportOnnx(program);
row('ONNX', onnx.length, await outputs(importOnnx(onnx)));
for (const type of NUMERIC_TYPES) {
  const quantized = quantizeWeights(program, { type });
  const bytes = writeQuantized({ quantized, tensors: new Map() });
  const read = readQuantized(bytes, type).quantized;
  const weights = new Map([...program.weights].map(([id, tensor]) => [id, quantized.has(id) ? dequantizeTensor(quantized.get(id)!) : tensor])); // prettier-ignore
  row(`safetensors, ${type}`, bytes.length, await outputs(withQuantized(program, read)), await outputs({ ...program, weights })); // prettier-ignore
}
console.log(table.toString());
engine.dispose();
