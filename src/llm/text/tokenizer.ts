/** Texts to tokens and back. */
import { utf8Decoder } from '../../base/utf8.js';
import { Tokenizer as Library } from '@huggingface/tokenizers';
import { HeddleError } from '../../base/errors.js';
import { indexAdded, sectionsOf, type AddedIndex } from './added.js';
import { stripsSpace, tokenBytes, type TokenBytes } from './bytes.js';
import { repaired } from './repairs.js';
import type { AddedToken, Vocabulary } from './vocabulary.js';

export interface EncodeOptions {
  /** Whether texts of control tokens, such as `<|im_end|>`, become these tokens. Default: true. */
  readonly special?: boolean;
  /** Whether the text begins with the token for that, where the model wants it. Default: true. */
  readonly bos?: boolean;
}

/** The library's own, for the first section of a text and for others. */
interface Libraries {
  readonly first: Library;
  readonly later: Library;
}

export class Tokenizer {
  /** Made when it is first needed. */
  private made: Libraries | undefined;
  private readonly all: AddedIndex;
  private readonly texts: AddedIndex;
  private readonly specials: ReadonlyMap<number, string>;
  private readonly contents: ReadonlyMap<number, string>;
  private readonly toBytes: TokenBytes;
  private readonly strips: boolean;

  /** Throws LLM_INVALID where the library refuses the definition. */
  constructor(readonly vocabulary: Vocabulary) {
    const { definition, added, isForeign } = vocabulary;
    const own = added.filter((token) => !isLeft(vocabulary, token));
    this.all = indexAdded(own);
    this.texts = indexAdded(own.filter(({ special }) => !special));
    this.contents = new Map(added.map(({ id, content }) => [id, content]));
    this.specials = new Map(added.filter(({ special }) => special).map(({ id, content }) => [id, content]));
    this.toBytes = tokenBytes(definition.decoder);
    this.strips = stripsSpace(definition.decoder);
    if (isForeign) this.made = librariesOf(vocabulary);
  }

  private get libraries(): Libraries {
    return (this.made ??= librariesOf(this.vocabulary));
  }

  /** The tokens of a text. */
  encode(text: string, { special = true, bos = true }: EncodeOptions = {}): readonly number[] {
    const { vocabulary } = this;
    const ids: number[] = [];
    if (bos && vocabulary.addBos && vocabulary.bos !== undefined) ids.push(vocabulary.bos);
    sectionsOf(text, special ? this.all : this.texts).forEach((section, i) => {
      if (typeof section !== 'string') ids.push(section.id);
      else for (const id of this.encodeSection(section, i === 0)) ids.push(id);
    });
    return ids;
  }

  private encodeSection(text: string, isFirst: boolean): readonly number[] {
    const { ids } = (isFirst ? this.libraries.first : this.libraries.later).encode(text, {
      add_special_tokens: false,
    });
    // A character that the vocabulary lacks, and no token for the unknown.
    return (ids as readonly (number | undefined)[]).filter((id) => id !== undefined);
  }

  /** The text of tokens; control tokens are left out. */
  decode(ids: readonly number[]): string {
    const decoder = utf8Decoder();
    let text = '';
    for (const id of ids) text += decoder.decode(this.bytesOf(id), { stream: true });
    text += decoder.decode();
    return this.strips && text.startsWith(' ') ? text.slice(1) : text;
  }

  /** What a token adds to a text; nothing where it is a control token, or none. */
  bytesOf(id: number): Uint8Array {
    const added = this.contents.get(id);
    if (added !== undefined)
      return this.specials.has(id) ? new Uint8Array(0) : new TextEncoder().encode(added);
    const token = this.libraries.first.id_to_token(id);
    return token === undefined ? new Uint8Array(0) : this.toBytes(token);
  }

  /** The text of a control token; undefined for others. */
  specialText(id: number | undefined): string | undefined {
    return id === undefined ? undefined : this.specials.get(id);
  }

  /** Whether a token ends a text. */
  isEnd(id: number): boolean {
    return this.vocabulary.ends.includes(id);
  }
}

/** Throws LLM_INVALID where the library refuses the definition. */
function librariesOf(vocabulary: Vocabulary): Libraries {
  const { definition, added } = vocabulary;
  const { first, later } = repaired(definition);
  const kept = added.filter((token) => isLeft(vocabulary, token));
  const make = (given: object): Library => {
    try {
      return new Library({ ...given, added_tokens: kept.map(toLibrary) }, {});
    } catch (cause) {
      throw new HeddleError('LLM_INVALID', 'the vocabulary is not valid', {
        found: cause instanceof Error ? cause.message : String(cause),
        cause,
      });
    }
  };
  const own = make(first);
  return { first: own, later: later === undefined ? own : make(later) };
}

/** Whether a token stays with the library: it is looked for in normalized text. */
const isLeft = ({ definition }: Vocabulary, { normalized }: AddedToken): boolean =>
  normalized && isSet(definition.normalizer);

const isSet = (value: unknown): boolean => value !== null && value !== undefined;

const toLibrary = ({ singleWord, ...token }: Vocabulary['added'][number]): object => ({
  ...token,
  single_word: singleWord,
});
