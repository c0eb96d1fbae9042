/** The engine in a real browser: in a page and in a worker, with and without memory that threads can share. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Browser } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tensorData } from '../../src/base/tensor.js';
import { prepare, toBundle } from '../../src/compile.js';
import { interpret } from '../../src/interpreter/index.js';
import { GraphBuilder } from '../../src/ir/builder.js';
import type { Program } from '../../src/ir/graph.js';
import { WASM_TARGET } from '../../src/passes/target.js';
import { openBrowser } from './support.js';
import { wave } from '../runtime/support.js';
import type { BrowserRun } from './in-browser.js';

const SIZE = 128;
let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser?.close());

/** The square of a product, whose work threads share. */
function program(): Program {
  const b = new GraphBuilder('square');
  const x = b.param('x', 'f32', [SIZE, SIZE]);
  const dot = { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] };
  const product = b.emit('dot', [x, x], dot);
  b.output('y', b.binary('mul', product, product));
  return { graph: b.build(), weights: new Map() };
}

const input = wave(SIZE * SIZE, 1);
const bytes = async (): Promise<Uint8Array> =>
  toBundle(prepare(program()), 'a test', prepare(program(), { target: WASM_TARGET }));

async function script(): Promise<Uint8Array> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('in-browser.ts', import.meta.url))],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    logLevel: 'error',
  });
  return outputFiles[0].contents;
}

const ISOLATED = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};
const inPage = '<script type="module" src="/script.js"></script>';
const inWorker = '<script>new Worker("/script.js", { type: "module" })</script>';

/** What the browser tells, given a page that is served with these headers. */
async function told(page: string, headers: Readonly<Record<string, string>>): Promise<unknown> {
  const [bundle, code] = await Promise.all([bytes(), script()]);
  const files: Readonly<Record<string, readonly [type: string, body: string | Uint8Array]>> = {
    '/': ['text/html', page],
    '/script.js': ['text/javascript', code],
    '/bundle': ['application/octet-stream', bundle],
    '/input': ['application/octet-stream', new Uint8Array(input.buffer)],
  };
  let tell: (body: string) => void;
  const answer = new Promise<string>((resolve) => (tell = resolve));
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const file = files[request.url ?? ''] as (typeof files)[string] | undefined;
    if (file !== undefined)
      return response.writeHead(200, { ...headers, 'Content-Type': file[0] }).end(file[1]);
    if (request.method !== 'POST') return response.writeHead(404).end();
    let body = '';
    request.on('data', (part: Buffer) => (body += part.toString()));
    request.on('end', () => {
      response.writeHead(204).end();
      tell(body);
    });
    return undefined;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const tab = await browser.newPage();
  const failed = new Promise<never>((_, reject) => {
    tab.on('pageerror', reject);
    tab.on('workercreated', (worker) => worker.on('error', reject));
  });
  try {
    await tab.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    return JSON.parse(await Promise.race([answer, failed])) as unknown;
  } finally {
    await tab.close();
    server.closeAllConnections();
    server.close();
  }
}

describe('in Chromium', () => {
  const { y } = interpret(program(), { x: tensorData('f32', [SIZE, SIZE], input) }).outputs;
  const words = [...new Uint32Array(y.data.buffer)];
  test.each([
    ['a page', inPage, {}, { isWorker: false, isIsolated: false, threads: 1 }],
    ['a worker', inWorker, {}, { isWorker: true, isIsolated: false, threads: 1 }],
    ['a page that is isolated', inPage, ISOLATED, { isWorker: false, isIsolated: true, threads: 3 }],
    ['a worker that is isolated', inWorker, ISOLATED, { isWorker: true, isIsolated: true, threads: 3 }],
  ])('%s gives the bits of the interpreter', async (_, page, headers, where) => {
    const run = await told(page, headers);
    expect(run).toMatchObject(where);
    const { outputs } = run as BrowserRun;
    for (const output of outputs) expect(output).toEqual(words);
  });
});
