/** The server, with OpenAI's own client. */
import OpenAI from 'openai';
import { beforeAll, describe, expect, it } from 'vitest';
import { openAiHandler, type Handler } from '../../../src/llm/serve/handler.js';
import { languageModel } from '../support/models.js';

let handler: Handler;
let client: OpenAI;
beforeAll(async () => {
  handler = openAiHandler(await languageModel());
  client = new OpenAI({
    apiKey: 'none',
    baseURL: 'http://localhost/v1',
    maxRetries: 0,
    fetch: (url, init) => handler(new Request(url instanceof Request ? url : String(url), init)),
  });
});

const MESSAGES = [{ role: 'user' as const, content: 'the tin' }];

describe('the server', () => {
  it('lists its model', async () => {
    const models = [];
    for await (const { id } of client.models.list()) models.push(id);
    expect(models).toEqual(['tiny']);
    expect((await client.models.retrieve('tiny')).owned_by).toBe('heddle');
    await expect(client.models.retrieve('other')).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
    });
  });

  it('completes texts and tokens', async () => {
    const asked = { model: 'tiny', max_tokens: 5, temperature: 0 };
    const { choices, usage } = await client.completions.create({ ...asked, prompt: 'the' });
    expect(choices[0].finish_reason).toBe('length');
    expect(usage).toEqual({ prompt_tokens: 2, completion_tokens: 5, total_tokens: 7 });
    const again = await client.completions.create({ ...asked, prompt: [1, 290] });
    expect(again.usage?.prompt_tokens).toBe(2);
  });

  it('chats, and streams the same', async () => {
    const asked = { model: 'tiny', messages: MESSAGES, max_completion_tokens: 8, temperature: 1, seed: 3 };
    const { choices } = await client.chat.completions.create(asked);
    expect(choices[0].message.role).toBe('assistant');
    const stream = await client.chat.completions.create({ ...asked, stream: true, stream_options: { include_usage: true } }); // prettier-ignore
    let [text, reason, total] = ['', '' as string | null, 0];
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      reason = chunk.choices[0]?.finish_reason ?? reason;
      total = chunk.usage?.completion_tokens ?? total;
    }
    expect([text, reason, total]).toEqual([choices[0].message.content, 'length', 8]);
  });

  it('answers requests that come together as it answers them one by one', async () => {
    const asked = (content: string) => ({ model: 'tiny', messages: [{ role: 'user' as const, content }], max_tokens: 6, temperature: 0 }); // prettier-ignore
    const ask = async (content: string) => (await client.chat.completions.create(asked(content))).choices[0].message.content; // prettier-ignore
    const texts = ['the', 'a tin on', 'on'];
    const alone = [];
    for (const text of texts) alone.push(await ask(text));
    expect(await Promise.all(texts.map(ask))).toEqual(alone);
  });

  it('takes contents in parts, and stops', async () => {
    const content = [
      { type: 'text' as const, text: 'the ' },
      { type: 'text' as const, text: 'tin' },
    ];
    const asked = { model: 'tiny', max_tokens: 4, temperature: 0 };
    const parts = await client.chat.completions.create({ ...asked, messages: [{ role: 'user', content }] });
    const whole = await client.chat.completions.create({ ...asked, messages: MESSAGES });
    expect(parts.choices[0].message.content).toBe(whole.choices[0].message.content);
    const { text } = (await client.completions.create({ ...asked, prompt: 'the' })).choices[0];
    const stopped = await client.completions.create({ ...asked, prompt: 'the', stop: [[...text][1]] });
    expect(stopped.choices[0]).toMatchObject({ finish_reason: 'stop', text: [...text].slice(0, [...text].indexOf([...text][1])).join('') }); // prettier-ignore
  });

  const wrong: readonly [string, object, object][] = [
    ['no messages', { messages: [] }, { status: 400, param: 'messages' }],
    ['a message without a role', { messages: [{ content: 'x' }] }, { status: 400, param: 'messages[0]' }],
    ['an image', { messages: [{ role: 'user', content: [{ type: 'image_url' }] }] }, { status: 400, param: 'messages[0].content' }],
    ['several choices', { n: 2 }, { status: 400, param: 'n' }],
    ['tools', { tools: [{}] }, { status: 400, param: 'tools' }],
    ['probabilities', { logprobs: true }, { status: 400, param: 'logprobs' }],
    ['so many of them', { logprobs: 1 }, { status: 400, param: 'logprobs' }],
    ['a form that is none', { response_format: { type: 'xml' } }, { status: 400, param: 'response_format' }],
    ['a schema that is missing', { response_format: { type: 'json_schema' } }, { status: 400, param: 'response_format' }],
    ['a schema that cannot be followed', { response_format: { type: 'json_schema', json_schema: { name: 'x', schema: { not: {} } } } }, { status: 400, code: 'LLM_GRAMMAR' }],
    ['sound', { modalities: ['text', 'audio'] }, { status: 400, param: 'modalities' }],
    ['a temperature that is none', { temperature: 'hot' }, { status: 400, param: 'temperature' }],
    ['a temperature below 0', { temperature: -1 }, { status: 400, code: 'USAGE' }],
    ['a text that is too long', { messages: [{ role: 'user', content: 'the '.repeat(2000) }] }, { status: 400, code: 'context_length_exceeded' }],
    ['the same as a stream', { stream: true, messages: [{ role: 'user', content: 'the '.repeat(2000) }] }, { status: 400, code: 'context_length_exceeded' }],
  ]; // prettier-ignore
  it.each(wrong)('refuses %s in the form of the API, and goes on', async (_, fields, error) => {
    const asked = { model: 'tiny', messages: MESSAGES, max_tokens: 2, ...fields };
    await expect(client.chat.completions.create(asked as never)).rejects.toMatchObject(error);
    expect((await client.completions.create({ model: 'tiny', prompt: 'the', max_tokens: 1 })).choices).toHaveLength(1); // prettier-ignore
  });

  it('answers in the form that is asked for', async () => {
    const schema = { type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'] };
    const format = { type: 'json_schema' as const, json_schema: { name: 'answer', schema } };
    const asked = {
      model: 'tiny',
      messages: MESSAGES,
      max_tokens: 60,
      temperature: 0,
      response_format: format,
    };
    const { choices } = await client.chat.completions.create(asked);
    expect(choices[0].finish_reason).toBe('stop');
    expect(typeof (JSON.parse(choices[0].message.content!) as { readonly ok: unknown }).ok).toBe('boolean');
    const object = await client.chat.completions.create({
      ...asked,
      response_format: { type: 'json_object' },
    });
    expect(object.choices[0].message.content).toMatch(/^\{/);
  });

  it('takes fields that ask for nothing', async () => {
    const nothing = {
      n: 1,
      logprobs: false,
      tools: [],
      tool_choice: 'none',
      response_format: { type: 'text' },
      modalities: ['text'],
    };
    const asked = { model: 'tiny', messages: MESSAGES, max_tokens: 1, ...nothing };
    expect((await client.chat.completions.create(asked as never)).choices).toHaveLength(1);
  });

  it('answers what is no request of the API', async () => {
    const get = async (path: string, init?: RequestInit): Promise<readonly [number, unknown]> => {
      const response = await handler(new Request(`http://localhost${path}`, init));
      return [
        response.status,
        ((await response.json()) as { readonly error: { readonly type: string } }).error.type,
      ];
    };
    expect(await get('/')).toEqual([404, 'invalid_request_error']);
    expect(await get('/v1/models/%')).toEqual([404, 'invalid_request_error']);
    expect(await get('/v1/completions')).toEqual([405, 'invalid_request_error']);
    expect(await get('/v1/completions', { method: 'POST', body: '{' })).toEqual([
      400,
      'invalid_request_error',
    ]);
    expect(await get('/v1/completions', { method: 'POST', body: '[]' })).toEqual([
      400,
      'invalid_request_error',
    ]);
  });
});
