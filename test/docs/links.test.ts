/** Links between the documents lead somewhere, in the repository and in the package, where the README is read as well. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

/** What npm packs whatever `files` says. */
const ALWAYS = ['README.md', 'LICENSE', 'package.json'];

const { files } = JSON.parse(readFileSync('package.json', 'utf8')) as { files: readonly string[] };
const isPacked = (path: string): boolean =>
  [...files, ...ALWAYS].some((entry) => path === entry || path.startsWith(`${entry}/`));

const DOCUMENTS = [
  'README.md',
  ...readdirSync('docs')
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

test.each(DOCUMENTS)('the links of %s', (document) => {
  const links = [...readFileSync(document, 'utf8').matchAll(/\]\((?!https?:|#)([^)#]+)/g)];
  for (const [, link] of links) {
    const path = join(dirname(document), link);
    expect([link, existsSync(path), isPacked(path)]).toEqual([link, true, true]);
  }
});
