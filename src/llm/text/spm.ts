/**
 * Vocabularies of SentencePiece (GGUF's `llama`) as byte-pair encoding: of two neighbours those are joined whose text has the best
 * score. Every way to cut a token into two that can stand side by side is a merge, and merges are ranked by the score of what they make.
 */

import { numbered } from './bpe.js';

const SPACE = '▁';

export interface SpmVocabulary {
  readonly tokens: readonly string[];
  readonly scores: ArrayLike<number>;
  /** Numbers of the tokens that take part: neither control nor bytes. */
  readonly isText: (id: number) => boolean;
  readonly unknown: string;
  /** Whether a text gets a space in front. */
  readonly spaceInFront: boolean;
}

/** Whether a text is one code point. */
const isCharacter = (text: string): boolean =>
  text.length === 1 || (text.length === 2 && (text.codePointAt(0) ?? 0) > 0xffff);

/** All merges, the best first. */
function mergesOf({ tokens, scores, isText }: SpmVocabulary): readonly (readonly [string, string])[] {
  const known = new Set(tokens.filter((_, id) => isText(id)));
  const isPart = (text: string): boolean => known.has(text) || isCharacter(text);
  const merges: { readonly pair: readonly [string, string]; readonly score: number }[] = [];
  tokens.forEach((token, id) => {
    if (!isText(id)) return;
    const characters = [...token];
    let left = '';
    for (let cut = 1; cut < characters.length; cut++) {
      left += characters[cut - 1];
      const right = token.slice(left.length);
      if (isPart(left) && isPart(right)) merges.push({ pair: [left, right], score: scores[id] });
    }
  });
  return merges.sort((a, b) => b.score - a.score).map(({ pair }) => pair);
}

/** The vocabulary in the form of tokenizer.json; its numbers and merges are made when they are asked for. */
export function spmDefinition(vocabulary: SpmVocabulary): Readonly<Record<string, unknown>> {
  const { tokens, unknown, spaceInFront } = vocabulary;
  const replace = { type: 'Replace', pattern: { String: ' ' }, content: SPACE };
  return {
    version: '1.0',
    normalizer: {
      type: 'Sequence',
      normalizers: spaceInFront ? [{ type: 'Prepend', prepend: SPACE }, replace] : [replace],
    },
    pre_tokenizer: null,
    post_processor: null,
    decoder: {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: SPACE }, content: ' ' },
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        ...(spaceInFront ? [{ type: 'Strip', content: ' ', start: 1, stop: 0 }] : []),
      ],
    },
    model: {
      type: 'BPE',
      unk_token: unknown,
      fuse_unk: true,
      byte_fallback: true,
      get vocab() {
        return numbered(tokens);
      },
      get merges() {
        return mergesOf(vocabulary);
      },
    },
  };
}
