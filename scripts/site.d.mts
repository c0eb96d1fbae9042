import type { PreviewServer } from 'vite';

/** Builds the site into `folder`. */
export function buildSite(folder?: string): Promise<unknown>;
/** Serves what was built. `port` 0 is any that is free. */
export function serveSite(folder?: string, port?: number): Promise<PreviewServer>;
