/** Tokens and templates. */
import { describe, expect, it } from 'vitest';
import { bytesSource } from '../../../src/llm/files/source.js';
import { readGguf } from '../../../src/llm/gguf/read.js';
import { indexAdded, sectionsOf } from '../../../src/llm/text/added.js';
import { bpeDefinition } from '../../../src/llm/text/bpe.js';
import { vocabularyOfGguf } from '../../../src/llm/text/gguf-vocabulary.js';
import { vocabularyOfJson, type Json } from '../../../src/llm/text/json-vocabulary.js';
import { CHATML, renderChat } from '../../../src/llm/text/template.js';
import { Tokenizer } from '../../../src/llm/text/tokenizer.js';
import type { AddedToken } from '../../../src/llm/text/vocabulary.js';
import { encode, writeGguf } from '../../../src/llm/gguf/write.js';
import { tinyModel } from '../support/tiny.js';

const added = (content: string, more: Partial<AddedToken> = {}): AddedToken => ({
  id: 0,
  content,
  lstrip: false,
  rstrip: false,
  singleWord: false,
  special: true,
  normalized: false,
  ...more,
});

describe('a SentencePiece vocabulary in GGUF', () => {
  const tokenizer = async (): Promise<Tokenizer> =>
    new Tokenizer(vocabularyOfGguf((await readGguf(bytesSource(tinyModel()))).metadata));

  it('joins what has the best score, and falls back to bytes', async () => {
    const t = await tokenizer();
    const texts = (ids: readonly number[]): (string | undefined)[] =>
      ids.map((id) => Buffer.from(t.bytesOf(id)).toString('latin1'));
    expect(texts(t.encode('the tin'))).toEqual(['', ' the', ' t', 'in']);
    expect(t.encode('ü', { bos: false })).toEqual([259, 3 + 0xc3, 3 + 0xbc]);
    expect(t.decode(t.encode('the ünïcode 日本 🙂 a,  b.'))).toBe('the ünïcode 日本 🙂 a,  b.');
    expect(t.encode('')).toEqual([1]);
  });

  it('takes tokens of control where they are asked for', async () => {
    const t = await tokenizer();
    expect(t.encode('a</s>a', { bos: false })).toContain(2);
    expect(t.encode('a</s>a', { bos: false, special: false })).not.toContain(2);
    expect(t.decode([2, ...t.encode('a')])).toBe(' a'.trimStart());
    expect(t.isEnd(2)).toBe(true);
  });

  it('refuses files without one, and kinds that are not known', async () => {
    expect(() => vocabularyOfGguf(new Map())).toThrow(/LLM_INVALID.*no vocabulary/s);
    const { metadata } = await readGguf(bytesSource(tinyModel()));
    expect(() => vocabularyOfGguf(new Map(metadata).set('tokenizer.ggml.model', 'rwkv'))).toThrow(/LLM_UNSUPPORTED.*rwkv.*llama or gpt2/s); // prettier-ignore
  });
});

describe('vocabularies in GGUF', () => {
  const changed = async (
    fields: Readonly<Record<string, unknown>>,
  ): Promise<ReturnType<typeof vocabularyOfGguf>> => {
    const { metadata } = await readGguf(bytesSource(tinyModel()));
    return vocabularyOfGguf(new Map([...metadata, ...Object.entries(fields)] as [string, never][]));
  };

  it('keep tokens that begin with U+FEFF, and texts that do', async () => {
    const tokens = ['<unk>', '<s>', '</s>', '/', '*', '/*', '\ufeff', '\ufeff/*'];
    const types = [2, 3, 3, 1, 1, 1, 1, 1];
    const file = writeGguf(
      new Map([
        ['tokenizer.ggml.model', encode.text('llama')],
        ['tokenizer.ggml.tokens', encode.texts(tokens)],
        ['tokenizer.ggml.token_type', encode.i32s(types)],
        ['tokenizer.ggml.scores', encode.f32s(tokens.map((_, i) => -i))],
        ['tokenizer.ggml.add_space_prefix', encode.bool(false)],
      ]),
      [],
    );
    const t = new Tokenizer(vocabularyOfGguf((await readGguf(bytesSource(file))).metadata));
    expect(t.encode('/*')).toEqual([5]);
    expect(t.encode('\ufeff/*')).toEqual([7]);
    expect(t.decode([7, 5])).toBe('\ufeff/*/*');
  });

  it('have the token for the unknown as one of control', async () => {
    const t = new Tokenizer(await changed({}));
    expect(t.encode('a<unk>', { bos: false })).toContain(0);
    expect(t.encode('a<unk>', { bos: false, special: false })).not.toContain(0);
  });

  it.each<[string, boolean | undefined, boolean]>([
    ['llama-bpe', undefined, true],
    ['llama-bpe', false, false],
    ['tekken', undefined, true],
    ['qwen2', undefined, false],
    ['qwen2', true, true],
  ])('%s, add_bos_token %s: texts begin with the token for that: %s', async (pre, given, expected) => {
    const fields = {
      model: 'gpt2',
      pre,
      merges: ['a b'],
      ...(given === undefined ? {} : { add_bos_token: given }),
    };
    const named = Object.entries(fields).map(([name, value]) => [`tokenizer.ggml.${name}`, value] as const);
    expect((await changed(Object.fromEntries(named))).addBos).toBe(expected);
  });
});

