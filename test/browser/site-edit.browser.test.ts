/** The pages of the site on which something is edited: what becomes of it is seen beside it, and nothing is lost. */
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { join } from 'node:path';
import type { Browser, Page } from 'puppeteer-core';
import { describe, expect, test } from 'vitest';
import { jit, random, REFERENCE, type Tensor } from '../../src/index.js';
import { finished, openPage, press, text, whileOpen, type Site } from './support.js';

let site: Site;
let browser: Browser;

whileOpen((opened) => ({ site, browser } = opened));

/** Code for the page, about what is inside of the editor. */
const INSIDE = `document.querySelector('.editor')?.shadowRoot`;
const content = (page: Page): Promise<string> =>
  page.evaluate(`${INSIDE}.querySelector('.cm-content').innerText`) as Promise<string>;

async function selectAll(page: Page): Promise<void> {
  await page.waitForFunction(`${INSIDE}?.querySelector('.cm-line')`);
  await page.evaluate(`${INSIDE}.querySelector('.cm-content').focus()`);
  await page.keyboard.down('Control');
  await page.keyboard.press('a');
  await page.keyboard.up('Control');
}

/** Pastes `next` in place of all that stands in the editor. */
async function write(page: Page, next: string): Promise<void> {
  await selectAll(page);
  await page.evaluate(`(() => {
    const clipboardData = new DataTransfer();
    clipboardData.setData('text/plain', ${JSON.stringify(next)});
    ${INSIDE}.querySelector('.cm-content').dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
  })()`);
}

const PROGRAM = `import { random, type Tensor } from 'heddle';
export default function twice(x: Tensor) {
  return x.add(x);
}
export const inputs: Tensor[] = [random.normal(7, [3])];
`;

