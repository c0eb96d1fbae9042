/** Pages in the browser of the tests. */
import type { Browser, Page } from 'puppeteer-core';

export { openBrowser } from '../../scripts/browser.mjs';

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
