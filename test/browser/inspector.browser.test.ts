/** The inspector in Chromium: each view shows, selections lead from one to another, and nothing goes wrong. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildInspector } from '../../scripts/build-web.mjs';
import { openModel } from '../../src/cli/models/open.js';
import { inspectionPage } from '../../src/cli/reports/inspection/page.js';
import { inspectionOf } from '../../src/cli/reports/inspection/report.js';
import type { InspectionReport } from '../../src/cli/reports/inspection/types.js';
import { openBrowser, openPage } from './support.js';

const folder = mkdtempSync(join(tmpdir(), 'heddle-browser-'));
const template = pathToFileURL(join(folder, 'inspector/index.html'));
let browser: Browser;

beforeAll(async () => {
  await buildInspector(folder);
  browser = await openBrowser();
}, 120_000);
afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

function write(name: string, report: InspectionReport): string {
  const path = join(folder, name);
  writeFileSync(path, inspectionPage(template, report));
  return pathToFileURL(path).href;
}

async function digits(): Promise<InspectionReport> {
  const model = await openModel('models/digits.onnx', {});
  return inspectionOf(model, model.prepare('gpu'));
}

/** What the canvas shows. Code for the page is text: this file has no types of a browser's. */
const PIXELS = `document.querySelector('canvas').toDataURL()`;

/** The text of an element. */
const text = async (page: Page, selector: string): Promise<string> =>
  (await page.evaluate(`document.querySelector(${JSON.stringify(selector)}).textContent`)) as string;
/** What the canvas says to those who do not see it. */
const label = async (page: Page): Promise<string> =>
  (await page.evaluate(`document.querySelector('canvas').getAttribute('aria-label')`)) as string;
const press = (page: Page, words: string): Promise<void> => page.locator(`::-p-text(${words})`).click();

describe('the inspector', () => {
  test('shows graph, passes, kernels and memory, linked by selection and address', async () => {
    const { page, errors } = await openPage(browser, write('digits.html', await digits()));
    await page.waitForSelector('canvas');
    expect(await page.title()).toBe('digits.onnx - Heddle');
    expect(await label(page)).toContain('6 kernels');

    // A node is found by its name, and leads to its kernel.
    await page.type('input[type=search]', 'conv');
    await page.keyboard.press('Enter');
    await page.waitForSelector('aside dl');
    expect(await text(page, 'aside h2')).toMatch(/^%\d+ conv$/);
    await press(page, 'kernel 0');
    await page.waitForSelector('pre.code');
    expect(page.url()).toContain('view=kernels');
    expect(await text(page, 'section h2')).toContain('conv');
    expect(await text(page, 'pre.code')).toContain('fn main');
    expect((await page.$$('pre.code .token.keyword')).length).toBeGreaterThan(5);
    await press(page, 'for the CPU');
    await page.waitForFunction(`document.querySelector('pre.code')?.textContent.includes('(func')`);

    // Going back undoes.
    await page.goBack();
    await page.waitForFunction(`document.querySelector('pre.code')?.textContent.includes('fn main')`);

    await press(page, 'passes');
    await page.waitForSelector('.rewrites li');
    await page.locator('.stages .chip').click();
    await page.waitForFunction(`location.href.includes('rule=')`);

    await press(page, 'memory');
    await page.waitForSelector('svg.arena .tensor');
    expect(await text(page, '.steps')).toContain('the peak');
    await page.locator('svg.arena .tensor').click();
    await page.waitForFunction(`/value=\\d+/.test(location.href)`);
    await page.locator('td .link').click();
    await page.waitForSelector('aside dl');

    // The address alone brings it back.
    const again = await openPage(browser, page.url());
    await again.page.waitForSelector('aside dl');
    expect(await text(again.page, 'aside h2')).toBe(await text(page, 'aside h2'));
    expect([...errors, ...again.errors]).toEqual([]);
  });

  test('moves and selects on the canvas, by pointer and keys', async () => {
    const { page, errors } = await openPage(browser, write('digits.html', await digits()));
    const canvas = (await page.waitForSelector('canvas'))!;
    const box = (await canvas.boundingBox())!;
    const pixels = async (): Promise<string> => (await page.evaluate(PIXELS)) as string;
    const changes = async (act: () => Promise<void>): Promise<void> => {
      const before = await pixels();
      await act();
      await page.waitForFunction(`${PIXELS} !== ${JSON.stringify(before)}`);
    };
    await canvas.focus();
    await changes(() => page.keyboard.press('ArrowDown'));
    await changes(() => page.keyboard.press('-'));
    await page.mouse.move(box.x + box.width / 2, box.y + 100);
    await changes(() => page.mouse.wheel({ deltaY: -120 }));
    await changes(() => page.keyboard.press('0'));
    await changes(async () => {
      await page.mouse.down();
      await page.mouse.move(box.x + box.width / 2 + 40, box.y + 160, { steps: 4 });
      await page.mouse.up();
    });
    await changes(() => page.keyboard.press('0'));
    await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
    await page.waitForSelector('aside h2');
    expect(errors).toEqual([]);
  });

  test.each([360, 1280])('fits %i pixels, in dark and in light', async (width) => {
    const { page, errors } = await openPage(browser, write('digits.html', await digits()));
    for (const value of ['dark', 'light'])
      for (const view of ['graph', 'passes', 'kernels', 'memory']) {
        await page.setViewport({ width, height: 720 });
        await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value }]);
        await press(page, view);
        await page.waitForSelector('main > div');
        const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
        expect(overflow, `${view}, ${value}`).toBeLessThanOrEqual(0);
      }
    expect(errors).toEqual([]);
  });

  test('draws a model of 5,000 nodes', async () => {
    const report = await digits();
    const nodes = Array.from({ length: 5000 }, (_, i) => ({
      op: i === 0 ? 'param' : 'add',
      inputs: i < 4 ? (i === 0 ? [] : [i - 1]) : [i - 1, i - 4],
      type: 'f32[64,64]',
    }));
    const graph = { id: 'g0', title: 'many', nodes, outputs: [{ name: 'y', value: 4999 }] };
    const { page, errors } = await openPage(browser, write('many.html', { ...report, graphs: [graph], kernels: [] })); // prettier-ignore
    await page.waitForSelector('canvas', { timeout: 20_000 });
    expect(await label(page)).toContain('5001 nodes');
    expect(errors).toEqual([]);
  });

  test('says what is wrong with a page that holds no report', async () => {
    const { page } = await openPage(browser, template.href);
    await page.waitForFunction(`document.body.textContent.includes('this page has no report')`);
  });
});
