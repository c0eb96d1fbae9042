/** Small models with seeded weights, made here so that no file is needed. */
import { encode, writeGguf, type TensorToWrite } from '../../../src/llm/gguf/write.js';
import { quantize, type QuantizedType } from '../../../src/llm/quants/quantize.js';

/** Uniform numbers from 0 to 1 (mulberry32). */
export function uniform(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface TinyModel {
  readonly architecture?: string;
  readonly layers?: number;
  readonly width?: number;
  readonly hidden?: number;
  readonly heads?: number;
  readonly kvHeads?: number;
  readonly vocabulary?: number;
  readonly context?: number;
  readonly seed?: number;
  /** Of all matrices; f32 otherwise. */
  readonly type?: QuantizedType;
  readonly metadata?: Readonly<Record<string, Uint8Array>>;
  /** Weights that this architecture has beside a Llama's; or undefined in place of one that it lacks. */
  readonly extra?: Readonly<Record<string, readonly number[] | undefined>>;
}

const TEXTS = ['<unk>', '<s>', '</s>'];

/** The texts of the vocabulary: three of control, 256 bytes, letters and some words, fillers. */
function vocabulary(size: number): {
  readonly tokens: readonly string[];
  readonly types: readonly number[];
  readonly scores: readonly number[];
} {
  // prettier-ignore
  const bytes = Array.from({ length: 256 }, (_, i) => `<0x${i.toString(16).toUpperCase().padStart(2, '0')}>`);
  const letters = [...'▁abcdefghijklmnopqrstuvwxyz.,'];
  const words = ['▁t', 'he', '▁the', 'in', 'er', '▁a', 'on', '▁on'];
  const named = [...TEXTS, ...bytes, ...letters, ...words];
  const tokens = Array.from({ length: size }, (_, i) => named[i] ?? `[filler ${i}]`);
  const types = tokens.map((_, i) => (i === 0 ? 2 : i < 3 ? 3 : i < 259 ? 6 : i < named.length ? 1 : 5));
  return { tokens, types, scores: tokens.map((_, i) => (i < 259 ? 0 : -(i - 258))) };
}

/** A model as a GGUF file. */
export function tinyModel(model: TinyModel = {}): Uint8Array<ArrayBuffer> {
  const {
    architecture = 'llama',
    layers = 2,
    width = 64,
    hidden = 96,
    heads = 4,
    kvHeads = 2,
    seed = 1,
  } = model;
  const { vocabulary: size = 320, context = 512, type, metadata = {}, extra = {} } = model;
  const key = (name: string): string => `${architecture}.${name}`;
  const { tokens, types, scores } = vocabulary(size);
  const entries = new Map<string, Uint8Array>([
    ['general.architecture', encode.text(architecture)],
    ['general.name', encode.text('tiny')],
    [key('context_length'), encode.u32(context)],
    [key('embedding_length'), encode.u32(width)],
    [key('block_count'), encode.u32(layers)],
    [key('feed_forward_length'), encode.u32(hidden)],
    [key('attention.head_count'), encode.u32(heads)],
    [key('attention.head_count_kv'), encode.u32(kvHeads)],
    [key('attention.layer_norm_rms_epsilon'), encode.f32(1e-5)],
    [key('rope.dimension_count'), encode.u32(width / heads)],
    ['tokenizer.ggml.model', encode.text('llama')],
    ['tokenizer.ggml.tokens', encode.texts(tokens)],
    ['tokenizer.ggml.scores', encode.f32s(scores)],
    ['tokenizer.ggml.token_type', encode.i32s(types)],
    ['tokenizer.ggml.bos_token_id', encode.u32(1)],
    ['tokenizer.ggml.eos_token_id', encode.u32(2)],
    ['tokenizer.ggml.unknown_token_id', encode.u32(0)],
    ...Object.entries(metadata),
  ]);
  const kv = (width / heads) * kvHeads;
  const shapes = new Map<string, readonly number[] | undefined>([
    ['token_embd.weight', [size, width]],
    ['output_norm.weight', [width]],
    ['output.weight', [size, width]],
  ]);
  for (let i = 0; i < layers; i++) {
    const own: Readonly<Record<string, readonly number[]>> = {
      'attn_norm.weight': [width],
      'attn_q.weight': [width, width],
      'attn_k.weight': [kv, width],
      'attn_v.weight': [kv, width],
      'attn_output.weight': [width, width],
      'ffn_norm.weight': [width],
      'ffn_gate.weight': [hidden, width],
      'ffn_up.weight': [hidden, width],
      'ffn_down.weight': [width, hidden],
    };
    for (const [name, shape] of Object.entries(own)) shapes.set(`blk.${i}.${name}`, shape);
    for (const [name, shape] of Object.entries(extra)) if (name.startsWith('blk.')) shapes.set(name.replace('blk.N', `blk.${i}`), shape); // prettier-ignore
  }
  for (const [name, shape] of Object.entries(extra)) if (!name.startsWith('blk.')) shapes.set(name, shape);
  const random = uniform(seed);
  const tensors: TensorToWrite[] = [];
  for (const [name, shape] of shapes) {
    if (shape === undefined) continue;
    const count = shape.reduce((a, b) => a * b, 1);
    const isNorm = name.includes('norm');
    const spread = isNorm ? 0.2 : Math.sqrt(12 / shape.at(-1)!);
    const values = Float32Array.from({ length: count }, () => (isNorm ? 1 : 0) + (random() - 0.5) * spread);
    const own = shape.length > 1 ? type : undefined;
    const data = own === undefined ? new Uint8Array(values.buffer) : quantize(own, values);
    tensors.push({ name, type: own ?? 'F32', shape, data });
  }
  return writeGguf(entries, tensors);
}
