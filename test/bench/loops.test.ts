/** The benchmark of loops starts its sides and finds their outputs alike. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const isHere = existsSync(at('bench/node_modules/@jax-js/jax')) && existsSync(at('dist/index.js'));

test.runIf(isHere)(
  'bench loops --smoke',
  async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [at('bench/run.mjs'), 'loops', '--smoke']);
    for (const peer of [
      'onnxruntime-web, WebGPU',
      '@jax-js/jax, all steps in one jit',
      'onnxruntime-web, WebAssembly',
    ])
      expect(stdout).toMatch(new RegExp(`${peer}.*agree`));
    expect(stdout).toMatch(/heddle, WebAssembly.*the same bits/);
    expect(stdout).toMatch(/memory of the gradient/);
  },
  300_000,
);
