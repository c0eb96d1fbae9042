// Chromium for the tests of pages: the one that CHROMIUM names, or the system's, or that of the npm package `@sparticuz/chromium`
// (x64 Linux); and Firefox for some, where there is one. By itself it says whether there is one that starts: `node scripts/browser.mjs`.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import chromium from '@sparticuz/chromium';
import puppeteer from 'puppeteer-core';

const SYSTEM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

// WebGPU on the CPU, for a process that may be root in a container.
const FLAGS = ['--no-sandbox', '--disable-dev-shm-usage', '--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader']; // prettier-ignore

export async function openBrowser() {
  const executablePath =
    process.env.CHROMIUM ?? SYSTEM.find((path) => existsSync(path)) ?? (await chromium.executablePath());
  return puppeteer.launch({ executablePath, headless: 'shell', args: FLAGS });
}

const TIMELINE = 'disabled-by-default-devtools.timeline';

/**
 * Watches the thread of a page from now on. What it returns gives the processor time of each task that took more than 50 ms of it, in ms.
 * By Chromium's trace, since its long tasks leave out what goes on in the continuation of a promise of the browser's own (`await fetch()`).
 */
export async function watchTasks(page) {
  await page.tracing.start({ categories: ['-*', TIMELINE] });
  return async () => {
    const { traceEvents } = JSON.parse(Buffer.from(await page.tracing.stop()).toString());
    const threads = new Set(traceEvents.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain').map(({ pid, tid }) => `${pid}:${tid}`)); // prettier-ignore
    return traceEvents
      .filter(({ name, pid, tid }) => name.endsWith('RunTask') && threads.has(`${pid}:${tid}`))
      .flatMap(({ tdur }) => (tdur > 50_000 ? [Math.round(tdur / 1000)] : []));
  };
}

const FIREFOXES = ['/usr/bin/firefox-esr', '/usr/bin/firefox'];

/** Where Firefox is: what FIREFOX names, or the system's; undefined where there is none. */
export const findFirefox = () => process.env.FIREFOX ?? FIREFOXES.find((path) => existsSync(path));

/** Firefox, driven by WebDriver BiDi. */
export const openFirefox = (executablePath) =>
  puppeteer.launch({ browser: 'firefox', executablePath, headless: true });

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const browser = await openBrowser();
    console.log(`the browser is ${await browser.version()}`);
    await browser.close();
  } catch (error) {
    console.log(`no browser starts here: ${String(error).split('\n')[0]}`);
    process.exitCode = 1;
  }
}