describe('a byte-level vocabulary', () => {
  const bytes = Array.from({ length: 256 }, (_, byte) => {
    const own = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    return { byte, own };
  });
  let next = 256;
  const letters = bytes.map(({ byte, own }) => String.fromCodePoint(own ? byte : next++));
  const tokens = [...letters, 'th', 'the', 'Ġthe'];
  const make = (words: string): Tokenizer =>
    new Tokenizer({
      definition: bpeDefinition({ tokens, merges: ['t h', 'th e', 'Ġ the'], words }),
      isForeign: false,
      size: 260,
      added: [added('<|im_end|>', { id: 259 })],
      bos: undefined,
      ends: [259],
      addBos: false,
      template: undefined,
    });

  it.each(['gpt-2', 'llama-bpe', 'qwen2', 'smollm', 'tekken', 'gpt-4o', 'deepseek-coder'])(
    '%s gives every text back',
    (words) => {
      const t = make(words);
      for (const text of [
        'the the',
        "it's  12345\n\n x",
        'Ünïcödé 日本語 ไทย 🙂👍🏽',
        '\t\r\n  ',
        'x = {"a": [1, 2]};',
      ])
        expect(t.decode(t.encode(text))).toBe(text);
      expect(t.encode('the the<|im_end|>')).toEqual([257, 258, 259]);
    },
  );

  it('refuses ways to cut words that are not known', () => {
    expect(() => bpeDefinition({ tokens, merges: [], words: 'klingon' })).toThrow(
      /LLM_UNSUPPORTED.*klingon/s,
    );
  });
});

describe('tokens that were added', () => {
  const cut = (text: string, ...tokens: AddedToken[]): string[] =>
    sectionsOf(text, indexAdded(tokens)).map((each) =>
      typeof each === 'string' ? each : `[${each.content}]`,
    );

  it('are found where they stand, the longest first', () => {
    expect(cut('a<x>b<x>>', added('<x>'), added('<x>>'))).toEqual(['a', '[<x>]', 'b', '[<x>>]']);
    expect(cut('', added('<x>'))).toEqual([]);
    expect(cut('plain', added('<x>'))).toEqual(['plain']);
  });

  it('take white space with them', () => {
    expect(cut('a  <x>  b', added('<x>', { lstrip: true }))).toEqual(['a', '[<x>]', '  b']);
    expect(cut('a  <x>  b', added('<x>', { rstrip: true }))).toEqual(['a  ', '[<x>]', 'b']);
  });

  it('are no part of a word, where that is asked for', () => {
    const ing = added('ing', { singleWord: true });
    expect(cut('singing ing, ing', ing)).toEqual(['singing ', '[ing]', ', ', '[ing]']);
  });
});

