/** Requests of OpenAI's API: which fields there are, and what they ask for. */
import type { GenerateOptions } from '../generate/options.js';
import type { Constraint } from '../grammar/constraint.js';
import type { Message } from '../text/template.js';
import { isObject, type Json } from '../text/json-vocabulary.js';
import { RequestError } from './errors.js';

export interface GenerationRequest {
  readonly options: GenerateOptions;
  readonly stream: boolean;
  /** Whether the last piece of a stream is followed by how many tokens there were. */
  readonly usage: boolean;
}

/** A field of a request, which must be of a kind where it is there. null counts as not there. */
function field<T>(
  json: Json,
  name: string,
  expected: string,
  accepts: (value: unknown) => value is T,
): T | undefined {
  // prettier-ignore
  const value = json[name];
  if (value === undefined || value === null) return undefined;
  if (accepts(value)) return value;
  throw new RequestError(400, `${name} must be ${expected}`, name);
}

const isNumber = (value: unknown): value is number => typeof value === 'number';
const isText = (value: unknown): value is string => typeof value === 'string';
const isFlag = (value: unknown): value is boolean => typeof value === 'boolean';
const isTexts = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every(isText);
const isStop = (value: unknown): value is string | readonly string[] => isText(value) || isTexts(value);

const count = (json: Json, name: string): number | undefined =>
  field(json, name, 'an integer from 0 on', (value): value is number => Number.isSafeInteger(value) && Number(value) >= 0); // prettier-ignore

const isEmpty = (value: unknown): boolean => Array.isArray(value) && value.length === 0;
const never = (): boolean => false;

/** Fields that ask for what is not there, with the values that ask for nothing. */
const NOT_SUPPORTED: Readonly<Record<string, (value: unknown) => boolean>> = {
  n: (value) => value === 1,
  best_of: (value) => value === 1,
  echo: (value) => value === false,
  suffix: (value) => value === '',
  logprobs: (value) => value === false,
  top_logprobs: (value) => value === 0,
  tools: isEmpty,
  functions: isEmpty,
  tool_choice: (value) => value === 'none' || value === 'auto',
  function_call: (value) => value === 'none' || value === 'auto',
  modalities: (value) => Array.isArray(value) && value.every((each) => each === 'text'),
  audio: never,
  web_search_options: never,
};

/** Throws {@link RequestError} for what is asked for and not there. */
function refuse(json: Json): void {
  for (const [name, asksNothing] of Object.entries(NOT_SUPPORTED)) {
    const value = json[name];
    if (value !== undefined && value !== null && !asksNothing(value))
      throw new RequestError(400, `${name}: ${JSON.stringify(value).slice(0, 80)} is not supported`, name);
  }
}

/** How to generate. OpenAI's default temperature is 1. Throws {@link RequestError}. */
export function generationRequest(json: Json): GenerationRequest {
  refuse(json);
  const stop = field(json, 'stop', 'a text or a list of texts', isStop);
  const streamOptions = field(json, 'stream_options', 'an object', isObject);
  const bias = field(json, 'logit_bias', 'an object', isObject);
  const given = {
    temperature: field(json, 'temperature', 'a number', isNumber) ?? 1,
    topP: field(json, 'top_p', 'a number', isNumber),
    topK: count(json, 'top_k'),
    minP: field(json, 'min_p', 'a number', isNumber),
    seed: count(json, 'seed') ?? Math.floor(Math.random() * 2 ** 32),
    frequencyPenalty: field(json, 'frequency_penalty', 'a number', isNumber),
    presencePenalty: field(json, 'presence_penalty', 'a number', isNumber),
    logitBias: bias as Readonly<Record<number, number>> | undefined,
    maxTokens: count(json, 'max_completion_tokens') ?? count(json, 'max_tokens'),
    constraint: constraintOf(json),
    stop: typeof stop === 'string' ? [stop] : stop,
  };
  const options = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return {
    options,
    stream: field(json, 'stream', 'true or false', isFlag) ?? false,
    usage: streamOptions?.include_usage === true,
  };
}

/** The form that the answer has to have. Throws {@link RequestError}. */
function constraintOf(json: Json): Constraint | undefined {
  const format = field(json, 'response_format', 'an object with a type', isObject);
  switch (format?.type) {
    case undefined:
      if (format === undefined) return undefined;
      break;
    case 'text':
      return undefined;
    case 'json_object':
      return { json: true };
    case 'json_schema': {
      const { json_schema: given } = format;
      if (isObject(given) && isObject(given.schema)) return { schema: given.schema };
      throw new RequestError(400, 'response_format.json_schema must have a schema', 'response_format');
    }
  }
  throw new RequestError(
    400,
    'response_format.type must be text, json_object or json_schema',
    'response_format',
  );
}

/** The prompt of a completion: a text or tokens. Throws {@link RequestError}. */
export function promptOf(json: Json): string | readonly number[] {
  const value = json.prompt;
  const one: unknown = isTexts(value) && value.length === 1 ? value[0] : value;
  if (isText(one)) return one;
  if (Array.isArray(one) && one.length > 0 && one.every(Number.isInteger)) return one as readonly number[];
  throw new RequestError(400, 'prompt must be a text, or a list of tokens', 'prompt');
}

/** The conversation. Contents may be lists of parts, of which all are text. Throws {@link RequestError}. */
export function messagesOf(json: Json): readonly Message[] {
  const { messages } = json;
  if (!Array.isArray(messages) || messages.length === 0)
    throw new RequestError(400, 'messages must be a list that is not empty', 'messages');
  return messages.map((message, i) => {
    const at = `messages[${i}]`;
    if (!isObject(message) || !isText(message.role))
      throw new RequestError(400, `${at} must have a role`, at);
    return { role: message.role, content: contentOf(message.content, `${at}.content`) };
  });
}

function contentOf(content: unknown, at: string): string {
  if (isText(content)) return content;
  const parts = Array.isArray(content) ? content : [];
  const texts = parts.map((part) => (isObject(part) && part.type === 'text' ? part.text : undefined));
  if (parts.length > 0 && isTexts(texts)) return texts.join('');
  throw new RequestError(400, `${at} must be a text, or a list of parts of text`, at);
}
