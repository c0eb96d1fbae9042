/** Language models: loaded from files, asked for text. */
import { HeddleError } from '../base/errors.js';
import type { Engine, Sequence } from './engine/engine.js';
import { cacheKindAt } from './model/cache.js';
import { decodeSequence, encodeSequence, withLength } from './engine/saved.js';
import { commonPrefix } from './engine/sequence.js';
import { Generation, type Generator } from './generate/generation.js';
import { checkedChat, checkedGenerate, type ChatOptions, type GenerateOptions } from './generate/options.js';
import { TokenTree } from './grammar/tokens.js';
import { CHATML, renderChat, type Message } from './text/template.js';
import type { Tokenizer } from './text/tokenizer.js';

/** Sequences that are kept for later prompts which begin as they do: those that ended last. */
const KEPT = 4;

export class LanguageModel {
  private readonly idle: Sequence[] = [];
  /** Made when a text is first held to something. */
  private tree: TokenTree | undefined;

  constructor(
    /** The name in its file, or of its file. */
    readonly name: string,
    readonly engine: Engine,
    readonly tokenizer: Tokenizer,
    /** Says which weights these are, so that what is saved of one model is not read by another. */
    private readonly identity: string,
    /** Ends what only this model uses. */
    private readonly close: () => void = () => undefined,
  ) {}

  /** Positions that a text may have, its prompt among them. */
  get context(): number {
    return this.engine.context;
  }

  /**
   * How a text goes on, piece by piece. Throws USAGE for options that are none, LLM_GRAMMAR for constraints that cannot be followed; iterating throws LLM_CONTEXT where the
   * prompt does not fit.
   */
  generate(prompt: string | readonly number[], options?: GenerateOptions): Generation {
    const checked = checkedGenerate(options, 'generate');
    const tokens = typeof prompt === 'string' ? this.tokenizer.encode(prompt) : [...prompt];
    return this.start(tokens, checked);
  }

  /** The answer in a conversation, piece by piece. Throws as {@link generate} does, and LLM_TEMPLATE where the template fails. */
  chat(messages: readonly Message[], options?: ChatOptions): Generation {
    const { variables, ...checked } = checkedChat(options, 'chat');
    return this.start(this.chatTokens(messages, variables), checked);
  }

  /** The tokens of a conversation, up to where the answer begins. Throws USAGE, LLM_TEMPLATE. */
  chatTokens(messages: readonly Message[], variables?: ChatOptions['variables']): readonly number[] {
    checkMessages(messages);
    const { vocabulary } = this.tokenizer;
    const text = renderChat(vocabulary.template ?? CHATML, messages, {
      bos: this.tokenizer.specialText(vocabulary.bos),
      eos: this.tokenizer.specialText(vocabulary.ends[0]),
      variables,
    });
    const bos = this.tokenizer.specialText(vocabulary.bos);
    // Some templates write it, others leave it to us.
    return this.tokenizer.encode(text, { bos: bos === undefined || !text.startsWith(bos) });
  }

  /**
   * What was computed of a text, as a file (safetensors), for {@link restore}: of the kept sequences the one that has the most of it.
   * Throws USAGE where nothing of it is kept.
   */
  async save(prompt: string | readonly number[]): Promise<Uint8Array> {
    const tokens = typeof prompt === 'string' ? this.tokenizer.encode(prompt) : prompt;
    const sequence = this.nearest(tokens);
    if (sequence === undefined)
      throw new HeddleError('USAGE', 'nothing of the text is kept', {
        expected: 'a text that was generated, or begins as one',
      });
    const { tokens: all, caches } = await this.engine.save(sequence);
    const length = commonPrefix(all, tokens);
    const own = {
      tokens: all.slice(0, length),
      caches: caches.map((cache, i) => withLength(cache, cacheKindAt(i), length)),
    };
    return encodeSequence(own, this.identity);
  }

  /**
   * Keeps what was {@link save saved}: a text that begins as its tokens, which are given, goes on from there, bit for bit. Throws FILE_* for
   * files that are none, LLM_INVALID for those of another model, LLM_CONTEXT for texts that are too long.
   */
  restore(file: Uint8Array): readonly number[] {
    const saved = decodeSequence(file, this.identity, this.engine.hyper);
    this.giveBack(this.engine.restore(saved));
    return saved.tokens;
  }

  /** Gives all memory back, and ends the engine if it was opened for this model. */
  dispose(): void {
    for (const sequence of this.idle.splice(0)) sequence.dispose();
    this.engine.dispose();
    this.close();
  }

  private start(tokens: readonly number[], options: GenerateOptions): Generation {
    if (tokens.length === 0)
      throw new HeddleError('USAGE', 'the prompt has no tokens', { expected: 'a text that is not empty' });
    const generator: Generator = {
      engine: this.engine,
      tokenizer: this.tokenizer,
      tree: () => (this.tree ??= new TokenTree(this.engine.hyper.vocabulary, (token) => this.tokenizer.bytesOf(token))), // prettier-ignore
      take: (prompt) => this.take(prompt),
      giveBack: (sequence) => this.giveBack(sequence),
    };
    return new Generation(generator, tokens, options);
  }

  /** The kept sequence that has the most in common with a prompt, cut to that; a new one where none has anything. */
  private take(tokens: readonly number[]): Sequence {
    const sequence = this.nearest(tokens);
    if (sequence === undefined) return this.engine.sequence();
    this.idle.splice(this.idle.indexOf(sequence), 1);
    // The last token is computed again: its logits are what comes next.
    sequence.rollback(Math.min(commonPrefix(sequence.tokens, tokens), tokens.length - 1));
    return sequence;
  }

  /** The kept sequence that has the most in common with a prompt; undefined where none has anything. */
  private nearest(tokens: readonly number[]): Sequence | undefined {
    let most = 0;
    let best: Sequence | undefined;
    for (const sequence of this.idle) {
      const common = commonPrefix(sequence.tokens, tokens);
      if (common > most) [best, most] = [sequence, common];
    }
    return best;
  }

  private giveBack(sequence: Sequence): void {
    this.idle.push(sequence);
    if (this.idle.length > KEPT) this.idle.shift()?.dispose();
  }
}

function checkMessages(messages: readonly Message[]): void {
  const isMessage = ({ role, content }: Partial<Message>): boolean =>
    typeof role === 'string' && typeof content === 'string';
  if (Array.isArray(messages) && messages.length > 0 && messages.every((each) => isMessage(Object(each) as Partial<Message>))) return; // prettier-ignore
  throw new HeddleError('USAGE', 'a conversation is a list of messages', {
    expected: '[{ role: "user", content: "..." }]',
  });
}
