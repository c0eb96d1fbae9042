/** What `heddle train` takes, and what it says of data that does not fit. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { DType, HostArrays } from '../../../src/base/dtype.js';
import { tensorData, type TensorData } from '../../../src/base/tensor.js';
import { countRight } from '../../../src/cli/training/accuracy.js';
import { checkLosses, EpochLosses } from '../../../src/cli/training/losses.js';
import { ProgressLines } from '../../../src/cli/terminal/progress-lines.js';
import { readExamples } from '../../../src/cli/files/table.js';
import { describeLeftOut, describeWholeBatch } from '../../../src/cli/commands/train.js';
import { trainingData, type TrainingData } from '../../../src/cli/training/training-data.js';
import type { LossName } from '../../../src/cli/training/training.js';
import { fromConfig } from '../../../src/frontends/config/index.js';

const net = (outputs: number) =>
  fromConfig({ input: [2], layers: [{ type: 'dense', output_size: outputs }] });

const list = <D extends DType>(dtype: D, data: HostArrays[D]): TensorData =>
  tensorData(dtype, [data.length], data);

/** Four examples of two numbers. */
const X = tensorData('f32', [4, 2], Float32Array.of(0, 1, 2, 3, 4, 5, 6, 7));

const given = (labels: TensorData, loss?: LossName, features: TensorData = X, outputs = 3): TrainingData =>
  trainingData(net(outputs), { features, labels, from: { features: 'x.npy', labels: 'y.npy' } }, loss);

const classes = (...labels: number[]): TensorData => list('i32', Int32Array.from(labels));

describe('dtypes', () => {
  test.each([
    ['f32', Float32Array.of(0, 1, 2, 1)],
    ['f16', Uint16Array.of(0, 0x3c00, 0x4000, 0x3c00)],
    ['i32', Int32Array.of(0, 1, 2, 1)],
    ['u32', Uint32Array.of(0, 1, 2, 1)],
    ['bool', Uint8Array.of(0, 1, 1, 1)],
  ] as const)('features and labels of %s are the numbers that they stand for', (dtype, data) => {
    const expected = dtype === 'bool' ? [0, 1, 1, 1] : [0, 1, 2, 1];
    const features = tensorData(dtype, [2, 2], data);
    const read = given(classes(0, 1), undefined, features);
    expect(read.features).toEqual(tensorData('f32', [2, 2], Float32Array.from(expected)));
    const { labels, loss } = given(list(dtype, data));
    expect([Array.from(labels.data), loss]).toEqual([expected, 'cross_entropy']);
  });

  test('f16 that is not a whole number is not a class', () => {
    const halves = list('f16', Uint16Array.of(0x3800, 0xbe00, 0, 0)); // 0.5, -1.5
    const { labels, loss } = given(halves, undefined, X, 1);
    expect([loss, labels.dtype, Array.from(labels.data)]).toEqual(['mse', 'f32', [0.5, -1.5, 0, 0]]);
  });
});

