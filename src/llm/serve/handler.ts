/**
 * A server with OpenAI's API, as a function from requests to answers: `/v1/models`, `/v1/completions` and `/v1/chat/completions`,
 * with and without streaming. Requests that come together are answered together.
 */
import type { Generation } from '../generate/generation.js';
import type { LanguageModel } from '../model.js';
import { isObject, type Json } from '../text/json-vocabulary.js';
import { answerFor, RequestError } from './errors.js';
import { generationRequest, messagesOf, promptOf, type GenerationRequest } from './requests.js';

/** The most bytes that a request may have. */
const MOST_BYTES = 16 * 2 ** 20;

export type Handler = (request: Request) => Promise<Response>;

/** How one kind of generation is answered. */
interface Form {
  readonly prefix: string;
  readonly object: string;
  readonly streamObject: string;
  readonly whole: (text: string) => Json;
  readonly first: Json | undefined;
  readonly piece: (text: string) => Json;
  readonly start: (model: LanguageModel, json: Json, options: GenerationRequest['options']) => Generation;
}

const COMPLETION: Form = {
  prefix: 'cmpl',
  object: 'text_completion',
  streamObject: 'text_completion',
  whole: (text) => ({ text, logprobs: null }),
  first: undefined,
  piece: (text) => ({ text, logprobs: null }),
  start: (model, json, options) => model.generate(promptOf(json), { maxTokens: 16, ...options }),
};

const CHAT: Form = {
  prefix: 'chatcmpl',
  object: 'chat.completion',
  streamObject: 'chat.completion.chunk',
  whole: (content) => ({ message: { role: 'assistant', content, refusal: null }, logprobs: null }),
  first: { delta: { role: 'assistant', content: '' } },
  piece: (content) => ({ delta: content === '' ? {} : { content } }),
  start: (model, json, options) => model.chat(messagesOf(json), options),
};

const FORMS: Readonly<Record<string, Form>> = { '/v1/completions': COMPLETION, '/v1/chat/completions': CHAT };

/** Answers requests with `model`, which goes by its name whatever a request calls it. Never rejects. */
export function openAiHandler(model: LanguageModel): Handler {
  const created = Math.floor(Date.now() / 1000);
  let served = 0;
  return async (request) => {
    try {
      return await answer(model, created, ++served, request);
    } catch (error) {
      const { status, body } = answerFor(error);
      return Response.json(body, { status });
    }
  };
}

async function answer(
  model: LanguageModel,
  created: number,
  number: number,
  request: Request,
): Promise<Response> {
  // prettier-ignore
  const { pathname } = new URL(request.url);
  const entry = { id: model.name, object: 'model', created, owned_by: 'heddle' };
  if (pathname === '/v1/models') return method(request, 'GET', () => Response.json({ object: 'list', data: [entry] })); // prettier-ignore
  if (pathname.startsWith('/v1/models/')) {
    const name = decoded(pathname.slice('/v1/models/'.length));
    if (name === model.name) return method(request, 'GET', () => Response.json(entry));
    throw new RequestError(404, `there is no model ${name}`, 'model', 'model_not_found');
  }
  const form = Object.hasOwn(FORMS, pathname) ? FORMS[pathname] : undefined;
  if (form === undefined) throw new RequestError(404, `there is no ${pathname}`);
  return method(request, 'POST', async () => {
    const json = await bodyOf(request);
    const asked = generationRequest(json);
    const abort = new AbortController();
    request.signal.addEventListener('abort', () => abort.abort());
    const generation = form.start(model, json, { ...asked.options, signal: abort.signal });
    const head: Head = {
      id: `${form.prefix}-${number}`,
      created: Math.floor(Date.now() / 1000),
      model: model.name,
      system_fingerprint: null,
    };
    return asked.stream
      ? streamed(form, head, generation, asked.usage, abort)
      : await whole(form, head, generation);
  });
}

/** A part of a path; as it is where its percent signs are none of an encoding. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

interface Head {
  readonly id: string;
  readonly created: number;
  readonly model: string;
  readonly system_fingerprint: null;
}

function method(
  request: Request,
  expected: string,
  body: () => Response | Promise<Response>,
): Response | Promise<Response> {
  // prettier-ignore
  if (request.method === expected) return body();
  throw new RequestError(405, `${request.method} is not answered here, but ${expected}`);
}

async function bodyOf(request: Request): Promise<Json> {
  const bytes = await request.arrayBuffer();
  if (bytes.byteLength > MOST_BYTES)
    throw new RequestError(413, `the request is larger than ${MOST_BYTES} bytes`);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw new RequestError(400, 'the request is not JSON');
  }
  if (!isObject(value) || Array.isArray(value)) throw new RequestError(400, 'the request must be an object');
  return value;
}

const usageOf = ({ prompt, tokens }: Generation): Json => ({
  prompt_tokens: prompt.length,
  completion_tokens: tokens.length,
  total_tokens: prompt.length + tokens.length,
});

const reasonOf = ({ finish }: Generation): string => (finish === 'length' ? 'length' : 'stop');

async function whole(form: Form, head: Head, generation: Generation): Promise<Response> {
  const text = await generation.all();
  const choice = { index: 0, ...form.whole(text), finish_reason: reasonOf(generation) };
  return Response.json({ ...head, object: form.object, choices: [choice], usage: usageOf(generation) });
}

/** Pieces as server-sent events. The first is waited for, so that what fails at once is an error and no stream. */
async function streamed(
  form: Form,
  head: Head,
  generation: Generation,
  usage: boolean,
  abort: AbortController,
): Promise<Response> {
  const encoder = new TextEncoder();
  const event = (data: object): Uint8Array => encoder.encode(`data: ${JSON.stringify(data)}\n\n`);
  const chunk = (choice: Json, finish: string | null): Uint8Array =>
    event({ ...head, object: form.streamObject, choices: [{ index: 0, ...choice, finish_reason: finish }] });
  const pieces = generation[Symbol.asyncIterator]();
  let next = await pieces.next();
  let isFirst = true;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        if (isFirst && form.first !== undefined) controller.enqueue(chunk(form.first, null));
        isFirst = false;
        if (next.done !== true) {
          controller.enqueue(chunk(form.piece(next.value), null));
          next = await pieces.next();
          return;
        }
        controller.enqueue(chunk(form.piece(''), reasonOf(generation)));
        if (usage) controller.enqueue(event({ ...head, object: form.streamObject, choices: [], usage: usageOf(generation) })); // prettier-ignore
      } catch (error) {
        controller.enqueue(event(answerFor(error).body));
      }
      controller.enqueue(encoder.encode('data: [DONE]\n\n'));
      controller.close();
    },
    async cancel() {
      abort.abort();
      await pieces.return?.();
    },
  });
  return new Response(body, {
    headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' },
  });
}
