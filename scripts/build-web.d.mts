/** Writes FOLDER/inspector/index.html, and gives its text. */
export function buildInspector(folder: string): Promise<string>;
