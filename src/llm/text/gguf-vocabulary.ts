/** The vocabulary inside a GGUF file. */
import { HeddleError } from '../../base/errors.js';
import type { MetaValue } from '../gguf/cursor.js';
import { beginsByDefault, bpeDefinition } from './bpe.js';
import { spmDefinition } from './spm.js';
import type { AddedToken, Vocabulary } from './vocabulary.js';

/** `tokenizer.ggml.token_type` */
const KIND = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;

/** Texts by which models end a turn, where the file does not say so (`tokenizer.ggml.eot_token_id`). */
const TURN_ENDS: readonly string[] = [
  '<|im_end|>', '<|eot_id|>', '<|end|>', '<end_of_turn>', '<|endoftext|>', '<|end_of_text|>', '<EOT>',
]; // prettier-ignore

/** Throws LLM_INVALID where the vocabulary is missing or torn, LLM_UNSUPPORTED for kinds that are not known. */
export function vocabularyOfGguf(metadata: ReadonlyMap<string, MetaValue>): Vocabulary {
  const get = (name: string): MetaValue | undefined => metadata.get(`tokenizer.ggml.${name}`);
  const tokens = textsOf(get('tokens'), 'tokens');
  const kinds = numbersOf(get('token_type')) ?? new Array<number>(tokens.length).fill(KIND.normal);
  const kind = get('model');
  const isSpm = kind === 'llama';
  if (!isSpm && kind !== 'gpt2')
    throw new HeddleError('LLM_UNSUPPORTED', 'the kind of vocabulary is not known', {
      found: String(kind),
      expected: 'llama or gpt2',
    });
  const id = (name: string): number | undefined => {
    const value = get(name);
    return typeof value === 'number' && value < tokens.length ? value : undefined;
  };
  const added = tokens.flatMap((content, index) => addedToken(content, index, kinds[index]) ?? []);
  const ends = [id('eos_token_id'), id('eot_token_id'), id('eom_token_id'), ...added.filter(({ content }) => TURN_ENDS.includes(content)).map((token) => token.id)]; // prettier-ignore
  const template = metadata.get('tokenizer.chat_template');
  const bos = id('bos_token_id');
  const words = String(get('pre') ?? 'default');
  const addBos = get('add_bos_token') ?? (isSpm || beginsByDefault(words));
  return {
    definition: isSpm
      ? spmDefinition({
          tokens,
          scores: numbersOf(get('scores')) ?? new Array<number>(tokens.length).fill(0),
          isText: (index) => kinds[index] === KIND.normal || kinds[index] === KIND.userDefined,
          unknown: tokens[id('unknown_token_id') ?? 0],
          spaceInFront: get('add_space_prefix') !== false,
        })
      : bpeDefinition({ tokens, merges: textsOf(get('merges'), 'merges'), words }), // prettier-ignore
    isForeign: false,
    size: tokens.length,
    added,
    bos,
    ends: [...new Set(ends.filter((end) => end !== undefined))],
    addBos: bos !== undefined && addBos === true,
    template: typeof template === 'string' ? template : undefined,
  };
}

function addedToken(content: string, id: number, kind: number): AddedToken | undefined {
  const special = kind === KIND.control || kind === KIND.unknown;
  if (content === '' || (!special && kind !== KIND.userDefined)) return undefined;
  return { id, content, special, lstrip: false, rstrip: false, singleWord: false, normalized: false };
}

function textsOf(value: MetaValue | undefined, what: string): readonly string[] {
  if (Array.isArray(value) && value.length > 0 && typeof value[0] === 'string') return value as readonly string[]; // prettier-ignore
  throw new HeddleError('LLM_INVALID', 'the file has no vocabulary', {
    found: value === undefined ? 'nothing' : 'something else',
    expected: `tokenizer.ggml.${what}: a list of texts`,
  });
}

const numbersOf = (value: MetaValue | undefined): readonly number[] | undefined =>
  typeof value === 'object' ? Array.from(value as ArrayLike<number>) : undefined;
