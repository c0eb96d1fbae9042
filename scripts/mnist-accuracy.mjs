// Classifies the 10,000 MNIST test images with mnist-cntk, on the interpreter and on a WebGPU device, and compares every
// output bit. Needs the data folder (HEDDLE_DATA, or ../shared):  node scripts/mnist-accuracy.mjs [webgpu:NAME]
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { compile, interpret } from '../dist/index.js';
import { importOnnx } from '../dist/frontends/onnx/index.js';
import { needsRestart, openNodeDevice } from '../dist/node/index.js';
import { spawnSync } from 'node:child_process';

const data = process.env.HEDDLE_DATA ?? fileURLToPath(new URL('../../shared', import.meta.url));
const model = join(data, 'onnx/models/mnist-cntk/model.onnx');
if (!existsSync(model)) {
  console.error(`there is no ${model}: set HEDDLE_DATA to the folder with onnx/ and mnist/`);
  process.exit(2);
}
const deviceName = process.argv[2] ?? 'webgpu:swiftshader';
const env = await needsRestart(deviceName);
if (env !== undefined) {
  const { status } = spawnSync(process.execPath, process.argv.slice(1), {
    env: { ...process.env, ...env },
    stdio: 'inherit',
  });
  process.exit(status ?? 1);
}

/** The bytes after the header of an idx file: 4 for the magic number and 4 for each axis. */
const idx = (name) => {
  const bytes = gunzipSync(readFileSync(join(data, 'mnist', name)));
  return bytes.subarray(4 + 4 * bytes[3]);
};
const images = idx('t10k-images-idx3-ubyte.gz');
const labels = idx('t10k-labels-idx1-ubyte.gz');

const program = importOnnx(readFileSync(model));
const device = await openNodeDevice(deviceName);
const compiled = await compile(program, { device });
const [input] = compiled.executable.plan.inputs;
const { subnormals } = device.profile;
const { optimized } = { optimized: compiled.prepared.program };

let [right, differing, met] = [0, 0, 0];
for (let i = 0; i < labels.length; i++) {
  const pixels = Float32Array.from(images.subarray(i * 784, (i + 1) * 784));
  const inputs = { [input.name]: { dtype: 'f32', shape: input.shape, data: pixels } };
  const [found] = Object.values(await compiled.run(inputs));
  const reference = interpret(optimized, inputs, { subnormals });
  const [expected] = Object.values(reference.outputs);
  met += reference.subnormals;
  const bits = ({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  if (!bits(found).equals(bits(expected))) differing++;
  if (found.data.indexOf(Math.max(...found.data)) === labels[i]) right++;
  if ((i + 1) % 1000 === 0) console.error(`${i + 1} images`);
}
console.log(
  `${device.name}: accuracy ${((100 * right) / labels.length).toFixed(2)}%, ${differing} of ${labels.length} images differ ` +
    `in any bit from the interpreter, ${met} operations met a subnormal`,
);
process.exit(differing === 0 ? 0 : 1);
