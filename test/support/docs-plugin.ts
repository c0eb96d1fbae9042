/** Programs that stand in Markdown files, as modules: `docs:README.md#0` is the first block that imports something. */
import { readFileSync } from 'node:fs';
import type { Plugin } from 'vitest/config';

const PREFIX = 'docs:';

export interface DocumentedProgram {
  readonly language: 'js' | 'ts';
  readonly source: string;
  /** Of the first line in the document, from 1. */
  readonly line: number;
}

/** The blocks of a document that are whole programs; those that import nothing are fragments. */
export function documentedPrograms(path: string): DocumentedProgram[] {
  const text = readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
  return [...text.matchAll(/^```(js|ts)\n(.*?)^```$/gms)]
    .filter(([, , source]) => source.startsWith('import '))
    .map(({ 1: language, 2: source, index }) => ({
      language: language as 'js' | 'ts',
      source,
      line: text.slice(0, index).split('\n').length + 1,
    }));
}

export function docsPlugin(): Plugin {
  return {
    name: 'heddle-docs',
    resolveId: (id) => (id.startsWith(PREFIX) ? `${id}.ts` : undefined),
    load(id) {
      if (!id.startsWith(PREFIX)) return undefined;
      const [path, index] = id.slice(PREFIX.length).split('#');
      const program = documentedPrograms(path)[parseInt(index)];
      // A module, even if it exports nothing.
      return `${program.source}\nexport {};`;
    },
  };
}
