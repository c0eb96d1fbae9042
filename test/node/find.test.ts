import { expect, test } from 'vitest';
import { notFound } from '../../src/node/find.js';

const llvmpipe = { name: 'llvmpipe (LLVM 15.0.6, 256 bits)', backend: 'vulkan', software: true };
const swiftshader = { name: 'SwiftShader Device (Subzero)', backend: 'vulkan', software: true };

test('an adapter that is not there: the names of those that are', () => {
  expect(notFound('webgpu:nvidia', [llvmpipe]).hint).toBe(
    'any part of one of these names will do: webgpu:llvmpipe',
  );
  expect(notFound('webgpu:nvidia', [llvmpipe, swiftshader]).hint).toContain('webgpu:swiftshader');
});

test('where SwiftShader is asked for, or there is none at all, it is said why it is missing', () => {
  for (const [device, adapters] of [
    ['webgpu:swiftshader', [llvmpipe]],
    ['webgpu', []],
  ] as const)
    expect(notFound(device, adapters).hint).toMatch(/SwiftShader|software GPU/);
});
