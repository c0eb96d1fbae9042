/** Writes FOLDER/inspector/index.html, and gives its text. */
export function buildInspector(folder: string): Promise<string>;

/** Writes FOLDER/inspector/worker.js, from the entry of the package's or from another. */
export function buildWorker(folder: string, entry?: string): Promise<void>;
