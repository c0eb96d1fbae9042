/** Every program in the documents runs, and prints what it says behind `// prints`. */
import { readFileSync } from 'node:fs';
import { format } from 'node:util';
import { transformSync } from 'esbuild';
import { afterEach, expect, test, vi } from 'vitest';
import { create, globals } from 'webgpu';
import { prepare, toBundle } from '../../src/compile.js';
import { importOnnx } from '../../src/frontends/onnx/index.js';
import { documentedPrograms } from '../support/docs-plugin.js';

/** The object has to stay referenced as long as devices of it live. */
const gpu = create([]);

/** What the programs find in their surroundings: a browser's, for those that are for browsers. */
async function surroundings(): Promise<void> {
  const bundle = await toBundle(prepare(importOnnx(readFileSync('models/digits.onnx'))));
  vi.stubGlobal('navigator', { gpu });
  for (const [name, value] of Object.entries(globals)) vi.stubGlobal(name, value);
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(Buffer.from(bundle))));
}

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const CASES = ['README.md', 'docs/training.md', 'docs/config.md', 'docs/ort.md', 'docs/surgery.md'].flatMap(
  (path) => documentedPrograms(path).map(({ line, source }, index) => ({ path, index, line, source })),
);

test('there are programs in the documents', () => {
  expect(CASES.filter(({ path }) => path === 'README.md').length).toBeGreaterThanOrEqual(5);
});

test.each(CASES.filter(({ path }) => path === 'README.md'))('$path:$line is JavaScript', ({ source }) => {
  expect(() => transformSync(source, { loader: 'js' })).not.toThrow();
});

test.each(CASES)(
  '$path:$line',
  async ({ path, index, source }) => {
    await surroundings();
    const printed: string[] = [];
    vi.spyOn(console, 'log').mockImplementation((...values: unknown[]) => {
      printed.push(format(...values));
    });
    await import(/* @vite-ignore */ `docs:${path}#${index}`);
    const promised = new Set([...source.matchAll(/; \/\/ prints (.*)$/gm)].map(([, text]) => text));
    if (promised.size > 0) expect(new Set(printed)).toEqual(promised);
  },
  240_000,
);
