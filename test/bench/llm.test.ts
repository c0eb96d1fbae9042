/** The benchmark of language models starts its sides, which choose the same tokens. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const isHere = existsSync(at('bench/node_modules/cli-table3')) && existsSync(at('dist/index.js'));

test.runIf(isHere)(
  'bench llm --smoke',
  async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [at('bench/run.mjs'), 'llm', '--smoke']);
    expect(stdout).toMatch(/heddle, WebAssembly .*the first 3 of 3/);
    expect(stdout).toMatch(/heddle, WebGPU .*the first 3 of 3/);
    expect(stdout).toMatch(/dispatches a layer/);
  },
  300_000,
);
