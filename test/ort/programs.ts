/** Programs as users of onnxruntime write them: all they know is its module, under whatever name it was imported. */
import type * as Ort from 'onnxruntime-common';
import * as models from './models.js';

type Module = Pick<typeof Ort, 'InferenceSession' | 'Tensor'>;
type Program = (ort: Module) => Promise<unknown>;

const options: Ort.InferenceSession.SessionOptions = {
  executionProviders: ['wasm'],
  graphOptimizationLevel: 'all',
  logSeverityLevel: 4,
};

const shown = ({ type, dims, data, size, location }: Ort.Tensor): unknown => ({
  type,
  dims: [...dims],
  data: Array.from(data as Iterable<unknown>),
  size,
  location,
});

/** Each returns what the program would go on with. */
export const PROGRAMS: Readonly<Record<string, Program>> = {
  'the quick start': async (ort) => {
    const session = await ort.InferenceSession.create(models.matmul, options);
    const dataA = Float32Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    const dataB = Float32Array.from([10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120]);
    const tensorA = new ort.Tensor('float32', dataA, [3, 4]);
    const tensorB = new ort.Tensor('float32', dataB, [4, 3]);
    const feeds = { a: tensorA, b: tensorB };
    const results = await session.run(feeds);
    const dataC = results.c.data;
    return Array.from(dataC as Float32Array);
  },

  'names and metadata': async (ort) => {
    const session = await ort.InferenceSession.create(models.batched, options);
    const { inputNames, outputNames, inputMetadata, outputMetadata } = session;
    return { inputNames, outputNames, inputMetadata, outputMetadata };
  },

  'several batches in one session, labels as bigints': async (ort) => {
    const session = await ort.InferenceSession.create(models.batched, options);
    const labels: number[][] = [];
    for (const batch of [1, 3, 2, 1]) {
      const x = new ort.Tensor(
        Float32Array.from({ length: 2 * batch }, (_, i) => i - batch),
        [batch, 2],
      );
      const { label, y } = await session.run({ x });
      labels.push(Array.from(label.data as BigInt64Array, Number), Array.from(y.data as Float32Array));
    }
    await session.release();
    return labels;
  },

  'text in, labels out': async (ort) => {
    const session = await ort.InferenceSession.create(models.words, options);
    const x = new ort.Tensor('string', ['Yes', 'no', 'NO'], [3]);
    const { y, label, lower, same } = await session.run({ x });
    const { label: only } = await session.run({ x }, ['label']);
    const { inputNames, outputNames, inputMetadata } = session;
    return [[y, label, lower, same, only].map(shown), inputNames, outputNames, inputMetadata];
  },

  'a list of fetches, and run options': async (ort) => {
    const session = await ort.InferenceSession.create(models.batched, options);
    const x = new ort.Tensor('float32', [1, 2], [1, 2]);
    const results = await session.run({ [session.inputNames[0]]: x }, ['label'], { tag: 'run' });
    return Object.entries(results).map(([name, value]) => [name, shown(value)]);
  },

  'an object of fetches': async (ort) => {
    const session = await ort.InferenceSession.create(models.batched, options);
    const x = new ort.Tensor('float32', [1, 2, 3, 4], [2, 2]);
    const results = await session.run({ x }, { label: null });
    return [shown(results.label), Object.keys(results)];
  },

  'run options in the place of fetches': async (ort) => {
    const session = await ort.InferenceSession.create(models.batched, options);
    const results = await session.run({ x: new ort.Tensor('float32', [1, 2], [1, 2]) }, { tag: 'run' });
    return Object.keys(results);
  },

  'a model in the middle of an ArrayBuffer': async (ort) => {
    const { matmul } = models;
    const buffer = new ArrayBuffer(matmul.length + 20);
    new Uint8Array(buffer).set(matmul, 10);
    const session = await ort.InferenceSession.create(buffer, 10, matmul.length, options);
    return session.outputNames;
  },

  'a shape as an input': async (ort) => {
    const session = await ort.InferenceSession.create(models.reshape, options);
    const x = new ort.Tensor(Float32Array.of(1, 2, 3, 4, 5, 6));
    const results: unknown[] = [];
    for (const shape of [
      [2, 3],
      [3, 2],
      [6, -1],
    ])
      // prettier-ignore
      results.push(shown((await session.run({ x, shape: new ort.Tensor('int64', shape) })).y));
    return results;
  },

  'runs beside each other': async (ort) => {
    const session = await ort.InferenceSession.create(models.step, options);
    const x = new ort.Tensor(Float32Array.of(1, 2, 3, 4));
    const runs = [1, 2, 3].map((k) => session.run({ state: new ort.Tensor(new Float32Array(4).fill(k)), x }));
    return (await Promise.all(runs)).map(({ y }) => Array.from(y.data as Float32Array));
  },

  'results that are fed back': async (ort) => {
    const session = await ort.InferenceSession.create(models.step, options);
    let state: Ort.Tensor = new ort.Tensor(new Float32Array(4));
    for (let i = 1; i <= 3; i++) {
      const x = new ort.Tensor(new Float32Array(4).fill(i));
      ({ next: state } = (await session.run({ state, x })) as { next: Ort.Tensor });
    }
    return shown(state.reshape([2, 2]));
  },

  'free dimensions that the options fix': async (ort) => {
    const session = await ort.InferenceSession.create(models.batched, {
      ...options,
      freeDimensionOverrides: { batch: 2 },
    });
    return shown((await session.run({ x: new ort.Tensor('float32', [1, 2, 3, 4], [2, 2]) })).y);
  },

  'every element type': async (ort) => {
    const arrays: Readonly<Record<keyof typeof models.TYPES, Ort.Tensor>> = {
      float32: new ort.Tensor(Float32Array.of(1.5, NaN, -0, Infinity)),
      float64: new ort.Tensor(Float64Array.of(Math.PI, 1e300, -0)),
      float16: new ort.Tensor('float16', Uint16Array.of(0x3c00, 0x7e00, 0x8000, 1)),
      int8: new ort.Tensor(Int8Array.of(-128, 127, 0)),
      int16: new ort.Tensor(Int16Array.of(-32768, 32767)),
      int32: new ort.Tensor(Int32Array.of(-(2 ** 31), 2 ** 31 - 1)),
      int64: new ort.Tensor('int64', [-5n, 2n ** 40n]),
      uint8: new ort.Tensor(Uint8Array.of(0, 255)),
      uint16: new ort.Tensor(Uint16Array.of(0, 65535)),
      uint32: new ort.Tensor(Uint32Array.of(0, 2 ** 32 - 1)),
      uint64: new ort.Tensor('uint64', [5n, 2n ** 64n - 1n]),
      bool: new ort.Tensor([true, false, true]),
    };
    const results: unknown[] = [];
    for (const [type, x] of Object.entries(arrays)) {
      const session = await ort.InferenceSession.create(models.identity(type as keyof typeof models.TYPES), options); // prettier-ignore
      results.push(shown((await session.run({ x })).y));
      await session.release();
    }
    return results;
  },

  'an empty tensor': async (ort) => {
    const session = await ort.InferenceSession.create(models.batched, options);
    return shown((await session.run({ x: new ort.Tensor('float32', [], [0, 2]) })).y);
  },
};
