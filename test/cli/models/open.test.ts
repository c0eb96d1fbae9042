/** Files that are not what their name says, and arguments that may be one thing or the other. */
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { openModel } from '../../../src/cli/models/open.js';
import { parseKernel, separated } from '../../../src/cli/terminal/options.js';
import { MODEL } from '../support.js';

const folder = mkdtempSync(join(tmpdir(), 'heddle-open-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('a file with the name of another kind', () => {
  const bundle = (path: string): void => {
    // A header of 2 bytes, and no more.
    writeFileSync(path, Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, ...new TextEncoder().encode('{}')));
  };
  test.each([
    ['a.heddle', (path: string) => copyFileSync(MODEL, path), /an ONNX model.*\.onnx$/],
    ['b.json', (path: string) => copyFileSync(MODEL, path), /an ONNX model.*\.onnx$/],
    ['c.onnx', (path: string) => writeFileSync(path, '{"input":[1]}'), /a network config.*\.json$/],
    ['d.onnx', bundle, /a bundle.*\.heddle$/],
  ])('is refused with what it looks like: %s', async (name, write, hint) => {
    const path = join(folder, name);
    write(path);
    await expect(openModel(path, {})).rejects.toMatchObject({
      code: 'FILE_FORMAT',
      where: path,
      hint: expect.stringMatching(hint) as string,
    });
  });

  test('or not, where it looks like nothing', async () => {
    const path = join(folder, 'e.onnx');
    writeFileSync(path, 'hello');
    await expect(openModel(path, {})).rejects.toMatchObject({ code: 'FILE_FORMAT', hint: undefined });
    await expect(openModel('', {})).rejects.toMatchObject({ where: '""', found: 'an empty name' });
  });
});

test('a config needs at least one example', async () => {
  const path = join(folder, 'net.json');
  writeFileSync(path, '{"input":[2],"layers":[{"type":"dense","output_size":2}]}');
  await expect(openModel(path, { dim: { batch: 0 } })).rejects.toMatchObject({
    code: 'USAGE',
    where: '--dim batch',
  });
});

test('--wgsl takes a kernel, and leaves a model alone', () => {
  const args = (text: string): string => separated(text.split(' '), (path) => path === 'model').join(' ');
  for (const model of ['model', 'm.onnx', 'm.heddle', 'net.json', './m', 'a/b'])
    expect(args(`inspect --wgsl ${model} --ir`)).toBe(`inspect --wgsl=all ${model} --ir`);
  for (const kernel of ['3', 'all', 'conv', 'reduceWindow'])
    expect(args(`inspect m.onnx --wgsl ${kernel}`)).toBe(`inspect m.onnx --wgsl ${kernel}`);
  expect(['3', 'all', 'conv'].map(parseKernel)).toEqual([3, true, 'conv']);
});
