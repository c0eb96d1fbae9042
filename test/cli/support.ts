/** The command line as users meet it: a process with arguments, two streams and an exit code. */
import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

export const MODEL = join(root, 'models/digits.onnx');
export const DATA = join(root, 'models/digits-data');
export const DEVICE = ['--device', 'webgpu:swiftshader'] as const;

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Variables that are added to the environment, or with undefined taken from it. */
export type Env = Readonly<Record<string, string | undefined>>;

export interface CommandLine {
  /** A folder of its own. */
  readonly folder: string;
  /** The program. */
  readonly main: string;
  path(name: string): string;
  run(args: readonly string[], env?: Env): Promise<Finished>;
  /** Runs with --json; the object on stdout, which must be all that is there. */
  json(args: readonly string[], env?: Env): Promise<Finished & { readonly result: Record<string, unknown> }>;
}

/**
 * Bundles the sources into something laid out as the package is, for all tests of a file: dist/ may be stale or missing.
 * It lies inside of the repository so that packages are found.
 */
export function commandLine(): CommandLine {
  const home = join(root, 'node_modules/.cache/heddle', `cli-${process.pid}`);
  const main = join(home, 'dist/cli/main.js');
  const folder = mkdtempSync(join(tmpdir(), 'heddle-cli-'));
  beforeAll(async () => {
    mkdirSync(home, { recursive: true });
    copyFileSync(join(root, 'package.json'), join(home, 'package.json'));
    await build({
      absWorkingDir: root,
      entryPoints: ['src/cli/main.ts'],
      outdir: join(home, 'dist/cli'),
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'node',
      packages: 'external',
      logLevel: 'error',
    });
  });
  afterAll(() => {
    for (const path of [home, folder]) rmSync(path, { recursive: true, force: true });
  });

  const run = (args: readonly string[], env: Env = {}): Promise<Finished> => {
    const child = spawn(process.execPath, [main, ...args], {
      env: { ...process.env, NO_COLOR: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => resolve({ code, stdout, stderr }));
    });
  };
  return {
    folder,
    main,
    path: (name) => join(folder, name),
    run,
    json: async (args, env) => {
      const finished = await run([...args, '--json'], env);
      return { ...finished, result: JSON.parse(finished.stdout) as Record<string, unknown> };
    },
  };
}
