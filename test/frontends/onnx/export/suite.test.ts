/** Cases of ONNX's backend suite, of every operator: imported, exported and imported again, they compute the same bits. */
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { HeddleError } from '../../../../src/base/errors.js';
import type { TensorData } from '../../../../src/base/tensor.js';
import {
  exportOnnx,
  importOnnx,
  readTensorProto,
  type OnnxProgram,
} from '../../../../src/frontends/onnx/index.js';
import type { HostTensor } from '../../../../src/frontends/onnx/host.js';
import type { OnnxPort } from '../../../../src/frontends/onnx/ports.js';
import { readHostTensor } from '../../../../src/frontends/onnx/tensor.js';
import { wordsOf } from '../../../../src/frontends/onnx/wide/storage.js';
import type { WideDType } from '../../../../src/frontends/onnx/wide/value.js';
import { interpret } from '../../../../src/interpreter/index.js';
import { differenceOf } from '../../../support/differential.js';
import { dataFile, dataPath, describeWithData } from '../support.js';

/** Every so many-th case is run, or each with HEDDLE_LONG. */
const STEP = process.env.HEDDLE_LONG === undefined ? 16 : 1;

interface Entry {
  readonly name: string;
  readonly folder: string;
  readonly inputs: readonly { readonly name: string }[];
  readonly valueInputs?: readonly string[];
}

type Tensors = Record<string, TensorData>;

/** The program of a case with its inputs; undefined where it is refused. */
function openCase({
  name,
  folder,
  inputs: ports,
  valueInputs = [],
}: Entry): [OnnxProgram, Tensors] | undefined {
  const place = `onnx/suite/${folder}/${name}`;
  const given: Tensors = {};
  try {
    for (let i = 0; existsSync(dataPath(`${place}/test_data_set_0/input_${i}.pb`)); i++)
      given[ports[i].name] = readTensorProto(dataFile(`${place}/test_data_set_0/input_${i}.pb`)).tensor;
    const weights = new Map(Object.entries(given).filter(([port]) => valueInputs.includes(port)));
    const program = importOnnx(dataFile(`${place}/model.onnx`), { weights });
    const inputOf = ({ name: port, paired }: OnnxPort): TensorData => {
      if (paired !== true) return given[port];
      const i = ports.findIndex((each) => each.name === port);
      const { host } = readHostTensor(dataFile(`${place}/test_data_set_0/input_${i}.pb`), port);
      return wordsOf(host as HostTensor<WideDType>);
    };
    return [program, Object.fromEntries(program.inputs.map((port) => [port.name, inputOf(port)]))];
  } catch (error) {
    if (error instanceof HeddleError) return undefined;
    throw error;
  }
}

describeWithData('the suite', () => {
  test('goes out and comes back', { timeout: 600_000 }, () => {
    const entries = JSON.parse(new TextDecoder().decode(dataFile('onnx/suite/index.json'))) as Entry[];
    const problems: string[] = [];
    let same = 0;
    for (const [i, entry] of entries.filter(({ folder }) => folder !== 'light').entries()) {
      const opened = i % STEP === 0 ? openCase(entry) : undefined;
      if (opened === undefined) continue;
      const [program, inputs] = opened;
      const found = interpret(importOnnx(exportOnnx(program)), inputs).outputs;
      for (const [name, expected] of Object.entries(interpret(program, inputs).outputs)) {
        const difference = differenceOf(found[name], expected);
        if (difference === undefined) same++;
        else problems.push(`${entry.name}, ${name}: ${difference}`);
      }
    }
    expect(problems).toEqual([]);
    expect(same).toBeGreaterThan(1200 / STEP);
  });
});
