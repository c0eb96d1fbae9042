import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A program that says which environment it lacks, or else opens SwiftShader. */
const PROGRAM = `
import { needsRestart, openNodeDevice } from './src/node/index.js';
const env = await needsRestart('webgpu:swiftshader');
const device = env === undefined ? await openNodeDevice('webgpu:swiftshader') : undefined;
console.log(JSON.stringify(env ?? { opened: device?.name }));
process.exit(0);
`;

test('a process that was started plainly learns what to start itself again with', async () => {
  const folder = await mkdtemp(join(root, 'node_modules', 'restart-'));
  try {
    const { outputFiles } = await build({
      stdin: { contents: PROGRAM, resolveDir: root, loader: 'ts' },
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'node',
      packages: 'external',
    });
    const script = join(folder, 'program.mjs');
    await writeFile(script, outputFiles[0].contents);
    const run = async (env: Readonly<Record<string, string>>): Promise<Record<string, string>> => {
      const { stdout } = await promisify(execFile)(process.execPath, [script], {
        env: { ...process.env, ...env },
      });
      return JSON.parse(stdout) as Record<string, string>;
    };
    const nowhere = { VK_ICD_FILENAMES: '/nowhere.json', VK_DRIVER_FILES: '/nowhere.json' };
    const lacking = await run(nowhere);
    expect(Object.keys(lacking).sort()).toEqual(['LD_LIBRARY_PATH', 'VK_DRIVER_FILES', 'VK_ICD_FILENAMES']);
    expect((await run(lacking)).opened).toMatch(/SwiftShader/);
  } finally {
    await rm(folder, { recursive: true });
  }
});
