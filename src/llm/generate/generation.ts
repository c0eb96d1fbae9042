/** A text while it is generated. */
import type { Engine, Logits, Sequence } from '../engine/engine.js';
import { ConstrainedText, grammarOf } from '../grammar/constraint.js';
import type { TokenTree } from '../grammar/tokens.js';
import type { Tokenizer } from '../text/tokenizer.js';
import { MOST_GUESSED } from './lookup.js';
import type { GenerateOptions } from './options.js';
import { sample } from './sampler.js';
import { GrowingText } from './text.js';

/** Why a text ended: the model or a stop text ended it, it is as long as it may be, or it was aborted. */
export type Finish = 'stop' | 'length' | 'abort';

/** What generations need of a model. */
export interface Generator {
  readonly engine: Engine;
  readonly tokenizer: Tokenizer;
  /** All tokens of the vocabulary. */
  tree(): TokenTree;
  /** A sequence that holds as much of these tokens as can be had, but not all; it is the caller's. */
  take(tokens: readonly number[]): Sequence;
  /** Gives a sequence back, for others to begin with. */
  giveBack(sequence: Sequence): void;
}

/** An iterable of pieces of text. It runs once; `tokens`, `text` and `finish` say what has come so far. */
export class Generation implements AsyncIterable<string> {
  private readonly generated: number[] = [];
  private written = '';
  private reason: Finish | undefined;
  private readonly steps: AsyncGenerator<string, void>;
  private readonly constrained: ConstrainedText | undefined;
  private milliseconds: { readonly prompt: number; readonly tokens: number } | undefined;

  constructor(
    private readonly generator: Generator,
    /** The tokens of the prompt. */
    readonly prompt: readonly number[],
    private readonly options: GenerateOptions,
  ) {
    const { tokenizer } = generator;
    if (options.constraint !== undefined)
      this.constrained = new ConstrainedText(
        grammarOf(options.constraint),
        generator.tree(),
        (token) => tokenizer.bytesOf(token),
        (token) => this.isEnd(token),
      );
    this.steps = this.run();
  }

  /** The tokens that were generated so far, the one that ended the text among them. */
  get tokens(): readonly number[] {
    return this.generated;
  }

  /** The text so far. */
  get text(): string {
    return this.written;
  }

  /** Why it ended; undefined while it has not. */
  get finish(): Finish | undefined {
    return this.reason;
  }

  /** Milliseconds for the prompt and for all later tokens; undefined before the first token. */
  get times(): { readonly prompt: number; readonly tokens: number } | undefined {
    return this.milliseconds;
  }

  [Symbol.asyncIterator](): AsyncIterator<string> {
    return this.steps;
  }

  /** The whole text, when it has ended. */
  async all(): Promise<string> {
    for await (const _ of this.steps);
    return this.written;
  }

  private async *run(): AsyncGenerator<string, void> {
    const { generator, options, prompt } = this;
    const { engine, tokenizer } = generator;
    const text = new GrowingText(options.stop ?? []);
    const room = engine.context - prompt.length;
    const most = Math.min(options.maxTokens ?? Infinity, room);
    if (most <= 0 && (options.maxTokens ?? 1) > 0) engine.checkLength(prompt.length + 1);
    if (most <= 0) return void (this.reason = 'length');
    const sequence = generator.take(prompt);
    try {
      for await (const token of this.chosen(sequence)) {
        this.generated.push(token);
        const isEnd = this.isEnd(token);
        const piece = isEnd ? '' : text.add(tokenizer.bytesOf(token));
        this.written += piece;
        if (piece !== '') yield piece;
        if (text.stopped || isEnd) this.reason = 'stop';
        else if (this.constrained?.isComplete(this.generated) === true) this.reason = 'stop';
        else if (this.generated.length >= most) this.reason = 'length';
        else if (options.signal?.aborted === true) this.reason = 'abort';
        if (this.reason !== undefined) break;
      }
      this.reason ??= 'abort';
      const rest = text.end();
      this.written += rest;
      if (rest !== '') yield rest;
    } finally {
      this.reason ??= 'abort';
      generator.giveBack(sequence);
    }
  }

  private isEnd(token: number): boolean {
    return this.generator.tokenizer.isEnd(token) || this.options.stopTokens?.includes(token) === true;
  }

  /** Tokens, one after the other: each depends on the logits before it and on nothing that was guessed. */
  private async *chosen(sequence: Sequence): AsyncGenerator<number, void> {
    const { prompt, options } = this;
    const { engine } = this.generator;
    const start = performance.now();
    if (options.signal?.aborted === true) return;
    let [logits] = await engine.advance([{ sequence, tokens: prompt.slice(sequence.length) }]);
    const first = performance.now();
    const tokens = [...prompt];
    for (;;) {
      const token = this.choose(logits, tokens);
      tokens.push(token);
      this.milliseconds = { prompt: first - start, tokens: performance.now() - first };
      yield token;
      const guessed = await this.guess(tokens);
      if (guessed.length === 0) {
        [logits] = await engine.advance([{ sequence, tokens: [token] }]);
        continue;
      }
      const rows = await engine.evaluate(sequence, [token, ...guessed]);
      const accepted = yield* this.accepted(rows, guessed, tokens, first - start, first);
      sequence.rollback(tokens.length);
      logits = rows[accepted];
    }
  }

  /** Takes guesses for as long as they are what would have been chosen; gives how many were. */
  private async *accepted(
    rows: readonly Logits[],
    guessed: readonly number[],
    tokens: number[],
    prompt: number,
    first: number,
  ): AsyncGenerator<number, number> {
    let count = 0;
    while (count < guessed.length && this.choose(rows[count], tokens) === guessed[count]) {
      tokens.push(guessed[count]);
      this.milliseconds = { prompt, tokens: performance.now() - first };
      yield guessed[count++];
    }
    return count;
  }

  private async guess(tokens: readonly number[]): Promise<readonly number[]> {
    const { guess } = this.options;
    if (guess === undefined) return [];
    const room = this.generator.engine.context - tokens.length;
    const { vocabulary } = this.generator.engine.hyper;
    const all = await guess(tokens);
    const wrong = all.findIndex((token) => !Number.isInteger(token) || token < 0 || token >= vocabulary);
    return all.slice(0, Math.min(wrong < 0 ? all.length : wrong, MOST_GUESSED, room));
  }

  private choose(logits: Logits, tokens: readonly number[]): number {
    const { prompt, options, generator, constrained } = this;
    const isShort = tokens.length - prompt.length < (options.minTokens ?? 0);
    const forbidden = isShort ? [...generator.tokenizer.vocabulary.ends, ...(options.stopTokens ?? [])] : [];
    const allows = constrained?.allowed(tokens.slice(prompt.length));
    return sample(logits, { tokens, prompt: prompt.length, forbidden, allows }, options);
  }
}
