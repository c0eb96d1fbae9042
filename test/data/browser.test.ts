import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

test('heddle/data needs no Node and no package', async () => {
  const { metafile } = await build({
    absWorkingDir: fileURLToPath(new URL('../..', import.meta.url)),
    entryPoints: ['src/data/index.ts'],
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'browser',
    packages: 'external',
    logLevel: 'silent',
  });
  const files = Object.entries(metafile.inputs);
  for (const [file, { imports }] of files) {
    expect(file).toMatch(/^src\/(base|numerics|data)\//);
    expect(imports.filter(({ external }) => external)).toEqual([]);
  }
  expect(files.map(([file]) => file)).not.toContain('src/data/node.ts');
});
