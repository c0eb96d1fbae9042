/** The benchmark of pages starts its browser, and both sides find the same. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const isHere = existsSync(at('bench/node_modules/onnxruntime-web')) && existsSync(at('dist/index.js'));

test.runIf(isHere)(
  'bench page --smoke',
  async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [at('bench/run.mjs'), 'page', '--smoke']);
    expect(stdout).toMatch(/heddle, bundle, WebAssembly +│ worker .*agree/);
    expect(stdout).toMatch(/50 training steps.*│ worker +│ +[\d.]+ m?s/);
    expect(stdout).toMatch(/long tasks: 0, reached/);
  },
  120_000,
);