describe('a function that is edited', () => {
  test('has the bits of the reference, and its IR and WGSL beside it', async () => {
    const { page, errors } = await openPage(browser, `${site.url}#jit`);
    await finished(page, 'section[aria-label=Function]');
    expect(await text(page, 'section pre')).toMatch(/^graph "jit\(attend\)" \{/);
    expect((await page.$$('pre.code .token.keyword')).length).toBeGreaterThan(5);
    const attend = jit((q: Tensor, k: Tensor, v: Tensor) => q.matmul(k.transpose()).div(Math.sqrt(8)).softmax().matmul(v), { backend: REFERENCE }); // prettier-ignore
    const expected = await attend(random.normal(1, [4, 8]), random.normal(2, [6, 8]), random.normal(3, [6, 8])).data(); // prettier-ignore
    expect(await text(page, 'section code')).toBe(Array.from(expected.subarray(0, 10)).join(', '));

    await write(page, PROGRAM);
    await page.waitForFunction(
      `document.querySelector('section pre')?.textContent.startsWith('graph "jit(twice)"')`,
    );
    // The inspector has it, too.
    await page.locator('a::-p-text(Look inside)').click();
    const found = `document.querySelector('.inspector-frame')?.shadowRoot`;
    await page.waitForFunction(`${found}?.querySelector('h1')?.textContent === 'twice'`);
    await page.waitForFunction(`${found}?.querySelector('canvas')`);
    expect(errors).toEqual([]);
  });

  test.each([
    ['a type that ends nowhere', 'export default function f(x: Tensor { return x; }', 1, /SyntaxError/],
    ['what it throws', `const a = 1;\n\nthrow new Error('no');`, 3, /no/],
    [
      'shapes that do not fit',
      `import { zeros } from 'heddle';\nexport default (x, y) =>\n  x.matmul(y);\nexport const inputs = [zeros([2, 3]), zeros([2, 3])];`,
      3,
      /matmul/,
    ],
    ['another module', `import fs from 'node:fs';\nexport default () => fs;`, 1, /one module/],
  ])('has its mistakes at their lines: %s', async (_name, program, line, message) => {
    const { page, errors } = await openPage(browser, `${site.url}#jit`);
    await write(page, program);
    await page.waitForFunction(`${INSIDE}.querySelector('.mistake')`);
    expect(await text(page, '.error')).toMatch(message);
    const lines = `[...${INSIDE}.querySelectorAll('.cm-line')]`;
    expect(
      await page.evaluate(`${lines}.findIndex(({ classList }) => classList.contains('mistake')) + 1`),
    ).toBe(line);
    // The text is there as it was written, and is again when the page is loaded again.
    await page.reload();
    await page.waitForFunction(`${INSIDE}?.querySelector('.mistake')`);
    expect((await content(page)).replaceAll(/\n+/g, '\n')).toBe(program.replaceAll(/\n+/g, '\n'));
    await press(page, 'loop');
    await page.waitForFunction(`document.querySelector('section pre')?.textContent.includes('jit(roots)')`);
    await page.waitForFunction(`!document.querySelector('.error')`);
    expect(errors).toEqual([]);
  });

  test('that came with a link is shown, and runs when somebody says so', async () => {
    const { page, errors } = await openPage(browser, `${site.url}#jit`);
    await write(page, PROGRAM);
    await page.waitForFunction(
      `document.querySelector('section pre')?.textContent.startsWith('graph "jit(twice)"')`,
    );
    const link = (await page.evaluate(`document.querySelector('a[href*="text="]').href`)) as string;
    await page.evaluate('localStorage.clear()');
    const other = await openPage(browser, link);
    await other.page.waitForFunction(`${INSIDE}?.querySelector('.cm-content').innerText.includes('twice')`);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(await other.page.$('section[aria-label=Function]')).toBeNull();
    // A key is no consent, now or when the page is loaded again; what was typed is kept.
    await write(other.page, PROGRAM.replaceAll('twice', 'double'));
    await other.page.waitForFunction(`!location.hash.includes('text=')`);
    await other.page.reload();
    await other.page.waitForFunction(`${INSIDE}?.querySelector('.cm-content').innerText.includes('double')`);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(await other.page.$('section[aria-label=Function]')).toBeNull();
    await press(other.page, 'Run it');
    await finished(other.page, 'section[aria-label=Function]');
    expect(await text(other.page, 'section pre')).toContain('jit(double)');
    expect([...errors, ...other.errors]).toEqual([]);
  });

  test('links to itself without a question, and is kept when it is edited after that', async () => {
    const { page, errors } = await openPage(browser, `${site.url}#jit`);
    await write(page, PROGRAM);
    await page.waitForFunction(
      `document.querySelector('section pre')?.textContent.startsWith('graph "jit(twice)"')`,
    );
    await page.locator('a::-p-text(Link with this program)').click();
    await page.waitForFunction(`location.hash.includes('text=')`);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await page.$('p.note button')).toBeNull();
    await write(page, PROGRAM.replaceAll('twice', 'double'));
    await page.waitForFunction(`location.hash === '#jit'`);
    await page.reload();
    await page.waitForFunction(`document.querySelector('section pre')?.textContent.includes('jit(double)')`);
    expect(await page.$('p.note button')).toBeNull();
    expect(errors).toEqual([]);
  });

  test('says that a link is broken', async () => {
    const { page } = await openPage(browser, `${site.url}#jit?text=AAAA`);
    await page.waitForSelector('main > p.error');
    expect(await text(page, 'main > p.error')).toMatch(/link is broken/);
    expect(await page.$('p.note button')).toBeNull();
  });
});

describe('a config that is edited', () => {
  test('is followed, and what is wrong with it is said', async () => {
    const { page, errors } = await openPage(browser, `${site.url}#config`);
    await finished(page, 'section[aria-label=Network]');
    expect(await text(page, 'section pre')).toMatch(/^graph "network" \{/);
    const before = await text(page, 'section code');
    const config = await content(page);
    await write(page, config.replace('"seed": 1', '"seed": 2'));
    await page.waitForFunction(`(document.querySelector('section code')?.textContent ?? ${JSON.stringify(before)}) !== ${JSON.stringify(before)}`); // prettier-ignore
    await write(page, config.replace('"softmax"', '"softmix"'));
    await page.waitForSelector('.error');
    expect(await text(page, '.error')).toMatch(/^CONFIG_INVALID[^]*layers/);
    expect(errors).toEqual([]);
  });
});

test('the whole site is at most 600 KiB, each file compressed', () => {
  const files = readdirSync(site.folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const sizes = files.map(
    ({ parentPath, name }) => gzipSync(readFileSync(join(parentPath, name)), { level: 9 }).length,
  );
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(600 << 10);
});

test.each(['config', 'jit'])(
  'what is typed over all of a text is there whole, and keeps to the policy: %s',
  async (name) => {
    const { page, errors } = await openPage(browser, `${site.url}#${name}`);
    await selectAll(page);
    await page.keyboard.type('over');
    expect((await content(page)).trim()).toBe('over');
    expect(errors).toEqual([]);
    await page.close();
  },
);
