/** Pages in the browser of the tests, and the site. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'puppeteer-core';
import { afterAll, beforeAll, expect } from 'vitest';
import { buildSite, serveSite } from '../../scripts/site.mjs';

import { openBrowser } from '../../scripts/browser.mjs';

export { openBrowser };

/** A page that keeps what goes wrong in it. */
export async function openPage(
  browser: Browser,
  url: string,
): Promise<{ readonly page: Page; readonly errors: readonly string[] }> {
  const page = await browser.newPage();
  const errors: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('requestfailed', (request) => errors.push(`failed: ${request.url()}`));
  await page.goto(url);
  return { page, errors };
}

/** The site, built and served. */
export interface Site {
  readonly url: string;
  /** Where its files are. */
  readonly folder: string;
  close(): Promise<void>;
}

export async function openSite(): Promise<Site> {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-site-'));
  await buildSite(folder);
  const server = await serveSite(folder, 0);
  return {
    url: server.resolvedUrls!.local[0],
    folder,
    close: async () => {
      await server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface Opened {
  readonly site: Site;
  readonly browser: Browser;
}

/** The site and a browser, which `take` is given before the tests of a file; both are closed after them. */
export function whileOpen(take: (opened: Opened) => void): void {
  const open: { close(): Promise<void> }[] = [];
  beforeAll(async () => {
    const site = await openSite();
    open.unshift(site);
    const browser = await openBrowser();
    open.unshift(browser);
    take({ site, browser });
  }, 120_000);
  afterAll(async () => {
    for (const each of open) await each.close();
  });
}

export const press = (page: Page, words: string): Promise<void> =>
  page.locator(`button::-p-text(${words})`).click();

export const text = async (page: Page, selector: string): Promise<string> =>
  (await page.evaluate(`document.querySelector(${JSON.stringify(selector)}).textContent`)) as string;

export async function upload(page: Page, file: string): Promise<void> {
  const input = (await page.$('input[type=file]'))! as unknown as {
    uploadFile(path: string): Promise<void>;
  };
  await input.uploadFile(file);
}

/** Waits for what the work ends in; an error is one. */
export async function finished(page: Page, selector: string): Promise<void> {
  await page.waitForSelector(`${selector}, [role=status] .error`, { timeout: 100_000 });
  expect(await page.$('[role=status] .error').then((found) => found && text(page, '.error'))).toBeNull();
}
