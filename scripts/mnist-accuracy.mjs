// Classifies MNIST test images with mnist-cntk, on the interpreter and on a WebGPU device, and compares every output bit.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { built, dataPath, readArguments, refuse } from './script.mjs';

const HELP = `node scripts/mnist-accuracy.mjs [options] [device]

Classifies the MNIST test images with mnist-cntk on a device, and compares every bit with the interpreter's.

  device            webgpu, or webgpu:NAME (default: webgpu:swiftshader)
  --images <n>      only the first n of the 10,000 images
  -h, --help        print this

The model and the images lie in onnx/models/mnist-cntk and mnist of the data folder: HEDDLE_DATA, or the folder shared
beside this repository.
Exit codes: 0 no bit differs, 1 some do, 2 the data is not there or the arguments are wrong.`;

const { values: options, positionals } = readArguments(HELP, {
  allowPositionals: true,
  options: { images: { type: 'string', default: '10000' } },
});
if (positionals.length > 1) refuse(`one device, not ${positionals.join(' ')}`, '', HELP);
if (!/^[1-9]\d{0,4}$/.test(options.images)) refuse(`--images is a number, not ${options.images}`, '', HELP);
const [deviceName = 'webgpu:swiftshader'] = positionals;

const model = dataPath('onnx/models/mnist-cntk/model.onnx');
const mnist = dataPath('mnist');
const { compile, interpret } = await built('index.js');
const { importOnnx } = await built('frontends/onnx/index.js');
const { openNodeDevice } = await built('node/index.js');

/** The bytes after the header of an idx file: 4 for the magic number and 4 for each axis. */
const idx = (name) => {
  const bytes = gunzipSync(readFileSync(join(mnist, name)));
  return bytes.subarray(4 + 4 * bytes[3]);
};
const images = idx('t10k-images-idx3-ubyte.gz');
const labels = idx('t10k-labels-idx1-ubyte.gz').subarray(0, Number(options.images));

const device = await openNodeDevice(deviceName).catch((error) => refuse(error.message));
const compiled = await compile(importOnnx(readFileSync(model)), { device });
const [input] = compiled.executable.plan.inputs;
const { subnormals } = device.profile;

let [right, differing, met] = [0, 0, 0];
for (let i = 0; i < labels.length; i++) {
  const pixels = Float32Array.from(images.subarray(i * 784, (i + 1) * 784));
  const inputs = { [input.name]: { dtype: 'f32', shape: input.shape, data: pixels } };
  const [found] = Object.values(await compiled.run(inputs));
  const reference = interpret(compiled.prepared.program, inputs, { subnormals });
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
compiled.dispose();
device.gpu.destroy();
process.exitCode = differing === 0 ? 0 : 1;
