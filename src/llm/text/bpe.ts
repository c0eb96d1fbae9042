/** Byte-level vocabularies (GGUF's `gpt2`), which cut texts into words by a regular expression before they join bytes. */
import { HeddleError } from '../../base/errors.js';

/** GPT-2's words. */
export const GPT2 = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
/** Contractions in any case. */
const SUFFIX = "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])";
/** Digits by so many, and line ends that belong to what is before them. */
const modern = (digits: string): string =>
  `${SUFFIX}|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`;
/** Words end where small letters are followed by capitals. */
const cased = (suffix: string, digits: string): string => {
  const [upper, lower] = ['[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]', '[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]'];
  const words = [`${upper}*${lower}+`, `${upper}+${lower}*`].map((word) => `[^\\r\\n\\p{L}\\p{N}]?${word}${suffix}`); // prettier-ignore
  return `${words.join('|')}|${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`;
};

interface Words {
  /** Names in `tokenizer.ggml.pre`. */
  readonly names: readonly string[];
  /** Each cuts what those before it left. */
  readonly patterns: readonly string[];
  /** Whether a word that is a token is not looked into. */
  readonly ignoreMerges?: true;
  /** Whether texts begin with the token for that, where the file does not say so. */
  readonly addBos?: true;
}

const WORDS: readonly Words[] = [
  // What llama.cpp takes where a file does not say.
  { names: ['default'], patterns: ['[\\p{P}\\$\\+<=>\\^~\\|]+', GPT2, '\\p{N}+', '[0-9][0-9][0-9]'] },
  { names: ['gpt-2', 'phi-2', 'mpt', 'olmo', 'jais', 'trillion'], patterns: [GPT2] },
  {
    names: ['smollm', 'starcoder', 'refact', 'command-r', 'codeshell', 'exaone', 'minerva-7b'],
    patterns: ['\\p{N}', GPT2],
  },
  {
    names: ['llama-bpe', 'llama3', 'llama-v3', 'falcon3', 'pixtral', 'midm-2.0', 'lfm2'],
    patterns: [modern('\\p{N}{1,3}')],
    ignoreMerges: true,
    addBos: true,
  },
  { names: ['dbrx', 'smaug-bpe'], patterns: [modern('\\p{N}{1,3}')] },
  { names: ['qwen2', 'deepseek-r1-qwen', 'stablelm2', 'megrez'], patterns: [modern('\\p{N}')] },
  { names: ['tekken'], patterns: [cased('', '\\p{N}')], ignoreMerges: true, addBos: true },
  { names: ['gpt-4o', 'llama4'], patterns: [cased(`${SUFFIX}?`, '\\p{N}{1,3}')] },
  {
    names: ['deepseek-coder'],
    patterns: ['[\\r\\n]', '\\s?\\p{L}+', '\\s?\\p{P}+', '[一-龥ࠀ-一가-퟿]+', '\\p{N}'],
  },
];

const wordsOf = (name: string): Words | undefined => WORDS.find(({ names }) => names.includes(name));

/** Whether texts begin with the token for that in files that do not say so. */
export const beginsByDefault = (name: string): boolean => wordsOf(name)?.addBos === true;

export interface BpeVocabulary {
  readonly tokens: readonly string[];
  /** Two texts with a space between them each. */
  readonly merges: readonly string[];
  /** `tokenizer.ggml.pre` */
  readonly words: string;
}

/** The numbers of tokens; of several with one text that of the last. */
export function numbered(tokens: readonly string[]): Readonly<Record<string, number>> {
  const numbers = Object.create(null) as Record<string, number>;
  for (const [id, token] of tokens.entries()) numbers[token] = id;
  return numbers;
}

/** The vocabulary in the form of tokenizer.json; its numbers are made when they are asked for. Throws LLM_UNSUPPORTED for other ways to cut texts into words. */
export function bpeDefinition({ tokens, merges, words }: BpeVocabulary): Readonly<Record<string, unknown>> {
  const known = wordsOf(words);
  if (known === undefined)
    throw new HeddleError('LLM_UNSUPPORTED', 'how the vocabulary cuts texts into words is not known', {
      found: words,
      expected: WORDS.flatMap(({ names }) => names).join(', '),
    });
  const split = (pattern: string): object => ({ type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false }); // prettier-ignore
  const bytes = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false };
  return {
    version: '1.0',
    normalizer: null,
    pre_tokenizer: { type: 'Sequence', pretokenizers: [...known.patterns.map(split), bytes] },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false },
    model: {
      type: 'BPE',
      unk_token: null,
      ignore_merges: known.ignoreMerges === true,
      byte_fallback: false,
      get vocab() {
        return numbered(tokens);
      },
      merges,
    },
  };
}
