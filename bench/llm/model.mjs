/** The model that is measured: SmolLM2-135M's shape with seeded weights, as a GGUF file that llama.cpp reads, too. */
import { mkdirSync, existsSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode, quantize, writeGguf } from '../../dist/llm/index.js';
import { seeded } from '../random.mjs';

/** @typedef {{ layers: number, width: number, hidden: number, heads: number, kvHeads: number, vocabulary: number, context: number }} Shape */

/** @type {Shape} */
export const SMOLLM2_135M = {
  layers: 30,
  width: 576,
  hidden: 1536,
  heads: 9,
  kvHeads: 3,
  vocabulary: 49_152,
  context: 8192,
};

/** Quick to make and to run. @type {Shape} */
export const SMALL = {
  ...SMOLLM2_135M,
  layers: 2,
  width: 128,
  hidden: 256,
  heads: 4,
  kvHeads: 2,
  vocabulary: 512,
};

/** Types of tokens in ggml's vocabularies. */
const TOKEN = { normal: 1, unknown: 2, control: 3, byte: 6 };
const CONTROL = ['<unk>', '<s>', '</s>'];

/** A vocabulary of SentencePiece: control tokens, bytes, and fillers that stand for words. */
function vocabulary(size) {
  const byte = (i) => `<0x${i.toString(16).toUpperCase().padStart(2, '0')}>`;
  const bytes = Array.from({ length: 256 }, (_, i) => byte(i));
  const named = [...CONTROL, ...bytes];
  const typeOf = (i) => (i === 0 ? TOKEN.unknown : i < CONTROL.length ? TOKEN.control : TOKEN.byte);
  return {
    tokens: Array.from({ length: size }, (_, i) => named[i] ?? `▁w${i}`),
    types: Array.from({ length: size }, (_, i) => (i < named.length ? typeOf(i) : TOKEN.normal)),
    scores: Array.from({ length: size }, (_, i) => (i < named.length ? 0 : -i)),
  };
}

/** Names and shapes of all weights. @param {Shape} shape @returns {[string, number[]][]} */
function weightShapes({ layers, width, hidden, heads, kvHeads, vocabulary: words }) {
  const kv = (width / heads) * kvHeads;
  const ofLayer = [
    ['attn_norm', [width]],
    ['attn_q', [width, width]],
    ['attn_k', [kv, width]],
    ['attn_v', [kv, width]],
    ['attn_output', [width, width]],
    ['ffn_norm', [width]],
    ['ffn_gate', [hidden, width]],
    ['ffn_up', [hidden, width]],
    ['ffn_down', [width, hidden]],
  ];
  const all = Array.from({ length: layers }, (_, i) =>
    ofLayer.map(([name, shape]) => [`blk.${i}.${name}.weight`, shape]),
  ).flat();
  // The head is the embedding, as in SmolLM2.
  return [['token_embd.weight', [words, width]], ['output_norm.weight', [width]], ...all];
}

function metadataOf(name, { layers, width, hidden, heads, kvHeads, vocabulary: words, context }) {
  const { tokens, types, scores } = vocabulary(words);
  return new Map([
    ['general.architecture', encode.text('llama')],
    ['general.name', encode.text(name)],
    ['llama.context_length', encode.u32(context)],
    ['llama.embedding_length', encode.u32(width)],
    ['llama.block_count', encode.u32(layers)],
    ['llama.feed_forward_length', encode.u32(hidden)],
    ['llama.attention.head_count', encode.u32(heads)],
    ['llama.attention.head_count_kv', encode.u32(kvHeads)],
    ['llama.attention.layer_norm_rms_epsilon', encode.f32(1e-5)],
    ['llama.rope.dimension_count', encode.u32(width / heads)],
    ['llama.rope.freq_base', encode.f32(100_000)],
    ['llama.vocab_size', encode.u32(words)],
    ['tokenizer.ggml.model', encode.text('llama')],
    ['tokenizer.ggml.tokens', encode.texts(tokens)],
    ['tokenizer.ggml.scores', encode.f32s(scores)],
    ['tokenizer.ggml.token_type', encode.i32s(types)],
    ['tokenizer.ggml.bos_token_id', encode.u32(1)],
    ['tokenizer.ggml.eos_token_id', encode.u32(2)],
    ['tokenizer.ggml.unknown_token_id', encode.u32(0)],
  ]);
}

/** The file's bytes: matrices in Q8_0, norms in F32. @param {string} name @param {Shape} shape */
export function makeModel(name, shape) {
  const random = seeded(15);
  const tensors = weightShapes(shape).map(([weight, extents]) => {
    const count = extents.reduce((a, b) => a * b, 1);
    const isNorm = extents.length === 1;
    const spread = isNorm ? 0.2 : Math.sqrt(12 / extents.at(-1));
    const values = Float32Array.from({ length: count }, () => (isNorm ? 1 : 0) + (random() - 0.5) * spread);
    const type = isNorm ? 'F32' : 'Q8_0';
    const data = isNorm ? new Uint8Array(values.buffer) : quantize('Q8_0', values);
    return { name: weight, type, shape: extents, data };
  });
  return writeGguf(metadataOf(name, shape), tensors);
}

/** The file, made where it is not there yet. @param {string} name @param {Shape} shape @returns {string} its path */
export function modelFile(name, shape) {
  const folder = join(tmpdir(), 'heddle-bench');
  const path = join(folder, `${name}.gguf`);
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true });
  const partial = `${path}.${process.pid}`;
  writeFileSync(partial, makeModel(name, shape));
  renameSync(partial, path);
  return path;
}

/** Seeded tokens of words. @param {Shape} shape @param {number} count */
export function tokensOf({ vocabulary: words }, count) {
  const random = seeded(7);
  const first = CONTROL.length + 256;
  return Array.from({ length: count }, () => first + Math.floor(random() * (words - first)));
}
