/** What docs/llm.md promises of logits, on models that are made here. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../../src/llm/engine/engine.js';
import { openNodeDevice } from '../../../src/node/index.js';
import { openWasmDevice } from '../../../src/runtime/wasm/device.js';
import { REFERENCE, webgpu } from '../../../src/tensor/index.js';
import type { Backend } from '../../../src/tensor/backends/backend.js';
import { availableGpus } from '../../support/gpu.js';
import { backendAt } from '../../../src/llm/engine/place.js';
import { MODELS } from '../support/architectures.js';
import { engineOf, QUICK, words } from '../support/models.js';
import { tinyModel, uniform } from '../support/tiny.js';

const random = uniform(11);
const TEXT = Array.from({ length: 140 }, () => 3 + Math.floor(random() * 300));

/** The logits after each token, token by token. */
async function oneByOne(engine: Engine, tokens: readonly number[]): Promise<Float32Array[]> {
  const sequence = engine.sequence();
  const rows: Float32Array[] = [];
  for (const token of tokens) rows.push((await engine.advance([{ sequence, tokens: [token] }]))[0]);
  sequence.dispose();
  return rows;
}

describe('logits do not depend on', () => {
  let engine: Engine;
  let expected: number[][];
  beforeAll(async () => {
    engine = await engineOf(tinyModel(QUICK), backendAt(await openWasmDevice({ threads: 1 })));
    expected = words(await oneByOne(engine, TEXT));
  });
  afterAll(() => engine.dispose());

  it.each([[140], [64, 64, 12], [1, 8, 64, 67], [100, 40], [3, 5, 7, 125]])(
    'chunks: %j',
    async (...sizes) => {
      const sequence = engine.sequence();
      let start = 0;
      for (const size of sizes.flat()) {
        const rows = await engine.evaluate(sequence, TEXT.slice(start, start + size));
        expect(words(rows)).toEqual(expected.slice(start, start + size));
        start += size;
      }
    },
  );

  it('whether all logits are asked for, or those of the last token', async () => {
    const [last] = await engine.advance([{ sequence: engine.sequence(), tokens: TEXT }]);
    expect(words([last])).toEqual([expected[139]]);
  });

  it('the capacity of the cache', async () => {
    const small = await engineOf(tinyModel(QUICK), backendAt(await openWasmDevice({ threads: 1 })), {
      context: 40,
    });
    expect(words(await oneByOne(small, TEXT.slice(0, 40)))).toEqual(expected.slice(0, 40));
    // One that grew: another sequence of 130 tokens, cut back to nothing, keeps its capacity of 256.
    const sequence = engine.sequence();
    await engine.advance([{ sequence, tokens: TEXT.slice(0, 130).reverse() }]);
    sequence.rollback(0);
    expect(words(await engine.evaluate(sequence, TEXT.slice(0, 20)))).toEqual(expected.slice(0, 20));
  });

  it('the batch: sequences of different lengths that join and leave', async () => {
    const sequences = [0, 1, 2].map(() => engine.sequence());
    await Promise.all(sequences.map((sequence, i) => engine.advance([{ sequence, tokens: TEXT.slice(0, 3 + 9 * i) }]))); // prettier-ignore
    for (let step = 0; step < 3; step++) {
      const active = sequences.slice(0, 3 - step);
      const rows = await engine.advance(
        active.map((sequence) => ({ sequence, tokens: [TEXT[sequence.length]] })),
      );
      expect(words(rows)).toEqual(active.map((sequence) => expected[sequence.length - 1]));
    }
  });

  it('rollback, and what stood there before', async () => {
    const sequence = engine.sequence();
    await engine.advance([{ sequence, tokens: [...TEXT.slice(0, 10), ...TEXT.slice(50, 90)] }]);
    sequence.rollback(10);
    expect(sequence.tokens).toEqual(TEXT.slice(0, 10));
    expect(words(await engine.evaluate(sequence, TEXT.slice(10, 30)))).toEqual(expected.slice(10, 30));
  });

  it('a cache that was saved and restored', async () => {
    const sequence = engine.sequence();
    await engine.advance([{ sequence, tokens: TEXT.slice(0, 25) }]);
    const saved = await engine.save(sequence);
    sequence.dispose();
    expect(saved.caches[0].shape).toEqual([2, 8, 25]);
    const restored = engine.restore(saved);
    expect(words(await engine.evaluate(restored, TEXT.slice(25, 40)))).toEqual(expected.slice(25, 40));
  });
});

