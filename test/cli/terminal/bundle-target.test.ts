import { expect, test } from 'vitest';
import { parseBundleTarget } from '../../../src/cli/terminal/options.js';

test.each([
  ['webgpu', { webgpu: 'gpu', wasm: false }],
  ['gpu', { webgpu: 'gpu', wasm: false }],
  ['software', { webgpu: 'software', wasm: false }],
  ['webgpu,wasm', { webgpu: 'gpu', wasm: true }],
  ['auto,wasm', { webgpu: 'auto', wasm: true }],
])('--target %s', (text, expected) => {
  expect(parseBundleTarget(text)).toEqual(expected);
});

test.each(['', 'wasm', 'wasm,webgpu', 'webgpu,', 'webgpu,wasm,wasm', 'webgpu, wasm', 'cuda'])(
  '--target %j is none',
  (text) => {
    expect(() => parseBundleTarget(text)).toThrow(
      /It is webgpu, gpu, software, auto, or one of them with wasm/,
    );
  },
);
