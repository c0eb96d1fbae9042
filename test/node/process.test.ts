/** The software GPU from npm in processes that were started without any preparation. */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { softwareGpuEnvironment } from '../../src/node/index.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Opens the device in its argument, in the main thread or in a worker; prints its name or the error, and the environment. */
const PROGRAM = `
import { isMainThread, SHARE_ENV, Worker } from 'node:worker_threads';
import { fileURLToPath } from 'node:url';
import { openNodeDevice } from './src/node/index.js';
const [device, where] = process.argv.slice(2);
if (isMainThread && where !== undefined) {
  const options = where === 'shared' ? { env: SHARE_ENV } : {};
  new Worker(fileURLToPath(import.meta.url), { argv: [device], ...options });
} else {
  const before = JSON.stringify(process.env);
  const opened = await openNodeDevice(device).then(
    ({ adapter, gpu }) => (gpu.destroy(), { name: adapter.name }),
    ({ code, found, hint }) => ({ code, found, hint }),
  );
  console.log(JSON.stringify({ ...opened, unchanged: before === JSON.stringify(process.env) }));
  process.exit(0);
}
`;

interface Answer {
  readonly name?: string;
  readonly code?: string;
  readonly found?: string;
  readonly hint?: string;
  readonly unchanged: boolean;
  readonly stderr: string;
}

const folder = mkdtempSync(join(root, 'node_modules', 'process-'));
const script = join(folder, 'program.mjs');
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(async () => {
  await build({
    stdin: { contents: PROGRAM, resolveDir: root, loader: 'ts' },
    bundle: true,
    outfile: script,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    logLevel: 'error',
  });
});

const BARE = { VK_ICD_FILENAMES: undefined, VK_DRIVER_FILES: undefined, LD_LIBRARY_PATH: undefined };

async function open(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
  program = script,
): Promise<Answer> {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [program, ...args], {
    env: { ...process.env, ...BARE, ...env },
  });
  return { ...(JSON.parse(stdout) as Answer), stderr };
}

const opened = {
  name: expect.stringContaining('SwiftShader') as string,
  unchanged: true,
  stderr: expect.any(String) as string,
};

describe('webgpu:swiftshader opens', () => {
  test('in a process that knows nothing of it, and leaves its environment alone', async () => {
    // Quietly: Dawn, which writes warnings about lavapipe, does not see it.
    expect(await open(['webgpu:swiftshader'])).toEqual({ ...opened, stderr: '' });
  });

  test('where the system has no Vulkan loader', async () => {
    // A file that is no library stands before the system's.
    const broken = join(folder, 'broken');
    mkdirSync(broken);
    writeFileSync(join(broken, 'libvulkan.so.1'), '');
    expect(await open(['webgpu:swiftshader'], { LD_LIBRARY_PATH: broken })).toEqual(opened);
  });

  test('beside the drivers that the user has chosen, also where these are none', async () => {
    for (const name of ['VK_DRIVER_FILES', 'VK_ICD_FILENAMES']) {
      expect(await open(['webgpu:swiftshader'], { [name]: '/nowhere.json' })).toEqual(opened);
      expect(await open(['webgpu'], { [name]: '/nowhere.json' })).toMatchObject({
        name: expect.stringMatching(/SwiftShader|llvmpipe/) as string,
      });
    }
  });

  test('in a worker that shares the environment; one that does not says what helps', async () => {
    expect(await open(['webgpu:swiftshader', 'shared'])).toEqual(opened);
    expect(await open(['webgpu:swiftshader', 'worker'])).toMatchObject({
      code: 'DEVICE_NOT_FOUND',
      hint: expect.stringMatching(/SHARE_ENV.*softwareGpuEnvironment/) as string,
    });
    expect(await open(['webgpu:swiftshader', 'worker'], softwareGpuEnvironment())).toEqual(opened);
  });
});

describe('where there is no such adapter', () => {
  test('those that there are are listed, SwiftShader among them', async () => {
    const { code, found, hint } = await open(['webgpu:nonsense']);
    expect(code).toBe('DEVICE_NOT_FOUND');
    expect(found).toContain('SwiftShader');
    expect(hint).toContain('webgpu:swiftshader');
  });

  test('and SwiftShader is not installed, it is said how to install it', async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'heddle-bare-'));
    try {
      mkdirSync(join(elsewhere, 'node_modules'));
      for (const name of ['webgpu', 'nanotar'])
        symlinkSync(realpathSync(join(root, 'node_modules', name)), join(elsewhere, 'node_modules', name));
      const program = join(elsewhere, 'program.mjs');
      cpSync(script, program);
      const answer = await open(['webgpu:swiftshader'], { VK_DRIVER_FILES: '/nowhere.json' }, program);
      expect(answer).toMatchObject({
        code: 'DEVICE_NOT_FOUND',
        hint: expect.stringContaining('npm install @sparticuz/chromium') as string,
      });
    } finally {
      rmSync(elsewhere, { recursive: true });
    }
  });
});
