/** What a model's file says of its tokens, whichever format it has. */

/** A text that is always a token of its own. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  /** White space before it, or behind it, belongs to it. */
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  /** Only between characters that are no letters or digits. */
  readonly singleWord: boolean;
  /** Whether it steers and is no text, such as the end of a turn. */
  readonly special: boolean;
  /** Whether it is looked for in the normalized text. */
  readonly normalized: boolean;
}

export interface Vocabulary {
  /** In the form of tokenizer.json (Hugging Face). */
  readonly definition: Readonly<Record<string, unknown>>;
  /** Whether the definition comes from a file as it is, so that the library may refuse it. */
  readonly isForeign: boolean;
  /** Tokens have numbers below it. */
  readonly size: number;
  readonly added: readonly AddedToken[];
  readonly bos: number | undefined;
  /** Tokens that end a text. */
  readonly ends: readonly number[];
  /** Whether texts begin with `bos`. */
  readonly addBos: boolean;
  /** Jinja. */
  readonly template: string | undefined;
}
