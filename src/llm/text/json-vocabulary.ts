/** The vocabulary in a folder of Hugging Face: tokenizer.json and what stands beside it. */
import { HeddleError } from '../../base/errors.js';
import type { AddedToken, Vocabulary } from './vocabulary.js';

/** An object out of JSON, of whose fields nothing is known. */
export type Json = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null;

export interface VocabularyFiles {
  /** tokenizer.json */
  readonly tokenizer: Json;
  /** tokenizer_config.json, config.json, generation_config.json; `{}` where one is not there. */
  readonly tokenizerConfig: Json;
  readonly config: Json;
  readonly generation: Json;
  /** chat_template.jinja */
  readonly template: string | undefined;
}

/** Throws LLM_INVALID where tokenizer.json is none. */
export function vocabularyOfJson(files: VocabularyFiles): Vocabulary {
  const { tokenizer, tokenizerConfig, config, generation } = files;
  const list: unknown = tokenizer.added_tokens ?? [];
  if (!isObject(tokenizer.model) || !Array.isArray(list))
    throw new HeddleError('LLM_INVALID', 'tokenizer.json does not describe a tokenizer', { expected: 'a model, and added_tokens' }); // prettier-ignore
  const added = list.filter(isObject).map(addedToken);
  const idOf = (value: unknown): number | undefined => {
    const content = isObject(value) ? value.content : value;
    return added.find((token) => token.content === content)?.id;
  };
  const bos = idOf(tokenizerConfig.bos_token) ?? (typeof config.bos_token_id === 'number' ? config.bos_token_id : undefined); // prettier-ignore
  const listed = [generation.eos_token_id, config.eos_token_id].flat().filter((id) => typeof id === 'number');
  const ends = new Set([idOf(tokenizerConfig.eos_token), ...listed].filter((id) => id !== undefined));
  return {
    definition: tokenizer,
    isForeign: true,
    size: sizeOf(tokenizer.model, added),
    added,
    bos,
    ends: [...ends],
    addBos: tokenizerConfig.add_bos_token === true || (bos !== undefined && processorBegins(tokenizer.post_processor, added, bos)), // prettier-ignore
    template: files.template ?? templateOf(tokenizerConfig.chat_template),
  };
}

/** One more than the highest number of a token. */
function sizeOf({ vocab }: Json, added: readonly AddedToken[]): number {
  let size = 0;
  for (const id of isObject(vocab) ? Object.values(vocab) : [])
    if (typeof id === 'number') size = Math.max(size, id + 1);
  for (const { id } of added) size = Math.max(size, id + 1);
  return size;
}

function addedToken(token: Json): AddedToken {
  const flag = (name: string, otherwise = false): boolean =>
    typeof token[name] === 'boolean' ? token[name] : otherwise;
  const special = flag('special');
  return {
    id: Number(token.id),
    content: String(token.content),
    lstrip: flag('lstrip'),
    rstrip: flag('rstrip'),
    singleWord: flag('single_word'),
    special,
    normalized: flag('normalized', !special),
  };
}

/** Whether a post-processor puts the token `bos` in front of a text. */
function processorBegins(processor: unknown, added: readonly AddedToken[], bos: number): boolean {
  if (!isObject(processor)) return false;
  if (processor.type === 'Sequence')
    return Array.isArray(processor.processors) && processor.processors.some((each) => processorBegins(each, added, bos)); // prettier-ignore
  const [first] = Array.isArray(processor.single) ? (processor.single as unknown[]) : [];
  const special = isObject(first) ? first.SpecialToken : undefined;
  const content = isObject(special) ? special.id : undefined;
  return content !== undefined && added.some((token) => token.id === bos && token.content === content);
}

/** The template, or the one that is called `default` among several. */
function templateOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) return undefined;
  const named = value.filter(isObject).find(({ name }) => name === 'default');
  return typeof named?.template === 'string' ? named.template : undefined;
}
