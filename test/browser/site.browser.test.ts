/** The site in Chromium, on SwiftShader: the device page, a model, and training; with the bits of the command line. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'puppeteer-core';
import { describe, expect, test } from 'vitest';
import { interpret } from '../../src/interpreter/index.js';
import { importOnnx } from '../../src/frontends/onnx/index.js';
import { openWasmDevice } from '../../src/index.js';
import { inputsFrom } from '../../web/shared/work/data.js';
import { openTraining } from '../../web/site/work/training.js';
import { testDevice } from '../support/differential.js';
import { finished, openPage, press, text, upload, whileOpen, type Site } from './support.js';

let site: Site;
let browser: Browser;

whileOpen((opened) => ({ site, browser } = opened));

/** The bytes of the file that a page saves, as text. */
async function savedBy(page: Page): Promise<string> {
  await page.evaluate(`URL.createObjectURL = (blob) => { globalThis.saved = blob; return 'data:,'; }`);
  await press(page, 'Save as ONNX');
  await page.waitForFunction('globalThis.saved !== undefined');
  return (await page.evaluate('saved.arrayBuffer().then((bytes) => [...new Uint8Array(bytes)].join())')) as string; // prettier-ignore
}

/** `body`, while the worker of the site begins with `code`. */
async function withFault(code: string, body: () => Promise<void>): Promise<void> {
  const name = readdirSync(join(site.folder, 'assets')).find((file) => file.startsWith('worker-'))!;
  const worker = join(site.folder, 'assets', name);
  const original = readFileSync(worker, 'utf8');
  writeFileSync(worker, `${code}\n${original}`);
  try {
    await body();
  } finally {
    writeFileSync(worker, original);
  }
}

/** Counts devices, and destroys the last one when the page says so. */
const LOSE = `let devices = 0, last;
  const ask = GPUAdapter.prototype.requestDevice;
  GPUAdapter.prototype.requestDevice = async function (...given) {
    last = await ask.apply(this, given);
    devices++;
    return last;
  };
  const channel = new BroadcastChannel('lose');
  channel.onmessage = () => { last.destroy(); channel.postMessage(devices); };`;

