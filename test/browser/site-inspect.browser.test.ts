/** The inspector inside of the site: of an example, of files that are dropped, and of a model that cannot be imported. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'puppeteer-core';
import { describe, expect, test } from 'vitest';
import { encodeModel, node, port } from '../../scripts/onnx-proto.mjs';
import { importOnnx } from '../../src/frontends/onnx/index.js';
import { prepare, toBundle } from '../../src/index.js';
import { openPage, text, upload, whileOpen, type Site } from './support.js';

let site: Site;
let browser: Browser;

whileOpen((opened) => ({ site, browser } = opened));

/** Code for the page, about what is inside of the inspector. */
const INSIDE = `document.querySelector('.inspector-frame')?.shadowRoot`;
const shows = (page: Page, selector: string, words = ''): Promise<unknown> =>
  page.waitForFunction(`${INSIDE}?.querySelector(${JSON.stringify(selector)})?.textContent.includes(${JSON.stringify(words)})`); // prettier-ignore
const pressInside = (page: Page, words: string): Promise<unknown> =>
  page.evaluate(`[...${INSIDE}.querySelectorAll('button')].find(({ textContent }) => textContent.trim().startsWith(${JSON.stringify(words)})).click()`); // prettier-ignore

describe('the inspector of the site', () => {
  test('shows all views of an example, with its state in the address', async () => {
    const { page, errors } = await openPage(browser, `${site.url}#inspect`);
    await page.locator('a::-p-text(digits.onnx)').click();
    await shows(page, 'h1', 'digits.onnx');
    await shows(page, 'canvas');
    await pressInside(page, 'kernels');
    await shows(page, 'pre.code', 'fn main');
    await pressInside(page, 'passes');
    await shows(page, '.rewrites li');
    await pressInside(page, 'memory');
    await shows(page, '.steps', 'the peak');
    expect(page.url()).toContain('#inspect?model=digits.onnx&view=memory');
    const again = await openPage(browser, page.url());
    await shows(again.page, '.steps', 'the peak');
    // Going back undoes.
    await page.goBack();
    await shows(page, '.rewrites li');
    expect([...errors, ...again.errors]).toEqual([]);
  });

  test.each(['webgpu', 'wasm'])('compares and times the kernels of the report on %s', async (engine) => {
    const { page, errors } = await openPage(browser, `${site.url}#inspect?model=digits.onnx&view=difference${engine === 'wasm' ? '&cpu=true' : ''}`); // prettier-ignore
    await shows(page, 'select[aria-label=Engine]');
    await pressInside(page, 'Compare with the reference');
    await shows(page, '.good', 'has the bits of the interpreter');
    await pressInside(page, 'time');
    await shows(page, '.bar', 'Time each kernel');
    await pressInside(page, 'Time each kernel');
    await shows(page, 'section[aria-label=Time] p', engine === 'wasm' ? 'the median of 5 runs' : 'by the timestamps of the GPU'); // prettier-ignore
    const rows = (): Promise<unknown> =>
      page.evaluate(`Array.from(${INSIDE}.querySelectorAll('section[aria-label=Time] tbody tr'), ({ cells }) => [parseFloat(cells[1].textContent), cells[0].textContent])`); // prettier-ignore
    const before = (await rows()) as [number, string][];
    expect(before.map(([, label]) => parseInt(label, 10))).toEqual(before.map((_, i) => i));
    expect(before.some(([ms]) => ms > 0)).toBe(true);

    // Sorting, and the selection of a kernel, are steps of the browser's history.
    await pressInside(page, 'of the time');
    await page.waitForFunction(`location.hash.includes('by=time')`);
    const times = ((await rows()) as [number, string][]).map(([ms]) => ms);
    expect(times).toEqual(times.toSorted((a, b) => b - a));
    await pressInside(page, before[1][1]);
    await shows(page, 'tr[aria-selected=true]', before[1][1]);
    await pressInside(page, 'its code and reasons');
    await shows(page, 'section[aria-label=Kernel] h2', before[1][1]);
    await page.goBack();
    await shows(page, 'tr[aria-selected=true]', before[1][1]);
    await page.goBack();
    await page.waitForFunction(`!${INSIDE}.querySelector('tr[aria-selected=true]')`);
    // What was found is still there.
    await pressInside(page, 'difference');
    await shows(page, '.good', 'has the bits of the interpreter');
    expect(errors).toEqual([]);
  });

  test('shows the graph before and after a rewrite', async () => {
    const { page, errors } = await openPage(browser, `${site.url}#inspect?model=digits.onnx&view=passes`);
    await shows(page, '.rewrites li');
    await pressInside(page, 'the graph');
    await shows(page, 'canvas');
    expect(page.url()).toContain('rewrite=0');
    const label = `${INSIDE}.querySelector('canvas')?.getAttribute('aria-label')`;
    const seen = async (): Promise<unknown> => {
      await page.waitForFunction(label);
      return page.evaluate(`${INSIDE}.querySelector('.stage').textContent`);
    };
    const after = await seen();
    await pressInside(page, 'before');
    await page.waitForFunction(`location.hash.includes('before=true')`);
    expect(await seen()).not.toBe(after);
    await pressInside(page, 'next');
    await page.waitForFunction(`location.hash.includes('rewrite=1')`);
    await shows(page, 'canvas');
    // Going back undoes.
    await page.goBack();
    await page.goBack();
    await page.waitForFunction(`location.hash.includes('rewrite=0') && !location.hash.includes('before')`);
    await shows(page, 'canvas');
    expect(await seen()).toBe(after);
    expect(errors).toEqual([]);
  });

  test('shows a bundle and a config that are dropped, and says what only its visitor had', async () => {
    const { page, errors } = await openPage(browser, `${site.url}#inspect`);
    const config = join(site.folder, 'net.json');
    writeFileSync(
      config,
      JSON.stringify({ input: [4], seed: 1, layers: [{ type: 'dense', output_size: 2 }] }),
    );
    await upload(page, config);
    await shows(page, 'h1', 'net.json');
    const bundle = join(site.folder, 'digits.heddle');
    writeFileSync(bundle, await toBundle(prepare(importOnnx(readFileSync('models/digits.onnx')))));
    await upload(page, bundle);
    await shows(page, 'h1', 'digits.heddle');
    await shows(page, 'canvas');
    const other = await openPage(browser, page.url());
    await other.page.waitForSelector('.note');
    expect(await text(other.page, '.note')).toContain('digits.heddle');
    expect([...errors, ...other.errors]).toEqual([]);
  });

  test('says what is wrong with a file that is no model', async () => {
    const { page, errors } = await openPage(browser, `${site.url}#inspect`);
    await upload(page, 'README.md');
    await page.waitForSelector('.error');
    expect(await text(page, '.error')).toMatch(/^FILE_FORMAT: the file is not an ONNX model/);
    expect(errors).toEqual([]);
  });

  test('lists the operators that a model needs and Heddle lacks, with counts and links to the nodes', async () => {
    const file = join(site.folder, 'missing.onnx');
    const nodes = [
      { ...node('Nothing', ['x'], ['a']), name: 'first' },
      node('Relu', ['a'], ['b']),
      node('Nothing', ['b'], ['c']),
      node('Elsewhere', ['c'], ['y']),
    ];
    writeFileSync(file, encodeModel({ name: 'g', node: nodes, input: [port('x', 'float', [2])], output: [port('y', 'float')] })); // prettier-ignore
    const { page, errors } = await openPage(browser, `${site.url}#run`);
    await upload(page, file);
    await page.waitForSelector('section[aria-label="Missing operators"]');
    expect(await text(page, '.error')).toContain('2 operators are not supported');
    const rows = (await page.evaluate(`Array.from(document.querySelectorAll('tbody tr'), ({ cells }) => Array.from(cells, ({ textContent }) => textContent))`)) as string[][]; // prettier-ignore
    expect(rows).toEqual([
      [expect.stringMatching(/^Nothing of ai\.onnx \d+$/), '2', 'node "first" (Nothing)'],
      [expect.stringMatching(/^Elsewhere of ai\.onnx \d+$/), '1', 'node #3 (Elsewhere)'],
    ]);
    await page.locator('a::-p-text(node #3)').click();
    await shows(page, 'aside h2', 'Elsewhere');
    await shows(page, 'aside', 'missing: Elsewhere of ai.onnx');
    await shows(page, 'canvas');
    expect(errors).toEqual([]);
  });
});
