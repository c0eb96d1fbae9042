/** `heddle serve`: a model behind OpenAI's API. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { openAiHandler, type Handler } from '../../llm/index.js';
import { EXIT, type ExitCode } from '../terminal/exit.js';
import type { CommonOptions } from '../terminal/options.js';
import { Output } from '../terminal/output.js';
import { listen, untilTold, type Address } from '../terminal/serving.js';
import { withModel, type LanguageOptions } from './language.js';

export interface ServeOptions extends CommonOptions, LanguageOptions, Address {}

/** Serves until the process is told to end. */
export async function serve(path: string, options: ServeOptions): Promise<ExitCode> {
  const output = new Output(options.json === true);
  await withModel(path, options, output, async (model, device) => {
    const handler = openAiHandler(model);
    const server = createServer((request, response) => {
      // What is no request at all, such as one for a URL that is none.
      respond(handler, request, response).catch(() => response.destroy());
    });
    const url = `${await listen(server, options)}/v1`;
    output.print(`  listening on ${url}`);
    output.result({ model: model.name, device, url });
    await untilTold(server);
  });
  return EXIT.ok;
}

/** Answers one request of Node's. */
async function respond(handler: Handler, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const abort = new AbortController();
  response.on('close', () => abort.abort());
  const isRead = incoming.method !== 'GET' && incoming.method !== 'HEAD';
  const request = new Request(new URL(incoming.url ?? '/', 'http://localhost'), {
    method: incoming.method ?? 'GET',
    signal: abort.signal,
    ...(isRead ? { body: Readable.toWeb(incoming), duplex: 'half' } : {}),
  });
  const answer = await handler(request);
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  if (answer.body === null) {
    response.end();
    return;
  }
  const body = answer.body as ReadableStream<Uint8Array>;
  // Where nobody reads on, the stream is cancelled, and with it the generation.
  await pipeline(Readable.fromWeb(body), response).catch(() => undefined);
}