describe('faults of the library, worked around', () => {
  const tokenizer = (pre: Json, tokens: readonly string[]): Tokenizer =>
    new Tokenizer(
      vocabularyOfJson({
        tokenizer: {
          version: '1.0',
          normalizer: null,
          pre_tokenizer: pre,
          post_processor: null,
          decoder: null,
          added_tokens: [],
          model: { type: 'BPE', vocab: Object.fromEntries(tokens.map((token, i) => [token, i])), merges: [], unk_token: null },
        },
        tokenizerConfig: {},
        config: {},
        generation: {},
        template: undefined,
      }),
    ); // prettier-ignore

  it('a Split that removes a text', () => {
    const split = { type: 'Split', pattern: { String: '-' }, behavior: 'Removed', invert: false };
    expect(tokenizer(split, ['a', 'b', '-']).encode('a-b')).toEqual([0, 1]);
  });

  it('a Split that joins what it splits off', () => {
    const split = { type: 'Split', pattern: { String: '-' }, behavior: 'Contiguous', invert: false };
    const t = new Tokenizer(
      vocabularyOfJson({
        tokenizer: {
          version: '1.0', normalizer: null, pre_tokenizer: split, post_processor: null, decoder: null, added_tokens: [],
          model: { type: 'BPE', vocab: { a: 0, '-': 1, '--': 2 }, merges: [['-', '-']], unk_token: null },
        },
        tokenizerConfig: {}, config: {}, generation: {}, template: undefined,
      }),
    ); // prettier-ignore
    expect(t.encode('a--a')).toEqual([0, 2, 0]);
  });

  /** The words that a step cuts a text into, each a token. */
  const words = (step: Json, text: string, ...vocabulary: readonly string[]): string[] => {
    const t = new Tokenizer(
      vocabularyOfJson({
        tokenizer: {
          version: '1.0', normalizer: null, pre_tokenizer: step, post_processor: null, decoder: null, added_tokens: [],
          model: { type: 'BPE', vocab: Object.fromEntries(vocabulary.map((word, i) => [word, i])), merges: [], ignore_merges: true, unk_token: null },
        },
        tokenizerConfig: {}, config: {}, generation: {}, template: undefined,
      }),
    ); // prettier-ignore
    return t.encode(text).map((id) => vocabulary[id]);
  };

  it('digits of all scripts', () => {
    const numbers = ['12', '٣٤', '½', '1', '2', '٣', '٤', 'a', '1a', 'a½'];
    const step = (isEach: boolean): Json => ({ type: 'Digits', individual_digits: isEach });
    expect(words(step(false), '12a٣٤a½', ...numbers)).toEqual(['12', 'a', '٣٤', 'a', '½']);
    expect(words(step(true), '12a٣٤a½', ...numbers)).toEqual(['1', '2', 'a', '٣', '٤', 'a', '½']);
  });

  it('words of all scripts, and white space that is none in JavaScript, or is there only', () => {
    const known = ['naïve', 'na', 'ï', 've', '日本', '!?', 'a', 'b', 'a\ufeffb', 'a\u0085b'];
    expect(words({ type: 'Whitespace' }, 'naïve  日本!?', ...known)).toEqual(['naïve', '日本', '!?']);
    expect(words({ type: 'WhitespaceSplit' }, 'a\ufeffb a\u0085b', ...known)).toEqual(['a\ufeffb', 'a', 'b']);
  });
});

describe('chat templates', () => {
  const messages = [
    { role: 'user', content: 'Hi' },
    { role: 'assistant', content: '\n\nHo\n' },
  ];

  it('ChatML is the default', () => {
    expect(renderChat(CHATML, [messages[0]], { bos: undefined, eos: undefined })).toBe('<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n'); // prettier-ignore
  });

  it('see the tokens of control and variables', () => {
    const template = '{{ bos_token }}{% if think %}!{% endif %}{{ eos_token }}';
    expect(renderChat(template, messages, { bos: '<s>', eos: '</s>', variables: { think: true } })).toBe(
      '<s>!</s>',
    );
  });

  it.each([
    ["{{ messages[1].content.strip('\\n') }}", 'Ho'],
    ["{{ messages[1].content.lstrip('\\n') }}", 'Ho\n'],
    ["{{ messages[1].content.rstrip('\\n') }}", '\n\nHo'],
    ["{{ messages[1].content.strip('\\nH') }}", 'o'],
    ['{{ messages[1].content.strip() }}', 'Ho'],
    ["{{ messages[1].content.split('H')[-1].rstrip('\\n').lstrip('o') }}", ''],
  ])('strip as in Python: %s', (template, expected) => {
    expect(renderChat(template, messages, { bos: undefined, eos: undefined })).toBe(expected);
  });

  it('that throw are typed errors', () => {
    const context = { bos: undefined, eos: undefined };
    expect(() => renderChat("{{ raise_exception('no system') }}", messages, context)).toThrow(
      /LLM_TEMPLATE.*no system/s,
    );
    expect(() => renderChat('{% if %}', messages, context)).toThrow(/LLM_TEMPLATE/);
  });
});
