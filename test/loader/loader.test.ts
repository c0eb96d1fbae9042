import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

/** What a page that loads a bundle has to download, at most. */
const MAX_GZIP_BYTES = 20 * 1024;

test('heddle/runtime is small, and stands without the compiler', async () => {
  const { metafile, outputFiles } = await build({
    absWorkingDir: fileURLToPath(new URL('../..', import.meta.url)),
    entryPoints: ['src/loader/index.ts'],
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'neutral',
    packages: 'external',
    logLevel: 'error',
  });
  const modules = Object.keys(metafile.inputs);
  expect(modules).toContain('src/loader/load.ts');
  expect(
    modules.filter(
      (path) =>
        !/^src\/(loader|runtime|device\/probe|plan|numerics|base)\/|^src\/device\/open\.ts$/.test(path),
    ),
  ).toEqual([]);
  const imports = Object.values(metafile.inputs).flatMap((module) => module.imports);
  expect(imports.filter(({ external }) => external === true)).toEqual([]);
  expect(gzipSync(outputFiles[0].contents, { level: 9 }).length).toBeLessThanOrEqual(MAX_GZIP_BYTES);
});
