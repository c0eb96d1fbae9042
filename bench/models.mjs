/** The models of the benchmark, with inputs and expected outputs. They lie outside the repository. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { seedLightModel } from './light.mjs';
import { readTensorProto } from './tensors.mjs';

/** Folder with the shared test material: HEDDLE_DATA, or `shared` beside the repository. */
export const dataFolder = process.env.HEDDLE_DATA ?? fileURLToPath(new URL('../../shared', import.meta.url));

/** Cheapest first, so that a broken set-up shows early. */
export const MODELS = [
  { name: 'mnist-cntk', set: 'test_data_set_0' },
  { name: 'super-resolution-conv13', set: 'ort_data_set_0' },
  { name: 'squeezenet-coreml-cut7', set: 'ort_data_set_0' },
  { name: 'ultraface-rfb-320', set: 'ort_data_set_0' },
];

/** Folders of the models that are not there. */
export function missingModels() {
  return MODELS.map(({ name }) => join(dataFolder, 'onnx/models', name)).filter(
    (folder) => !existsSync(folder),
  );
}

/** @param {string} folder @param {'input' | 'output'} kind */
function readNumbered(folder, kind) {
  const tensors = [];
  for (let i = 0; existsSync(join(folder, `${kind}_${i}.pb`)); i++) {
    tensors.push(readTensorProto(readFileSync(join(folder, `${kind}_${i}.pb`))));
  }
  return tensors;
}

/** @param {string} name one of MODELS */
export function readModel(name) {
  const model = MODELS.find((candidate) => candidate.name === name);
  if (!model) throw new Error(`no model ${name}; there are ${MODELS.map((m) => m.name).join(', ')}`);
  const folder = join(dataFolder, 'onnx/models', name);
  return {
    name,
    bytes: new Uint8Array(readFileSync(join(folder, 'model.onnx'))),
    inputs: readNumbered(join(folder, model.set), 'input'),
    expected: readNumbered(join(folder, model.set), 'output'),
  };
}

/**
 * A graph of the ONNX suite's `light` family with its seeded weights, as one ONNX file (light_resnet50: 102 MB).
 * @param {string} name e.g. light_resnet50
 */
export function readLightModel(name) {
  const graph = new Uint8Array(readFileSync(join(dataFolder, 'onnx/suite/light', `${name}.onnx`)));
  const recipe = JSON.parse(readFileSync(join(dataFolder, 'onnx/light-seeded', `${name}.json`), 'utf8'));
  return seedLightModel(graph, recipe);
}
