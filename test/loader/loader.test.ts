import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';

/** What a page that loads a bundle has to download, at most. */
const ENTRIES = [
  {
    name: 'heddle/runtime',
    entry: 'src/loader/index.ts',
    maxGzipBytes: 64 * 256,
    holds: 'src/loader/load.ts',
    folders: /^src\/(loader|runtime|device\/probe|plan|numerics|base)\/|^src\/device\/open\.ts$/,
  },
  {
    name: 'heddle/runtime/dynamic',
    entry: 'src/loader/dynamic.ts',
    maxGzipBytes: 19 * 1024,
    holds: 'src/loader/load-sizes.ts',
    folders: /^src\/(loader|runtime|device\/probe|plan|numerics|base)\/|^src\/device\/open\.ts$/,
  },
  {
    name: 'heddle/runtime/wasm',
    entry: 'src/loader/wasm.ts',
    maxGzipBytes: 15 * 1024,
    holds: 'src/loader/load-wasm.ts',
    folders: /^src\/(loader|runtime\/wasm|plan|numerics|base)\/|^src\/runtime\/(words|half)\.ts$/,
  },
];

describe.each(ENTRIES)('$name', ({ entry, maxGzipBytes, holds, folders }) => {
  test('is small, and stands without the compiler', async () => {
    const { metafile, outputFiles } = await build({
      absWorkingDir: fileURLToPath(new URL('../..', import.meta.url)),
      entryPoints: [entry],
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
    expect(modules).toContain(holds);
    expect(modules.filter((path) => !folders.test(path))).toEqual([]);
    const imports = Object.values(metafile.inputs).flatMap((module) => module.imports);
    expect(imports.filter(({ external }) => external === true)).toEqual([]);
    expect(gzipSync(outputFiles[0].contents, { level: 9 }).length).toBeLessThanOrEqual(maxGzipBytes);
  });
});
