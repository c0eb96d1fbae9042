/** What docs/llm.md promises of logits, on models that are made here. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encode } from '../../../src/llm/gguf/write.js';
import type { Engine } from '../../../src/llm/engine/engine.js';
import { openNodeDevice } from '../../../src/node/index.js';
import { openWasmDevice } from '../../../src/runtime/wasm/device.js';
import { REFERENCE, webgpu } from '../../../src/tensor/index.js';
import type { Backend } from '../../../src/tensor/backends/backend.js';
import { availableGpus } from '../../support/gpu.js';
import { backendAt } from '../../../src/llm/engine/place.js';
import { engineOf, QUICK, words } from '../support/models.js';
import { tinyModel, uniform, type TinyModel } from '../support/tiny.js';

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
    engine = await engineOf(tinyModel(QUICK), await backendAt(await openWasmDevice({ threads: 1 })));
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
    const small = await engineOf(tinyModel(QUICK), await backendAt(await openWasmDevice({ threads: 1 })), {
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
    const restored = engine.restore(TEXT.slice(0, 25), saved);
    expect(words(await engine.evaluate(restored, TEXT.slice(25, 40)))).toEqual(expected.slice(25, 40));
  });
});

describe('the engine refuses', () => {
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

/** One model for each difference of an architecture. */
const width = 32;
const MODELS: Readonly<Record<string, TinyModel>> = {
  llama: QUICK,
  'llama, Q8_0': { ...QUICK, hidden: 64, type: 'Q8_0' },
  'llama, Q4_0': { ...QUICK, hidden: 64, type: 'Q4_0' },
  'llama, Q4_K': { ...QUICK, width: 256, hidden: 256, vocabulary: 300, type: 'Q4_K' },
  'llama, Q6_K': { ...QUICK, width: 256, hidden: 256, type: 'Q6_K' },
  qwen2: {
    ...QUICK,
    architecture: 'qwen2',
    extra: { 'blk.N.attn_q.bias': [width], 'blk.N.attn_k.bias': [16], 'blk.N.attn_v.bias': [16], 'output.weight': undefined },
  },
  qwen3: { ...QUICK, architecture: 'qwen3', extra: { 'blk.N.attn_q_norm.weight': [8], 'blk.N.attn_k_norm.weight': [8] } },
  gemma2: {
    ...QUICK,
    layers: 2,
    architecture: 'gemma2',
    metadata: {
      'gemma2.attn_logit_softcapping': encode.f32(50),
      'gemma2.final_logit_softcapping': encode.f32(30),
      'gemma2.attention.sliding_window': encode.u32(6),
    },
    extra: { 'blk.N.post_attention_norm.weight': [width], 'blk.N.post_ffw_norm.weight': [width], 'output.weight': undefined },
  },
  gemma3: {
    ...QUICK,
    layers: 6,
    architecture: 'gemma3',
    metadata: { 'gemma3.rope.freq_base': encode.f32(1e6), 'gemma3.attention.sliding_window': encode.u32(4) },
    extra: { 'blk.N.attn_q_norm.weight': [8], 'blk.N.attn_k_norm.weight': [8] },
  },
  phi3: {
    ...QUICK,
    architecture: 'phi3',
    extra: {
      ...Object.fromEntries(['attn_q', 'attn_k', 'attn_v', 'ffn_gate'].map((name) => [`blk.N.${name}.weight`, undefined])),
      'blk.N.attn_qkv.weight': [64, width],
      'blk.N.ffn_up.weight': [96, width],
    },
  },
  gpt2: {
    ...QUICK,
    kvHeads: 4,
    architecture: 'gpt2',
    metadata: { 'gpt2.attention.layer_norm_epsilon': encode.f32(1e-5) },
    extra: {
      ...Object.fromEntries(['attn_q', 'attn_k', 'attn_v', 'ffn_gate'].map((name) => [`blk.N.${name}.weight`, undefined])),
      'blk.N.attn_qkv.weight': [96, width],
      'blk.N.attn_qkv.bias': [96],
      'blk.N.attn_norm.bias': [width],
      'position_embd.weight': [512, width],
      'output_norm.bias': [width],
    },
  },
  mixtral: {
    ...QUICK,
    metadata: { 'llama.expert_count': encode.u32(4), 'llama.expert_used_count': encode.u32(2) },
    extra: {
      ...Object.fromEntries(['ffn_gate', 'ffn_up', 'ffn_down'].map((name) => [`blk.N.${name}.weight`, undefined])),
      'blk.N.ffn_gate_inp.weight': [4, width],
      'blk.N.ffn_gate_exps.weight': [4, 48, width],
      'blk.N.ffn_up_exps.weight': [4, 48, width],
      'blk.N.ffn_down_exps.weight': [4, width, 48],
    },
  },
}; // prettier-ignore

describe('the bits are the same on', () => {
  const backends = new Map<string, Backend>();
  beforeAll(async () => {
    backends.set('wasm', await backendAt(await openWasmDevice({ threads: 2 })));
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
