/** Byte-level vocabularies (GGUF's `gpt2`), which cut texts into words by a regular expression before they join bytes. */
import { HeddleError } from '../../base/errors.js';

const GPT2 = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
/** Contractions in any case, digits by so many, and line ends that belong to what is before them. */
const modern = (digits: string): string =>
  `(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`;

interface Words {
  readonly pattern: string;
  /** Whether each digit is a word. */
  readonly singleDigits?: true;
  /** Whether a word that is a token is not looked into. */
  readonly ignoreMerges?: true;
}

/** By the names of `tokenizer.ggml.pre`. */
const WORDS: Readonly<Record<string, Words>> = {
  default: { pattern: GPT2 },
  'gpt-2': { pattern: GPT2 },
  smollm: { pattern: GPT2, singleDigits: true },
  starcoder: { pattern: GPT2, singleDigits: true },
  refact: { pattern: GPT2, singleDigits: true },
  'command-r': { pattern: GPT2, singleDigits: true },
  'llama-bpe': { pattern: modern('\\p{N}{1,3}'), ignoreMerges: true },
  'llama3': { pattern: modern('\\p{N}{1,3}'), ignoreMerges: true },
  'dbrx': { pattern: modern('\\p{N}{1,3}') },
  'smaug-bpe': { pattern: modern('\\p{N}{1,3}') },
  qwen2: { pattern: modern('\\p{N}') },
}; // prettier-ignore

export interface BpeVocabulary {
  readonly tokens: readonly string[];
  /** Two texts with a space between them each. */
  readonly merges: readonly string[];
  /** `tokenizer.ggml.pre` */
  readonly words: string;
}

/** The vocabulary in the form of tokenizer.json. Throws LLM_UNSUPPORTED for other ways to cut texts into words. */
export function bpeDefinition({ tokens, merges, words }: BpeVocabulary): Readonly<Record<string, unknown>> {
  const known = Object.hasOwn(WORDS, words) ? WORDS[words] : undefined;
  if (known === undefined)
    throw new HeddleError('LLM_UNSUPPORTED', 'how the vocabulary cuts texts into words is not known', {
      found: words,
      expected: Object.keys(WORDS).join(', '),
    });
  const split = { type: 'Split', pattern: { Regex: known.pattern }, behavior: 'Isolated', invert: false };
  const digits = known.singleDigits === true ? [{ type: 'Digits', individual_digits: true }] : [];
  const bytes = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false };
  return {
    version: '1.0',
    normalizer: null,
    pre_tokenizer: { type: 'Sequence', pretokenizers: [...digits, split, bytes] },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false },
    model: {
      type: 'BPE',
      unk_token: null,
      ignore_merges: known.ignoreMerges === true,
      byte_fallback: false,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges,
    },
  };
}
