/**
 * Every architecture against llama.cpp: `npm run test:long`. Installs node-llama-cpp in a folder of its own. It computes in a process of its
 * own, with caches of 32 bits and without flash attention, whose rounding is of the size of what is compared.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { encode } from '../../../src/llm/gguf/write.js';
import { loadModel } from '../../../src/llm/index.js';
import { REFERENCE } from '../../../src/tensor/index.js';
import { MODELS } from '../support/architectures.js';
import { QUICK } from '../support/models.js';
import { tinyModel, type TinyModel } from '../support/tiny.js';

const folder = mkdtempSync(join(tmpdir(), 'heddle-llama-'));
afterAll(() => rmSync(folder, { recursive: true }));

const script = fileURLToPath(new URL('../support/llama-cpp.mjs', import.meta.url));
const TOKENS = Array.from({ length: 24 }, (_, i) => 10 + ((i * 37) % 280));
const CONTEXT = 256;

const scaled = (architecture: string, kind: string): Readonly<Record<string, Uint8Array>> => ({
  [`${architecture}.rope.scaling.type`]: encode.text(kind),
  [`${architecture}.rope.scaling.factor`]: encode.f32(4),
  [`${architecture}.rope.scaling.original_context_length`]: encode.u32(128),
});

/** What positions are made of, beside the architectures. */
const POSITIONS: Readonly<Record<string, TinyModel>> = {
  linear: { ...QUICK, metadata: scaled('llama', 'linear') },
  yarn: { ...QUICK, metadata: scaled('llama', 'yarn') },
  'yarn, halves': { ...MODELS.qwen2, metadata: scaled('qwen2', 'yarn') },
  'mistral3, yarn': { ...QUICK, architecture: 'mistral3', metadata: scaled('mistral3', 'yarn') },
  'Llama 3': { ...QUICK, extra: { 'rope_freqs.weight': [4] } },
  'LongRoPE, long': longRope(64),
  'LongRoPE, short': longRope(CONTEXT),
};

function longRope(original: number): TinyModel {
  const { extra } = MODELS.phi3;
  return {
    ...MODELS.phi3,
    metadata: {
      'phi3.rope.scaling.original_context_length': encode.u32(original),
      'phi3.rope.scaling.attn_factor': encode.f32(1.19),
    },
    extra: { ...extra, 'rope_factors_long.weight': [4], 'rope_factors_short.weight': [4] },
  };
}

/** llama.cpp has GELU in a table of 16-bit floats, and rounds what meets quantised weights to 8 bits. */
const most = ({ architecture = '', type }: TinyModel): number =>
  type !== undefined ? 0.15 : /gemma|gpt2/.test(architecture) ? 5e-3 : 3e-5;

/** The logarithms of the probabilities that logits stand for. */
function logProbabilities(row: Float32Array): Float64Array {
  const top = row.reduce((a, b) => Math.max(a, b));
  const sum = row.reduce((total, x) => total + Math.exp(x - top), 0);
  return Float64Array.from(row, (x) => x - top - Math.log(sum));
}

describe('the probabilities are those of llama.cpp', () => {
  it.each(Object.entries({ ...MODELS, ...POSITIONS }))(
    '%s',
    async (_, model) => {
      const path = join(folder, 'model.gguf');
      writeFileSync(path, tinyModel(model));
      const { engine } = await loadModel(path, { device: REFERENCE, context: CONTEXT });
      const ours = (await engine.evaluate(engine.sequence(), TOKENS)).map(logProbabilities);
      const output = execFileSync('node', [script, path, JSON.stringify(TOKENS), String(CONTEXT)], { encoding: 'utf8' }); // prettier-ignore
      const theirs = JSON.parse(output) as readonly (readonly [token: number, probability: number][])[];
      expect(theirs.map((row) => row.length)).toEqual(ours.map(({ length }) => length));
      const distances = theirs.flatMap((row, i) => row.map(([token, p]) => Math.abs(ours[i][token] - Math.log(p)))); // prettier-ignore
      expect(Math.max(...distances)).toBeLessThan(most(model));
    },
    600_000,
  );
});
