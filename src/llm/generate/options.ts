/** How tokens are chosen, and when a text ends. */
import { func, kind, listOf, number, record, type Kind } from '../../base/kinds.js';
import type { Constraint } from '../grammar/constraint.js';
import { checkedOptions, type OptionTable } from '../../base/options.js';

export interface SamplingOptions {
  /** What logits are divided by; 0: always the likeliest token, of several the first. Default: 0. */
  readonly temperature?: number;
  /** Only so many of the likeliest tokens. Default: all. */
  readonly topK?: number;
  /** Only the likeliest tokens that have this probability together (Holtzman et al., 2020). Default: 1. */
  readonly topP?: number;
  /** Only tokens with at least this part of the probability of the likeliest. Default: 0. */
  readonly minP?: number;
  /** Only tokens whose information is nearest to the expected one, of this probability together (Meister et al., 2022). Default: 1. */
  readonly typicalP?: number;
  /** What logits above 0 of tokens among the last are divided by, others multiplied (Keskar et al., 2019). Default: 1. */
  readonly repeatPenalty?: number;
  /** How many of the last tokens count as repeated. Default: 64. */
  readonly repeatWindow?: number;
  /** Taken off a logit for each time that its token was generated. Default: 0. */
  readonly frequencyPenalty?: number;
  /** Taken off the logits of tokens that were generated. Default: 0. */
  readonly presencePenalty?: number;
  /** Added to the logits of tokens, by their numbers; -Infinity forbids one. */
  readonly logitBias?: Readonly<Record<number, number>>;
  /** With a temperature: the same seed gives the same tokens, everywhere. Default: 0. */
  readonly seed?: number;
}

export interface GenerateOptions extends SamplingOptions {
  /** Default: as many as fit the context. */
  readonly maxTokens?: number;
  /** Before so many, no token ends the text; stop texts do. Default: 0. */
  readonly minTokens?: number;
  /** Texts that end the text; they are not part of it. */
  readonly stop?: readonly string[];
  /** Tokens that end the text, beside those that the model has. */
  readonly stopTokens?: readonly number[];
  /**
   * What the text is held to, from its first character to its last. It ends where nothing may follow; where it may go on, the model
   * decides. A text that `maxTokens` or a stop text ends may be none of those that were asked for.
   */
  readonly constraint?: Constraint;
  /** Ends the generation after the token that is under way. */
  readonly signal?: AbortSignal;
  /**
   * Guesses how a text goes on, given all its tokens so far. Guesses are checked together, and those that are what would have been
   * generated are taken: the tokens are the same, whatever is guessed. See {@link lookup}.
   */
  readonly guess?: Guess;
}

/** At most 7 tokens that may follow. */
export type Guess = (tokens: readonly number[]) => readonly number[] | Promise<readonly number[]>;

export interface ChatOptions extends GenerateOptions {
  /** What the template may ask for, such as `{ enable_thinking: false }`. */
  readonly variables?: Readonly<Record<string, unknown>>;
}

const atLeast = (low: number): Kind<false> =>
  kind(`a number from ${low} on`, (value) => typeof value === 'number' && value >= low && value < Infinity);
const fraction = kind('a number above 0, up to 1', (value) => typeof value === 'number' && value > 0 && value <= 1); // prettier-ignore
const count = kind('an integer from 0 on', (value) => Number.isSafeInteger(value) && (value as number) >= 0);
const finite = kind('a finite number', Number.isFinite);
const seed = kind('an integer from 0 to 2^53 - 1', (value) => Number.isSafeInteger(value) && (value as number) >= 0); // prettier-ignore

const SAMPLING: OptionTable<SamplingOptions> = {
  temperature: atLeast(0),
  topK: count,
  topP: fraction,
  minP: kind('a number from 0 to 1', (value) => typeof value === 'number' && value >= 0 && value <= 1),
  typicalP: fraction,
  repeatPenalty: kind('a number above 0', (value) => typeof value === 'number' && value > 0 && value < Infinity), // prettier-ignore
  repeatWindow: count,
  frequencyPenalty: finite,
  presencePenalty: finite,
  logitBias: kind('an object of numbers by tokens', (value) => record.accepts(value) && Object.values(value as object).every((each) => number.accepts(each))), // prettier-ignore
  seed,
};

const GENERATE: OptionTable<GenerateOptions> = {
  ...SAMPLING,
  maxTokens: count,
  minTokens: count,
  stop: listOf('texts that are not empty', (each) => typeof each === 'string' && each !== ''),
  stopTokens: listOf('tokens', Number.isInteger),
  constraint: record,
  signal: kind('an AbortSignal', (value) => value instanceof AbortSignal),
  guess: func,
};

const CHAT: OptionTable<ChatOptions> = { ...GENERATE, variables: record };

export const checkedGenerate = (options: unknown, where: string): GenerateOptions =>
  checkedOptions(options ?? {}, GENERATE, where);
export const checkedChat = (options: unknown, where: string): ChatOptions =>
  checkedOptions(options ?? {}, CHAT, where);
