/** The benchmark of the CPU engine starts both sides and finds their products alike. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const isHere = existsSync(at('bench/node_modules/onnxruntime-web')) && existsSync(at('dist/index.js'));

test.runIf(isHere)(
  'bench cpu --smoke',
  async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [at('bench/run.mjs'), 'cpu', '--smoke']);
    expect(stdout).toMatch(/matmul-512.*agree/);
  },
  120_000,
);
