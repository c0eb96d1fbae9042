/** The site in Firefox, where there is one: what works without WebGPU runs on the CPU, with the same bits. */
import { readFileSync } from 'node:fs';
import type { Browser } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findFirefox, openFirefox } from '../../scripts/browser.mjs';
import { importOnnx } from '../../src/frontends/onnx/index.js';
import { interpret } from '../../src/interpreter/index.js';
import { inputsFrom } from '../../web/shared/work/data.js';
import { finished, openPage, openSite, press, text, type Site } from './support.js';

const firefox = findFirefox();

describe.runIf(firefox !== undefined)('in Firefox', () => {
  let site: Site;
  let browser: Browser;
  beforeAll(async () => {
    [site, browser] = [await openSite(), await openFirefox(firefox!)];
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  test('a model runs on the CPU, with the bits of the interpreter', async () => {
    const { page, errors } = await openPage(browser, `${site.url}#run`);
    await page.select('select', 'wasm');
    await press(page, 'digits.onnx');
    await finished(page, 'section[aria-label=Result]');
    const inputs = inputsFrom(1, [{ name: 'image', dtype: 'f32', shape: [1, 1, 28, 28] }]);
    const { probabilities } = interpret(importOnnx(readFileSync('models/digits.onnx')), inputs).outputs;
    expect(await text(page, 'section code')).toBe(Array.from(probabilities.data).join(', '));
    expect(errors).toEqual([]);
  });

  test('a network trains 50 steps', async () => {
    const { page, errors } = await openPage(browser, `${site.url}#train`);
    await page.select('select', 'wasm');
    await press(page, 'Train');
    await page.waitForFunction(`Number(/^step (\\d+)/.exec(document.querySelector('.curve .end')?.textContent)?.[1]) >= 50`, { timeout: 60_000 }); // prettier-ignore
    await press(page, 'Stop');
    await page.waitForSelector('.outcome');
    expect(errors).toEqual([]);
  });

  test('the inspector shows a model, and a function is compiled', async () => {
    const { page, errors } = await openPage(browser, `${site.url}#inspect?model=digits.onnx`);
    await page.waitForFunction(
      `document.querySelector('.inspector-frame')?.shadowRoot?.querySelector('canvas')`,
    );
    await page.goto(`${site.url}#jit`);
    await finished(page, 'section[aria-label=Function]');
    expect(await text(page, 'section pre')).toContain('jit(attend)');
    expect(errors).toEqual([]);
  });
});
