/** How tokens are chosen, and how texts end. */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { LanguageModel } from '../../../src/llm/model.js';
import { lookup } from '../../../src/llm/generate/lookup.js';
import type { GenerateOptions, SamplingOptions } from '../../../src/llm/generate/options.js';
import { likeliest, sample, uniformAt } from '../../../src/llm/generate/sampler.js';
import { GrowingText } from '../../../src/llm/generate/text.js';
import { languageModel, QUICK } from '../support/models.js';

const LOGITS = Float32Array.of(1, 3, 2, -1, 3);
const state = { tokens: [1, 2], prompt: 1, forbidden: [] };
const choose = (options: SamplingOptions, more = {}): number =>
  sample(LOGITS, { ...state, ...more }, options);

/** Which tokens come up for many seeds, and how often. */
function frequencies(options: SamplingOptions, draws = 2000): number[] {
  const counts = LOGITS.map(() => 0);
  for (let seed = 0; seed < draws; seed++) counts[choose({ temperature: 1, ...options, seed })]++;
  return [...counts].map((count) => count / draws);
}

describe('sampling', () => {
  it('without a temperature takes the likeliest, of several the first', () => {
    expect(choose({})).toBe(1);
    expect(likeliest([Number.NaN, 1, 2])).toBe(2);
    expect(likeliest([-Infinity, -Infinity])).toBe(0);
  });

  it('follows the probabilities', () => {
    const weights = [...LOGITS].map(Math.exp);
    const total = weights.reduce((a, b) => a + b);
    frequencies({}).forEach((found, i) => expect(found).toBeCloseTo(weights[i] / total, 1));
  });

  it('keeps to the tokens that are left', () => {
    const among = (options: SamplingOptions): number[] => frequencies(options, 400).flatMap((count, i) => (count > 0 ? [i] : [])); // prettier-ignore
    expect(among({ topK: 2 })).toEqual([1, 4]);
    expect(among({ topP: 0.5 })).toEqual([1, 4]);
    expect(among({ minP: 0.3 })).toEqual([1, 2, 4]);
    expect(among({ typicalP: 0.5 })).toEqual([1, 4]);
    expect(among({ topK: 1 })).toEqual([1]);
    expect(among({ logitBias: { 1: -Infinity, 4: -Infinity }, topK: 1 })).toEqual([2]);
  });

  it('is the same for the same seed and position, and another one elsewhere', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(1e6), (seed, position) => {
        const u = uniformAt(seed, position);
        expect(u).toBe(uniformAt(seed, position));
        expect(u).toBeGreaterThanOrEqual(0);
        expect(u).toBeLessThan(1);
        expect(uniformAt(seed, position + 1)).not.toBe(u);
      }),
    );
    expect(uniformAt(2 ** 40 + 1, 0)).not.toBe(uniformAt(1, 0));
  });

  it('penalises what was there', () => {
    expect(choose({ repeatPenalty: 10 })).toBe(4);
    expect(choose({ presencePenalty: 5 }, { tokens: [1, 1], prompt: 1 })).toBe(4);
    expect(choose({ presencePenalty: 5 }, { tokens: [1, 1], prompt: 2 })).toBe(1);
    expect(choose({ frequencyPenalty: 0.6 }, { tokens: [0, 1, 1, 4], prompt: 1 })).toBe(4);
    expect(choose({}, { forbidden: [1, 4] })).toBe(2);
  });

  it('gives a token of the vocabulary whatever the logits are', () => {
    const hostile = fc.constantFrom(Number.NaN, Infinity, -Infinity, 0, -0, 1e38, -1e38, 1e-45);
    fc.assert(
      fc.property(fc.array(hostile, { minLength: 1, maxLength: 9 }), fc.constantFrom(0, 1), (logits, temperature) => {
        const token = sample(Float32Array.from(logits), { tokens: [], prompt: 0, forbidden: [] }, { temperature, topP: 0.9 });
        expect(token).toBeGreaterThanOrEqual(0);
        expect(token).toBeLessThan(logits.length);
      }),
    ); // prettier-ignore
  });
});

describe('text that grows', () => {
  const run = (stops: readonly string[], ...pieces: (string | Uint8Array)[]): readonly string[] => {
    const text = new GrowingText(stops);
    const out = pieces.map((piece) => text.add(typeof piece === 'string' ? Buffer.from(piece) : piece));
    return [...out, text.end()];
  };

  it('waits for the rest of a character', () => {
    expect(run([], Uint8Array.of(0xc3), Uint8Array.of(0xbc), Uint8Array.of(0xf0))).toEqual([
      '',
      'ü',
      '',
      '\ufffd',
    ]);
  });

  it('waits where a stop may begin, and ends where one is', () => {
    expect(run(['END'], 'a', ' E', 'N', 'x')).toEqual(['a', ' ', '', 'ENx', '']);
    expect(run(['END'], 'a E', 'ND b', 'c')).toEqual(['a ', '', '', '']);
    expect(run(['b', 'ab'], 'xab')).toEqual(['x', '']);
    expect(run(['END'], 'EN')).toEqual(['', 'EN']);
  });
});