describe('what is asked for together', () => {
  it('for one sequence is computed in the order of the calls, and has room or not when it is its turn', async () => {
    const engine = await engineOf(tinyModel(QUICK), REFERENCE, { context: 16 });
    const [one, apart] = [engine.sequence(), engine.sequence()];
    const parts = [[5], [6, 7, 8], [9], [10], [11, 12]].map((tokens) =>
      engine.advance([{ sequence: one, tokens }]),
    );
    const beside = engine.advance([{ sequence: apart, tokens: [5] }]);
    const found = (await Promise.all(parts)).flat();
    expect(one.tokens).toEqual([5, 6, 7, 8, 9, 10, 11, 12]);
    const all = await engine.evaluate(engine.sequence(), one.tokens);
    expect(words(found)).toEqual(words([all[0], all[3], all[4], all[5], all[7]]));
    expect(words(await beside)).toEqual(words([all[0]]));
    // Both fit when they are asked for, but not one behind the other.
    const last = [[1, 2, 3, 4, 5], [6, 7, 8, 9], [3]].map((tokens) =>
      engine.advance([{ sequence: one, tokens }]),
    );
    const ends = await Promise.allSettled(last);
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(String((ends[1] as PromiseRejectedResult).reason)).toMatch(/LLM_CONTEXT/);
    expect(one.length).toBe(14);
  });
});

describe('the engine refuses', () => {
  it('positions that were never learned', async () => {
    const file = tinyModel(MODELS.gpt2);
    await expect(engineOf(file, REFERENCE, { context: 513 })).rejects.toThrow(
      /LLM_CONTEXT.*513 positions.*at most 512/s,
    );
  });

  it('texts that are longer than the context, and tokens that are none', async () => {
    const engine = await engineOf(tinyModel(QUICK), REFERENCE, { context: 16 });
    const sequence = engine.sequence();
    await expect(engine.advance([{ sequence, tokens: TEXT.slice(0, 17) }])).rejects.toThrow(/LLM_CONTEXT.*17 tokens.*at most 16/s); // prettier-ignore
    await expect(engine.advance([{ sequence, tokens: [304] }])).rejects.toThrow(
      /USAGE.*not in the vocabulary/s,
    );
    await expect(engine.advance([{ sequence, tokens: [] }])).rejects.toThrow(/USAGE.*no tokens/s);
    await engine.advance([{ sequence, tokens: TEXT.slice(0, 16) }]);
    await expect(engine.advance([{ sequence, tokens: [5] }])).rejects.toThrow(/LLM_CONTEXT/);
  });
});

describe('the bits are the same on', () => {
  const backends = new Map<string, Backend>();
  beforeAll(async () => {
    backends.set('wasm', backendAt(await openWasmDevice({ threads: 2 })));
    for (const name of availableGpus) {
      const device = await openNodeDevice(`webgpu:${name === 'swiftshader' ? 'swiftshader' : 'llvmpipe'}`);
      backends.set(name, webgpu(device));
    }
  }, 240_000);

  it.each(Object.keys(MODELS))(
    'interpreter and WebAssembly, in one chunk and token by token: %s',
    async (name) => {
      const file = tinyModel(MODELS[name]);
      const tokens = TEXT.slice(0, 9);
      const reference = await engineOf(file);
      const expected = words(await reference.evaluate(reference.sequence(), tokens));
      expect(expected.flat().every((word) => Number.isFinite(new Float32Array(Uint32Array.of(word).buffer)[0]))).toBe(true); // prettier-ignore
      const other = await engineOf(file, backends.get('wasm'));
      expect(words(await oneByOne(other, tokens))).toEqual(expected);
      other.dispose();
    },
  );

  it.each(availableGpus)('%s', async (gpu) => {
    const file = tinyModel(MODELS['llama, Q4_0']);
    const tokens = TEXT.slice(0, 3);
    const reference = await engineOf(file);
    const expected = words(await reference.evaluate(reference.sequence(), tokens));
    const other = await engineOf(file, backends.get(gpu));
    expect(words(await oneByOne(other, tokens))).toEqual(expected);
    other.dispose();
  });
});
