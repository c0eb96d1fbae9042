/** wllama in a page of Chromium, with one file and one thread. */
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { openBrowser } from '../../scripts/browser.mjs';
import { wllamaFolder } from './peers.mjs';

const TYPES = { '.js': 'text/javascript', '.wasm': 'application/wasm' };
const MODEL = '/model.gguf';

/** Serves a page, wllama's files and the model. */
async function serve(folder, model) {
  const server = createServer(({ url }, response) => {
    const path = normalize(new URL(url, 'http://localhost').pathname);
    if (path === '/') return response.setHeader('content-type', 'text/html').end('<!doctype html>');
    const file = path === MODEL ? model : join(folder, path);
    if (!existsSync(file)) return response.writeHead(404).end();
    response.setHeader('content-type', TYPES[extname(file)] ?? 'application/octet-stream');
    response.setHeader('content-length', statSync(file).size);
    createReadStream(file).pipe(response);
  });
  await new Promise((resolve) => server.listen(0, 'localhost', resolve));
  return `http://localhost:${server.address().port}/`;
}

/** Tokens that a text begins with by itself: its mark, and the three bytes of the space in front. */
const BEFORE = 4;

/**
 * A text of so many tokens. wllama takes texts only, and the words of the model's vocabulary cannot be put together from
 * smaller ones: letters are bytes, each a token. What a token is makes no difference to the time that it takes.
 */
const textOf = (count) =>
  Array.from({ length: Math.max(count - BEFORE, 1) }, (_, i) => 'abcdefghij'[(i * 7) % 10]).join('');

/** @param {{ threads: number }} job */
export async function wllama({ threads }) {
  const folder = wllamaFolder();
  const browser = await openBrowser();
  return async (path) => {
    const page = await browser.newPage();
    page.setDefaultTimeout(0);
    let each = () => {};
    await page.exposeFunction('heard', () => each(undefined));
    await page.goto(await serve(folder, path));
    await page.evaluate(openPage, { threads, context: 2048, model: MODEL });
    let length = 0;
    const complete = async (count, steps) => {
      const found = await page.evaluate(completePage, textOf(count), steps);
      if (found !== Math.max(count, BEFORE + 1))
        throw new Error(`${count} tokens were wanted, the text has ${found}`);
    };
    return {
      async prefill(tokens) {
        each = () => {};
        length = tokens.length;
        await complete(length, 1);
      },
      async decode(_, count, tell) {
        each = tell;
        await complete(length + 1, count);
      },
    };
  };
}

async function openPage({ threads, context, model }) {
  const { Wllama, LoggerWithoutDebug } = await import('/index.js');
  const config = { logger: LoggerWithoutDebug, suppressNativeLog: true };
  globalThis.own = new Wllama({ default: '/wasm/wllama.wasm' }, config);
  const blob = await (await fetch(model)).blob();
  await globalThis.own.loadModel([blob], { n_threads: threads, n_ctx: context, n_gpu_layers: 0 });
}

/** Goes on with a text, and tells of each token. Returns how many tokens the text has. */
async function completePage(prompt, steps) {
  // Bytes above ASCII, whose tokens follow the three of control: wllama cannot tell of text that is not UTF-8.
  const bytes = Array.from({ length: 128 }, (_, i) => [String(3 + 128 + i), -1e3]);
  const logit_bias = Object.fromEntries(bytes);
  const options = { temperature: 0, ignore_eos: true, cache_prompt: steps > 1, timings_per_token: true, logit_bias }; // prettier-ignore
  const stream = await globalThis.own.createCompletion({
    prompt,
    max_tokens: steps,
    stream: true,
    ...options,
  });
  let last;
  let told = 0;
  for await (const chunk of stream) {
    last = chunk;
    if (told++ < steps) await globalThis.heard();
  }
  for (; told < steps; told++) await globalThis.heard();
  return last.usage?.prompt_tokens ?? last.timings.prompt_n + last.timings.cache_n;
}
