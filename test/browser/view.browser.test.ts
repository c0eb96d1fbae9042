/** What `heddle view` serves, in Chromium: the model is compared and timed on the browser's GPU, and an injected difference is found. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Browser, Page } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { watchTasks } from '../../scripts/browser.mjs';
import { buildInspector, buildWorker } from '../../scripts/build-web.mjs';
import { viewServer } from '../../src/cli/commands/view-server.js';
import { openModel } from '../../src/cli/models/open.js';
import { inspectionOf } from '../../src/cli/reports/inspection/report.js';
import { listen } from '../../src/cli/terminal/serving.js';
import { openBrowser, openPage, press, text } from './support.js';

const folder = mkdtempSync(join(tmpdir(), 'heddle-view-'));
const servers: Server[] = [];
let browser: Browser;

/** The worker of `heddle view` with a GPU that is wrong: of the first kernel of the digits, ReLU ends at 0.5 instead of 0. */
const WRONG_LAB = `import { serveLab } from ${JSON.stringify(fileURLToPath(new URL('../../web/inspector/serve-lab.ts', import.meta.url)))};
  const wrong = ({ label, code }) =>
    label?.startsWith('conv+add+le+select -> f32[1,8,28,28]')
      ? code.replace(/(select\\(\\w+, 0f, le_\\(\\w+, )0f/g, '$10.5f')
      : code;
  async function requestAdapter(options) {
    const adapter = await navigator.gpu.requestAdapter(options);
    const request = adapter.requestDevice.bind(adapter);
    adapter.requestDevice = async (descriptor) => {
      const device = await request(descriptor);
      const make = device.createShaderModule.bind(device);
      device.createShaderModule = (given) => make({ ...given, code: wrong(given) });
      return device;
    };
    return adapter;
  }
  serveLab({ requestAdapter });`;

beforeAll(async () => {
  await buildWorker(join(folder, 'right'));
  const wrong = join(folder, 'wrong-lab.js');
  writeFileSync(wrong, WRONG_LAB);
  await buildWorker(join(folder, 'wrong'), wrong);
  for (const name of ['right', 'wrong']) await buildInspector(join(folder, name));
  browser = await openBrowser();
}, 120_000);
afterAll(async () => {
  await browser?.close();
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The digits, served with a worker whose GPU is right or wrong. */
async function serve(name: 'right' | 'wrong'): Promise<string> {
  const model = await openModel('models/digits.onnx', {});
  const runnable = model.prepare('gpu');
  const template = pathToFileURL(join(folder, name, 'inspector/index.html'));
  const looked = { report: inspectionOf(model, runnable), program: runnable.prepared?.original };
  const host = '127.0.0.1';
  const server = viewServer(template, looked, host);
  servers.push(server);
  return listen(server, { port: 0, host });
}

const compare = async (page: Page): Promise<void> => {
  await page.waitForSelector('select[aria-label=Engine]');
  await press(page, 'Compare with the reference');
  await page.waitForSelector('section[aria-label=Difference], .error', { timeout: 60_000 });
};

describe('a served inspector', () => {
  test('compares the model with the reference, times its kernels, and runs its passes again', async () => {
    const { page, errors } = await openPage(browser, `${await serve('right')}/#view=difference`);
    expect(await page.evaluate('crossOriginIsolated')).toBe(true);
    const tasks = await watchTasks(page);
    await compare(page);
    expect(await text(page, 'section[aria-label=Difference]')).toMatch(/has the bits of the interpreter\.6 kernels, .* 0 differ/); // prettier-ignore
    await page.locator('header nav button::-p-text(time)').click();
    await press(page, 'Time each kernel');
    await page.waitForSelector('section[aria-label=Time]');
    expect(await page.$$('meter')).toHaveLength(12);
    await page.locator('header nav button::-p-text(passes)').click();
    await press(page, 'the graph');
    await page.waitForSelector('.stage canvas');
    expect(await tasks()).toEqual([]);
    expect(errors).toEqual([]);
    await page.close();
  });

  test('finds a difference that a GPU makes, and leads to its kernel and to its value', async () => {
    const { page, errors } = await openPage(browser, `${await serve('wrong')}/#view=difference`);
    await compare(page);
    const found = await text(page, 'section[aria-label=Difference]');
    expect(found).toContain('differs from the interpreter');
    expect(found).toMatch(/first kernel0: conv\+add\+le\+select -> f32\[1,8,28,28\]/);
    expect(found).toMatch(
      /first element\[0, \d+, \d+, \d+\]expected0x3[0-9a-f]{7} \(0\.\d+\)found0x00000000 \(0\)/,
    );
    expect(found).toMatch(/[\d,]+ of 6,272 elements/);
    expect((await page.$$('.heat rect')).length).toBeGreaterThan(0);
    await press(page, 'f32[1,8,28,28]');
    await page.waitForSelector('section[aria-label=Kernel]');
    expect(await text(page, 'section h2')).toContain('conv+add+le+select');
    await page.goBack();
    await page.waitForSelector('section[aria-label=Difference]');
    await page.evaluate(`document.querySelectorAll('section[aria-label=Difference] dd button')[1].click()`);
    await page.waitForSelector('aside dl');
    expect(await text(page, 'aside')).toContain('computed bykernel 0');
    expect(errors).toEqual([]);
  });
});