describe('the site', () => {
  test('tests the device, and its link holds the report', async () => {
    const { page, errors } = await openPage(browser, site.url);
    await press(page, 'Test this device');
    await finished(page, 'section[aria-label=Report]');
    expect(await text(page, 'section h2')).toContain('Exact');
    const report = await text(page, 'section');
    expect(report).toContain('swiftshader (a CPU plays the GPU)');
    expect(report.match(/\d+ kernels, [\d,]+ values, 0 differ/g)).toHaveLength(3);
    await page.waitForSelector('a[href*="report="]');
    const link = (await page.evaluate(`document.querySelector('a[href*="report="]').href`)) as string;
    const other = await openPage(browser, link);
    await other.page.waitForSelector('section[aria-label=Report]');
    expect(await text(other.page, 'section h2')).toContain('Exact');
    expect([...errors, ...other.errors]).toEqual([]);
  }, 120_000);

  test.each(['webgpu', 'wasm'])('runs a model on %s, with the bits of the interpreter', async (engine) => {
    const { page, errors } = await openPage(browser, `${site.url}#run`);
    await page.select('select', engine);
    await press(page, 'digits.onnx');
    await finished(page, 'section[aria-label=Result]');
    const program = importOnnx(readFileSync('models/digits.onnx'));
    const inputs = inputsFrom(1, [{ name: 'image', dtype: 'f32', shape: [1, 1, 28, 28] }]);
    const { probabilities } = interpret(program, inputs).outputs;
    expect(await text(page, 'section code')).toBe(Array.from(probabilities.data).join(', '));
    expect(errors).toEqual([]);
  });

  test.each(['webgpu', 'wasm'])('compares %s with the reference, and times kernels', async (engine) => {
    const { page, errors } = await openPage(browser, `${site.url}#run`);
    await page.select('select', engine);
    await press(page, 'digits.onnx');
    await finished(page, 'section[aria-label=Result]');
    await press(page, 'Compare with the reference');
    await finished(page, 'section[aria-label=Difference]');
    expect(await text(page, 'section[aria-label=Difference] .good')).toContain(
      'has the bits of the interpreter',
    );
    await press(page, 'Time each kernel');
    await finished(page, 'section[aria-label=Time]');
    const rows = (await page.evaluate(`Array.from(document.querySelectorAll('section[aria-label=Time] tbody tr'), (row) => row.textContent)`)) as string[]; // prettier-ignore
    expect(rows.length).toBeGreaterThan(3);
    for (const row of rows) expect(row).toMatch(/ -> f32.*%.*%$/);
    expect(errors).toEqual([]);
  });

  test('finds a difference that a GPU makes, and shows it', async () => {
    // Of the first kernel, ReLU ends at 0.5 instead of 0.
    const fault = `const made = GPUDevice.prototype.createShaderModule;
      GPUDevice.prototype.createShaderModule = function (given) {
        const isFirst = given.label?.startsWith('conv+add+le+select -> f32[1,8,28,28]');
        const code = isFirst ? given.code.replace(/(select\\(\\w+, 0f, le_\\(\\w+, )0f/g, '$10.5f') : given.code;
        return made.call(this, { ...given, code });
      };`;
    await withFault(fault, async () => {
      const { page, errors } = await openPage(browser, `${site.url}#run`);
      await page.select('select', 'webgpu');
      await press(page, 'digits.onnx');
      await finished(page, 'section[aria-label=Result]');
      await press(page, 'Compare with the reference');
      await finished(page, 'section[aria-label=Difference]');
      const found = await text(page, 'section[aria-label=Difference]');
      expect(found).toContain('differs from the interpreter');
      expect(found).toMatch(/first kernel0: conv\+add\+le\+select -> f32\[1,8,28,28\]/);
      expect(found).toMatch(
        /first element\[0, \d+, \d+, \d+\]expected0x3[0-9a-f]{7} \(0\.\d+\)found0x00000000 \(0\)/,
      );
      expect(found).toMatch(/[\d,]+ of 6,272 elements/);
      expect((await page.$$('.heat rect')).length).toBeGreaterThan(0);
      expect(errors).toEqual([]);
    });
  });

  test('says what is wrong with a file that is no model', async () => {
    const { page, errors } = await openPage(browser, `${site.url}#run`);
    await upload(page, 'package.json');
    await page.waitForSelector('.error');
    expect(await text(page, '.error')).toMatch(/^FILE_/);
    expect(errors).toEqual([]);
  });

  test('trains, stops and goes on as if it had not, names a drawing meanwhile, and gives its network', async () => {
    const { page, errors } = await openPage(browser, `${site.url}#train`);
    await page.select('select', 'wasm');
    const { x, y, width, height } = (await page.evaluate(`(() => {
      const { x, y, width, height } = document.querySelector('.pad').getBoundingClientRect();
      return { x, y, width, height };
    })()`)) as Readonly<Record<'x' | 'y' | 'width' | 'height', number>>;
    await page.mouse.move(x + 0.52 * width, y + 0.2 * height);
    await page.mouse.down();
    await page.mouse.move(x + 0.48 * width, y + 0.8 * height, { steps: 5 });
    await page.mouse.up();
    await press(page, 'Train');
    await page.waitForSelector('.curve');
    await page.waitForSelector('.scores');
    await press(page, 'Stop');
    await page.waitForSelector('.outcome', { timeout: 100_000 });
    const [, rested] = /^step (\d+),/.exec(await text(page, '.curve .end'))!;
    expect(Number(rested)).toBeLessThan(400);
    await press(page, 'Resume');
    await page.waitForFunction(`document.querySelector('.curve .end').textContent.startsWith('step 400,')`, { timeout: 100_000 }); // prettier-ignore
    await page.waitForFunction(`!document.querySelector('progress')`, { timeout: 100_000 });
    const [, right] = /([\d.]+)% of 1,000/.exec(await text(page, '.outcome'))!;
    expect(Number(right)).toBeGreaterThan(85);
    expect(await text(page, '.scores .best')).toMatch(/^1 /);

    const saved = await savedBy(page);
    const device = await openWasmDevice();
    const training = openTraining(device, 400);
    await training.advance(400);
    const own = await training.onnx();
    device.dispose();
    expect(own.join() === saved).toBe(true);
    expect(errors).toEqual([]);
  }, 120_000);

  test('loses its device while it trains, and ends with the bits of a training that lost none', async () => {
    await withFault(LOSE, async () => {
      const { page, errors } = await openPage(browser, `${site.url}#train`);
      await page.select('select', 'webgpu');
      await page.evaluate(`globalThis.losses = []; globalThis.channel = new BroadcastChannel('lose'); channel.onmessage = ({ data }) => losses.push(data);`); // prettier-ignore
      await press(page, 'Train');
      const reaches = (step: number): Promise<unknown> =>
        page.waitForFunction(`Number(/^step (\\d+)/.exec(document.querySelector('.curve .end')?.textContent)?.[1]) >= ${step}`, { timeout: 100_000 }); // prettier-ignore
      await reaches(11);
      await page.evaluate(`channel.postMessage('now')`);
      await page.waitForFunction('losses.length > 0');
      await reaches(Number(/^step (\d+),/.exec(await text(page, '.curve .end'))![1]) + 10);
      await press(page, 'Stop');
      await page.waitForSelector('.outcome', { timeout: 100_000 });
      expect(await page.$('.error')).toBeNull();
      expect(await page.evaluate('losses')).toHaveLength(1);
      const rested = Number(/^step (\d+),/.exec(await text(page, '.curve .end'))![1]);
      expect(((await page.evaluate(`document.querySelector('.curve polyline').getAttribute('points')`)) as string).split(' ')).toHaveLength(rested); // prettier-ignore
      const found = await savedBy(page);
      const training = openTraining(await testDevice('swiftshader'), 400);
      await training.advance(rested);
      expect((await training.onnx()).join() === found).toBe(true);
      expect(errors).toEqual([]);
    });
  }, 240_000);

  test('a reload in the middle of a training loses nothing: it goes on with the same bits', async () => {
    const { page, errors } = await openPage(browser, `${site.url}#train`);
    await page.select('select', 'wasm');
    await press(page, 'Train');
    const reaches = (step: number): Promise<unknown> =>
      page.waitForFunction(`Number(/^step (\\d+)/.exec(document.querySelector('.curve .end')?.textContent)?.[1]) >= ${step}`, { timeout: 100_000 }); // prettier-ignore
    await reaches(21);
    await page.reload();
    await page.waitForSelector('.outcome', { timeout: 100_000 });
    const stepNow = async (): Promise<number> => Number(/^step (\d+),/.exec(await text(page, '.curve .end'))![1]); // prettier-ignore
    const before = await stepNow();
    expect(before).toBeGreaterThan(0);
    await press(page, 'Resume');
    await reaches(before + 10);
    await press(page, 'Stop');
    await page.waitForFunction(`!document.querySelector('progress')`, { timeout: 100_000 });
    const rested = await stepNow();
    const found = await savedBy(page);
    const device = await openWasmDevice();
    const training = openTraining(device, 400);
    const losses = await training.advance(rested);
    expect((await training.onnx()).join() === found).toBe(true);
    device.dispose();
    expect(await text(page, '.curve .end')).toBe(`step ${rested}, loss ${losses.at(-1)!.toFixed(3)}`);
    const points = (await page.evaluate(`document.querySelector('.curve polyline').getAttribute('points')`)) as string; // prettier-ignore
    expect(points.split(' ')).toHaveLength(rested);
    expect(errors).toEqual([]);
    await page.close();
  }, 120_000);

  test.each([360, 1280])('fits %i pixels', async (width) => {
    const { page, errors } = await openPage(browser, site.url);
    await page.setViewport({ width, height: 720 });
    for (const name of ['device', 'run', 'inspect', 'jit', 'config', 'train']) {
      await page.goto(`${site.url}#${name}`);
      await page.waitForSelector('h1');
      expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), name).toBeLessThanOrEqual(0); // prettier-ignore
    }
    expect(errors).toEqual([]);
  });
});