describe('a generation', () => {
  let model: LanguageModel;
  beforeAll(async () => {
    model = await languageModel(QUICK);
  });
  const generated = async (options: GenerateOptions, prompt = 'the tin on'): Promise<readonly number[]> => {
    const generation = model.generate(prompt, { maxTokens: 12, ...options });
    await generation.all();
    return generation.tokens;
  };

  it('has a text, tokens, a reason and times', async () => {
    const generation = model.generate('the', { maxTokens: 5 });
    expect(generation.finish).toBeUndefined();
    let text = '';
    for await (const piece of generation) text += piece;
    expect(generation.text).toBe(text);
    expect(generation.tokens).toHaveLength(5);
    expect(generation.finish).toBe('length');
    expect(generation.times?.prompt).toBeGreaterThan(0);
  });

  it.each([{}, { temperature: 1.5, seed: 5 }])(
    'with guesses has the tokens of one without: %j',
    async (options) => {
      const plain = await generated(options);
      expect(await generated({ ...options, guess: lookup })).toEqual(plain);
      expect(await generated({ ...options, guess: () => plain.slice(0, 3) })).toEqual(plain);
      let at = 0;
      // A guesser that knows, as a good draft would, and is wrong every other time.
      const known = (tokens: readonly number[]): readonly number[] => {
        const rest = plain.slice(tokens.length - model.tokenizer.encode('the tin on').length);
        return at++ % 2 === 0 ? rest : [...rest.slice(0, 2), 7, 8];
      };
      expect(await generated({ ...options, guess: known })).toEqual(plain);
      expect(await generated({ ...options, guess: () => [9999, -1] })).toEqual(plain);
    },
  );

  it('does not depend on what was generated before', async () => {
    const plain = await generated({});
    await generated({}, 'the tin');
    await generated({ temperature: 1 }, 'the tin on a');
    expect(await generated({})).toEqual(plain);
  });

  it('ends at texts, tokens, signals, and not before the least length', async () => {
    const [first, second] = await generated({});
    expect(await generated({ stopTokens: [second] })).toEqual([first, second]);
    expect(await generated({ stopTokens: [first], minTokens: 3 })).toHaveLength(12);
    const aborted = model.generate('the', { maxTokens: 9, signal: AbortSignal.abort() });
    await aborted.all();
    expect([aborted.finish, aborted.tokens]).toEqual(['abort', []]);
    const controller = new AbortController();
    const cut = model.generate('the', { maxTokens: 50, signal: controller.signal });
    for await (const _ of cut) if (cut.tokens.length >= 2) controller.abort();
    expect(cut.finish).toBe('abort');
    expect(cut.tokens.length).toBeLessThan(50);
  });

  it('can be left early', async () => {
    const generation = model.generate('the', { maxTokens: 50 });
    for await (const _ of generation) break;
    expect(generation.finish).toBe('abort');
    expect(await generated({})).toHaveLength(12);
  });

  it('goes on from a conversation', async () => {
    const chat = model.chat([{ role: 'user', content: 'the' }], { maxTokens: 3 });
    await chat.all();
    expect(model.tokenizer.decode(chat.prompt)).toContain('<|im_start|>user\nthe<|im_end|>');
    expect(chat.tokens).toHaveLength(3);
  });

  it('refuses options that are none, and prompts that do not fit', async () => {
    expect(() => model.generate('a', { temperature: -1 })).toThrow(/USAGE.*temperature/s);
    expect(() => model.generate('a', { top_k: 1 } as GenerateOptions)).toThrow(/USAGE.*unknown option/s);
    expect(() => model.generate([])).toThrow(/USAGE.*no tokens/s);
    expect(() => model.chat([])).toThrow(/USAGE.*list of messages/s);
    await expect(model.generate(new Array<number>(600).fill(5), {}).all()).rejects.toThrow(/LLM_CONTEXT/);
  });
});

describe('a text that is held to something', () => {
  let model: LanguageModel;
  beforeAll(async () => {
    model = await languageModel(QUICK);
  });
  const schema = {
    type: 'object',
    properties: {
      name: { type: 'string', maxLength: 3 },
      count: { type: 'integer', minimum: 1, maximum: 20 },
    },
    required: ['name', 'count'],
  };

  it.each([
    ['greedily', {}],
    ['sampled', { temperature: 2, seed: 4 }],
    ['with guesses', { guess: lookup }],
    ['with a length that it must have', { minTokens: 200 }],
  ] as const)('%s, is of the schema and ends', async (_, options) => {
    const generation = model.generate('the tin on', { ...options, constraint: { schema }, maxTokens: 200 });
    const value = JSON.parse(await generation.all()) as { readonly name: string; readonly count: number };
    expect(generation.finish).toBe('stop');
    expect(Object.keys(value)).toEqual(['name', 'count']);
    expect([...value.name].length).toBeLessThanOrEqual(3);
    expect(value.count >= 1 && value.count <= 20).toBe(true);
  });

  it('is the same with guesses, and matches the expression', async () => {
    const options = { constraint: { regex: /the (tin|on){3}\./ }, temperature: 1.5, seed: 9, maxTokens: 60 };
    const plain = model.generate('a', options);
    expect(await plain.all()).toMatch(/^the (tin|on){3}\.$/);
    const guessed = model.generate('a', { ...options, guess: lookup });
    await guessed.all();
    expect(guessed.tokens).toEqual(plain.tokens);
  });

  it('is refused where it cannot be followed', () => {
    const ask = (constraint: unknown): unknown => model.generate('a', { constraint } as GenerateOptions);
    expect(() => ask({ schema: { not: {} } })).toThrow(/LLM_GRAMMAR.*keyword/s);
    expect(() => ask({})).toThrow(/USAGE.*not a constraint/s);
    expect(() => ask({ json: true, regex: 'a' })).toThrow(/USAGE.*not a constraint/s);
    expect(() => ask('json')).toThrow(/USAGE/);
  });
});
