/**
 * What `@huggingface/tokenizers` 0.2.0 gets other than the Rust library (0.23.2), worked around: definitions are rewritten so that it
 * does what was meant. Tokens that are added to a vocabulary are found by `added.ts` before it sees the text, since it matches
 * them where they are part of a word (`single_word`), and in text that was made lower case (`normalized: false`).
 */
import { GPT2 } from './bpe.js';
import { isObject, type Json } from './json-vocabulary.js';

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');

/** The source of the regular expression of a Split. */
function sourceOf(pattern: unknown): string | undefined {
  if (!isObject(pattern)) return undefined;
  if (typeof pattern.Regex === 'string') return pattern.Regex;
  return typeof pattern.String === 'string' ? escaped(pattern.String) : undefined;
}

/**
 * A Split that removes a text keeps it there, as its pattern has a group then; one that joins what it splits off (`Contiguous`) does
 * not join. Both are right with a regular expression that matches all of it.
 */
function repairedSplit(split: Json): Json {
  const source = sourceOf(split.pattern);
  if (source === undefined || split.invert === true) return split;
  if (split.behavior === 'Removed') return { ...split, pattern: { Regex: `(?:${source})` } };
  if (split.behavior === 'Contiguous')
    return { ...split, behavior: 'Isolated', pattern: { Regex: `(?:${source})+` } };
  return split;
}

/** `\w` of Rust's `regex`. */
const WORD = '\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}';
const cut = (pattern: string, behavior: 'Isolated' | 'Removed', invert = false): Json => ({
  type: 'Split',
  pattern: { Regex: pattern },
  behavior,
  invert,
});

/** Steps that know ASCII, or what JavaScript takes for white space, where the Rust library has the classes of Unicode. */
const UNICODE: Readonly<Record<string, (step: Json) => Json>> = {
  Digits: ({ individual_digits: isEach }) => cut(isEach === true ? '\\p{N}' : '\\p{N}+', 'Isolated'),
  Whitespace: () => cut(`[${WORD}]+|[^${WORD}\\p{White_Space}]+`, 'Removed', true),
  WhitespaceSplit: () => cut('\\P{White_Space}+', 'Removed', true),
  Split: repairedSplit,
  ByteLevel: (step) =>
    step.use_regex === false || step.add_prefix_space !== false
      ? step
      : { type: 'Sequence', pretokenizers: [cut(GPT2, 'Isolated'), { ...step, use_regex: false }] },
};

function repairedPreTokenizer(step: unknown): unknown {
  if (!isObject(step)) return step;
  const { type, pretokenizers: steps } = step;
  if (type === 'Sequence' && Array.isArray(steps))
    return { ...step, pretokenizers: steps.map(repairedPreTokenizer) };
  return typeof type === 'string' && Object.hasOwn(UNICODE, type) ? UNICODE[type](step) : step;
}

/** `prepend_scheme: "first"` counts from the beginning of a text, which only its first section has. */
function withoutPrefix(step: unknown): unknown {
  if (!isObject(step)) return step;
  if (step.type === 'Sequence' && Array.isArray(step.pretokenizers))
    return { ...step, pretokenizers: step.pretokenizers.map(withoutPrefix) };
  const isFirst = step.type === 'Metaspace' && step.prepend_scheme === 'first';
  return isFirst ? { ...step, prepend_scheme: 'never', add_prefix_space: false } : step;
}

/** The definition for the first section of a text, and for others. */
export function repaired(definition: Json): { readonly first: Json; readonly later: Json | undefined } {
  const pre = repairedPreTokenizer(definition.pre_tokenizer);
  // What stands around a text is added by us.
  const first = { ...definition, pre_tokenizer: pre, post_processor: null };
  const other = withoutPrefix(pre);
  const isSame = JSON.stringify(other) === JSON.stringify(pre);
  return { first, later: isSame ? undefined : { ...first, pre_tokenizer: other } };
}