describe('data that does not fit is refused:', () => {
  const nan = tensorData('f32', [4, 2], Float32Array.of(0, 1, 2, 3, 4, NaN, 6, 7));
  const half = tensorData('f16', [4, 2], Uint16Array.of(0, 0, 0, 0, 0, 0, 0, 0x7c00));
  const rows = tensorData('f32', [4, 2], new Float32Array(8));
  // prettier-ignore
  test.each<[string, () => unknown, object]>([
    ['a class too high', () => given(classes(0, 1, 3, 0)), { where: 'y.npy, example 2 (from 0)', found: 'label 3', expected: '0 to 2' }],
    ['a class below 0', () => given(classes(0, -1, 0, 0)), { found: 'label -1', expected: '0 to 2' }],
    ['classes from 1', () => given(classes(1, 2, 3, 1)), { hint: 'classes count from 0: subtract 1 from each label' }],
    ['half a class', () => given(list('f32', Float32Array.of(0, 1, 0.5, 0)), 'cross_entropy'), { expected: 'a whole number, 0 to 2' }],
    ['classes for mse', () => given(classes(0, 1, 2, 0), 'mse'), { summary: 'mse needs 3 numbers for each example; y.npy has 1', where: '--labels y.npy' }],
    ['rows for cross_entropy', () => given(rows, 'cross_entropy'), { summary: 'cross_entropy needs 3 numbers for each example, or a class' }],
    ['too few labels', () => given(classes(0, 1)), { where: '--labels y.npy', found: '2 labels', expected: '4, as x.npy has examples' }],
    ['NaN', () => given(classes(0, 1, 2, 0), undefined, nan), { where: 'x.npy, example 2 (from 0)', found: 'NaN at number 1 of the example' }],
    ['an infinite f16', () => given(classes(0, 1, 2, 0), undefined, half), { where: 'x.npy, example 3 (from 0)', found: 'Infinity at number 1 of the example' }],
    ['a label that is NaN', () => given(list('f32', Float32Array.of(0, NaN, 1, 2)), 'mse', X, 1), { where: 'y.npy, example 1 (from 0)', found: 'NaN' }],
    ['no examples', () => given(classes(), undefined, tensorData('f32', [0, 2], new Float32Array(0))), { where: 'x.npy' }],
  ])('%s', (_, body, facts) => {
    let error: unknown;
    try {
      body();
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ code: 'DATASET_INVALID', ...facts });
  });
});

test('a loss that was chosen is said, with the reason', () => {
  const oneHot = tensorData('f32', [4, 3], Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0));
  expect(given(classes(0, 1, 2, 0)).choice).toMatch(/cross_entropy: labels are whole numbers/);
  expect(given(oneHot).choice).toMatch(/mse: labels have a row[^]*--loss cross_entropy/);
  expect(given(tensorData('f32', [4, 3], new Float32Array(12))).choice).toMatch(/mse: labels have 3 numbers/);
  expect(given(oneHot, 'cross_entropy').choice).toBeUndefined();
  expect(describeWholeBatch(500, 150)).toBe(
    'There are fewer examples than a batch of 500: each step takes all 150.',
  );
});

test('labels in another column than the one that holds classes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-labels-'));
  const path = join(folder, 'x.csv');
  writeFileSync(path, 'a,b,kind\n0.5,1.5,0\n2.5,3.5,2\n');
  for (const loss of ['cross_entropy', undefined] as const)
    expect(() => trainingData(net(3), readExamples(path, '2'), loss)).toThrow(
      /hint: +columns count from 1, and column 3 \("kind"\) holds whole numbers: --labels 3/,
    );
  rmSync(folder, { recursive: true });
});

test('whole numbers for a network of one output are numbers to learn', () => {
  expect(given(classes(10, -3, 7, 0), undefined, X, 1).loss).toBe('mse');
});

test('the first loss that is not finite ends the training', () => {
  checkLosses({ step: 2, steps: 9, losses: [1, 2] }, 0.1);
  expect(() => checkLosses({ step: 5, steps: 9, losses: [1, NaN, Infinity] }, 0.5)).toThrow(
    /LOSS_NOT_FINITE[^]*step 4\n[^]*NaN[^]*--rate 0\.05,/,
  );
});

test('epochs are told whenever they end, with their own mean', () => {
  const epochs = new EpochLosses(3);
  expect(epochs.add([1])).toEqual([]);
  expect(epochs.add([2, 3, 4, 5, 6, 7])).toEqual([
    { epoch: 1, loss: 2 },
    { epoch: 2, loss: 5 },
  ]);
});

test('progress is a line every five seconds', () => {
  let time = 0;
  const lines: string[] = [];
  const progress = new ProgressLines(
    (line) => lines.push(line),
    () => time,
  );
  for (; time <= 12_000; time += 1000) progress.update(() => `at ${time}`);
  expect(lines).toEqual(['at 5000', 'at 10000']);
});

test('what is left out, and what is right', () => {
  expect(describeLeftOut(1, 32)).toBe('1 example is left out of each epoch (batches of 32)');
  expect(describeLeftOut(1797, 2000)).toBe('1,797 examples are left out of each epoch (batches of 2,000)');
  expect(countRight([0, 1, 3, 2, NaN, NaN], [1, 1, 1])).toBe(1);
});
