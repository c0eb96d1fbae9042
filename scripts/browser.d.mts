import type { Browser, Page } from 'puppeteer-core';

/** Starts a browser. Rejects where none can be started. */
export function openBrowser(): Promise<Browser>;
/**
 * Watches the thread of a page from now on. What it resolves to ends that, and gives the processor time, in ms, of each task that took
 * more than 50 ms of it.
 */
export function watchTasks(page: Page): Promise<() => Promise<readonly number[]>>;
/** The path of Firefox; undefined where there is none. */
export function findFirefox(): string | undefined;
/** Starts it. Rejects where it cannot be started. */
export function openFirefox(executablePath: string): Promise<Browser>;
