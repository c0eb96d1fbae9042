import type { Browser } from 'puppeteer-core';

/** Starts a browser. Rejects where none can be started. */
export function openBrowser(): Promise<Browser>;
