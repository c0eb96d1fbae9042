import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tensorData } from '../../src/base/tensor.js';
import {
  allExamples,
  batchAt,
  batches,
  byteColumn,
  classColumn,
  datasetOf,
  epochOrder,
  oneHot,
  pick,
  reshapeFeatures,
  split,
  stepsPerEpoch,
  take,
  tensorDataset,
  type Dataset,
} from '../../src/data/index.js';
import { zeros } from '../../src/index.js';
import { fuzz } from '../support/fuzz.js';
import { errorOf } from './support.js';

/** Example i has the features [i, i + 0.5] and the label i. */
const counting = (size: number): Dataset =>
  tensorDataset(
    tensorData(
      'f32',
      [size, 2],
      Float32Array.from({ length: 2 * size }, (_, i) => i / 2),
    ),
    tensorData(
      'i32',
      [size],
      Int32Array.from({ length: size }, (_, i) => i),
    ),
  );

const labelsOf = (dataset: Dataset): number[] => [...allExamples(dataset).y.data];

describe('batches', () => {
  test('without an order of their own make none', () => {
    const asked: number[] = [];
    const whole = counting(10);
    const dataset = { ...whole, examples: (indices: Uint32Array) => (asked.push(indices.buffer.byteLength), whole.examples(indices)) }; // prettier-ignore
    const parts = [...batches(dataset, { batchSize: 4, shuffle: false })];
    expect(parts.map(({ indices }) => [...indices])).toEqual([[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]); // prettier-ignore
    expect(asked).toEqual([16, 16, 8]);
  });

  test('shapes, dtypes and contents', () => {
    const [batch, ...rest] = batches(counting(5), { batchSize: 2, shuffle: false });
    expect(batch).toEqual({
      x: { dtype: 'f32', shape: [2, 2], data: Float32Array.of(0, 0.5, 1, 1.5) },
      y: { dtype: 'i32', shape: [2], data: Int32Array.of(0, 1) },
      indices: Uint32Array.of(0, 1),
    });
    expect(rest.map(({ x }) => x.shape)).toEqual([
      [2, 2],
      [1, 2],
    ]);
    const full = [...batches(counting(5), { batchSize: 2, dropLast: true })];
    expect(full.map(({ x }) => x.shape)).toEqual([
      [2, 2],
      [2, 2],
    ]);
    expect([...batches(counting(0), { batchSize: 2 })]).toEqual([]);
  });

  test('an epoch has every example once; batchAt and a later start give the same batches', () => {
    const anyOptions = fc.record({
      batchSize: fc.integer({ min: 1, max: 12 }),
      seed: fc.nat(),
      shuffle: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.nat({ max: 40 }), anyOptions, fc.nat({ max: 9 }), (size, options, epoch) => {
        const dataset = counting(size);
        const all = [...batches(dataset, { ...options, epoch })];
        expect(all.length).toBe(stepsPerEpoch(dataset, options));
        const seen = all.flatMap(({ indices }) => [...indices]);
        expect([...seen].sort((a, b) => a - b)).toEqual(Array.from({ length: size }, (_, i) => i));
        expect(all.flatMap(({ y }) => [...y.data])).toEqual(seen);
        const fresh = counting(size);
        all.forEach((batch, step) => expect(batchAt(fresh, options, epoch, step)).toEqual(batch));
        expect([...batches(fresh, { ...options, epoch, step: 2 })]).toEqual(all.slice(2));
      }),
      fuzz(50),
    );
  });

  test('golden orders: these never change', () => {
    expect([...epochOrder(12, 0, 0)]).toMatchInlineSnapshot(`
      [
        1,
        8,
        7,
        9,
        6,
        10,
        11,
        2,
        0,
        4,
        3,
        5,
      ]
    `);
    expect([...epochOrder(12, 0, 1)]).toMatchInlineSnapshot(`
      [
        9,
        0,
        5,
        1,
        8,
        7,
        2,
        11,
        3,
        10,
        4,
        6,
      ]
    `);
    expect([...epochOrder(12, 1, 0)]).toMatchInlineSnapshot(`
      [
        9,
        5,
        0,
        8,
        2,
        6,
        7,
        3,
        4,
        1,
        11,
        10,
      ]
    `);
  });

  test('what cannot be a batch', () => {
    errorOf('USAGE', () => stepsPerEpoch(counting(3), { batchSize: 0 }));
    errorOf('USAGE', () => batchAt(counting(3), { batchSize: 1, seed: -1 }, 0, 0));
    errorOf('USAGE', () => batchAt(counting(3), { batchSize: 1 }, -1, 0));
    expect(errorOf('USAGE', () => batchAt(counting(3), { batchSize: 2 }, 0, 2))).toMatchObject({
      found: 'step 2',
      expected: '0 to 1',
    });
  });
});

describe('data sets', () => {
  test('split has every example once, in order, and depends on the seed alone', () => {
    const [train, rest] = split(counting(100), 0.8, 1);
    expect([train.size, rest.size]).toEqual([80, 20]);
    const [a, b] = [labelsOf(train), labelsOf(rest)];
    expect([...a, ...b].sort((x, y) => x - y)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(a).toEqual([...a].sort((x, y) => x - y));
    expect(labelsOf(split(counting(100), 0.8, 1)[1])).toEqual(b);
    expect(labelsOf(split(counting(100), 0.8, 2)[1])).not.toEqual(b);
    expect(split(counting(3), 1, 0).map(({ size }) => size)).toEqual([3, 0]);
    errorOf('USAGE', () => split(counting(3), 1.5, 0));
  });

  test('take, pick, and parts of parts', () => {
    expect(labelsOf(take(counting(10), 3))).toEqual([0, 1, 2]);
    expect(take(counting(2), 3).size).toBe(2);
    const picked = pick(pick(counting(10), Uint32Array.of(9, 4, 4)), Uint32Array.of(2, 0));
    expect(labelsOf(picked)).toEqual([4, 9]);
    expect(allExamples(picked).x.data).toEqual(Float32Array.of(4, 4.5, 9, 9.5));
    errorOf('DATASET_INVALID', () => pick(counting(2), Uint32Array.of(2)));
    errorOf('DATASET_INVALID', () => counting(2).examples(Uint32Array.of(0, 2)));
  });

  test('bytes become f32 from 0 to 1, rounded once', () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    const dataset = datasetOf(
      byteColumn('image', [2, 2], bytes),
      classColumn('label', bytes.subarray(0, 64)),
    );
    const { x } = allExamples(dataset);
    expect(x.shape).toEqual([64, 2, 2]);
    expect(x.data).toEqual(Float32Array.from(bytes, (byte) => Math.fround(byte / 255)));
    expect(allExamples(reshapeFeatures(dataset, [4])).x).toEqual({ ...x, shape: [64, 4] });
    errorOf('DATASET_INVALID', () => reshapeFeatures(dataset, [5]));
    errorOf('DATASET_INVALID', () => byteColumn('image', [3, 3], bytes));
    errorOf('DATASET_INVALID', () => datasetOf(byteColumn('image', [2], bytes), classColumn('label', bytes)));
  });

  test('one-hot', () => {
    const dataset = oneHot(take(counting(5), 3), 4);
    expect(dataset.labels).toEqual({ name: 'labels', dtype: 'f32', shape: [4] });
    expect(allExamples(dataset).y).toEqual({
      dtype: 'f32',
      shape: [3, 4],
      data: Float32Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0),
    });
    const error = errorOf('DATASET_INVALID', () => allExamples(oneHot(counting(5), 4)));
    expect(error).toMatchObject({ found: '4', expected: '0 to 3', where: 'labels, example 4' });
    errorOf('DATASET_INVALID', () => oneHot(dataset, 4));
    errorOf('USAGE', () => oneHot(counting(5), 0));
    for (const classes of [2 ** 33, 2 ** 53 - 1])
      errorOf('LIMIT_EXCEEDED', () => allExamples(oneHot(counting(5), classes)));
  });

  test('features and labels must be as many, and have an axis of examples', () => {
    const scalar = tensorData('f32', [], Float32Array.of(1));
    errorOf('DATASET_INVALID', () => tensorDataset(scalar, scalar));
    const [two, three] = [2, 3].map((n) => tensorData('f32', [n], new Float32Array(n)));
    expect(errorOf('DATASET_INVALID', () => tensorDataset(two, three))).toMatchObject({
      found: '3 labels',
      expected: '2, as features has',
    });
  });
});

test('a tensor in the place of its data is told how to become it', () => {
  const error = errorOf('USAGE', () =>
    tensorDataset(zeros([2, 3]) as never, tensorData('f32', [2], new Float32Array(2))),
  );
  expect(error.hint).toBe('await x.toHost()');
  expect(errorOf('USAGE', () => tensorDataset(1 as never, 2 as never)).hint).toBeUndefined();
});

test('options of batches that there are not are refused, with what was meant', () => {
  const misspelt = { batch_size: 2 } as never;
  for (const call of [() => [...batches(counting(4), misspelt)], () => stepsPerEpoch(counting(4), misspelt)])
    expect(errorOf('USAGE', call).hint).toBe('did you mean batchSize?');
  errorOf('USAGE', () => batchAt(counting(4), { batchSize: '2' } as never, 0, 0));
});
