import type { Browser } from 'puppeteer-core';

/** Starts a browser. Rejects where none can be started. */
export function openBrowser(): Promise<Browser>;
/** The path of Firefox; undefined where there is none. */
export function findFirefox(): string | undefined;
/** Starts it. Rejects where it cannot be started. */
export function openFirefox(executablePath: string): Promise<Browser>;
