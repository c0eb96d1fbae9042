/** Which file of a folder is for which input. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { encodeTensor, tensor } from '../../../scripts/onnx-proto.mjs';
import { openWithData } from '../../../src/cli/models/open.js';
import { readInputs, readPorts } from '../../../src/cli/files/data-folder.js';
import { writeNpy } from '../../../src/data/npy.js';

const home = mkdtempSync(join(tmpdir(), 'heddle-folder-'));
afterAll(() => rmSync(home, { recursive: true }));

/** A folder whose files hold a number each: ONNX tensors with the name before the colon, or arrays. */
function folder(files: Readonly<Record<string, string | number>>): string {
  const path = mkdtempSync(join(home, 'f-'));
  for (const [file, content] of Object.entries(files)) {
    const [name, value] = typeof content === 'number' ? ['', content] : content.split(':');
    const bytes = file.endsWith('.pb')
      ? encodeTensor(tensor(name, 'float', [1], [Number(value)]))
      : writeNpy({ dtype: 'f32', shape: [1], data: Float32Array.of(Number(value)) });
    writeFileSync(join(path, file), bytes);
  }
  return path;
}

/** The number that each input gets, and how many notes there are. */
function read(
  files: Readonly<Record<string, string | number>>,
  ...names: string[]
): readonly [object, number] {
  const found = readInputs(folder(files), names);
  const values = [...found.files].map(
    ([
      name,
      {
        tensor: { data },
      },
    ]) => [name, data[0]] as const,
  );
  return [Object.fromEntries(values), found.notes.length];
}

test('ONNX tensors are for the inputs whose names they have, with a note where the position is another', () => {
  expect(read({ 'input_0.pb': 'a:1', 'input_1.pb': 'b:2' }, 'a', 'b')).toEqual([{ a: 1, b: 2 }, 0]);
  expect(read({ 'input_0.pb': 'b:2', 'input_1.pb': 'a:1' }, 'a', 'b')).toEqual([{ a: 1, b: 2 }, 2]);
  expect(read({ 'input_0.pb': ':1', 'input_1.pb': ':2' }, 'a', 'b')).toEqual([{ a: 1, b: 2 }, 0]);
  expect(read({ 'input_0.pb': 'c:3', 'input_1.pb': 'a:1', 'input_2.pb': 'b:2' }, 'a', 'b', 'c')).toEqual([
    { a: 1, b: 2, c: 3 },
    3,
  ]);
  expect(read({ 'input_0.pb': ':1', 'input_1.pb': ':2' }, 'a')).toEqual([{ a: 1 }, 1]);
  // Names that no input has, or that two files have, say nothing.
  expect(read({ 'input_0.pb': 'x:1', 'input_1.pb': 'b:2' }, 'a', 'b')).toEqual([{ a: 1, b: 2 }, 1]);
  expect(read({ 'input_0.pb': 'b:1', 'input_1.pb': 'b:2' }, 'a', 'b')).toEqual([{ a: 1, b: 2 }, 1]);
  // More digits than that: by number, not by text.
  const many = Array.from({ length: 12 }, (_, i) => [`input_${i}.pb`, i] as const);
  expect(read(Object.fromEntries(many), ...many.map(([, i]) => `v${i}`))[0]).toMatchObject({
    v2: 2,
    v10: 10,
  });
});

test('a position that another input took by name is not a position', () => {
  expect(() => read({ 'input_0.pb': 'b:2' }, 'a', 'b')).toThrow(/INPUT_MISSING[^]*"a"/);
});

test('arrays are for the inputs whose names their files have, else by position', () => {
  expect(read({ 'input_0.npy': 1, 'b.npy': 2 }, 'a', 'b')).toEqual([{ a: 1, b: 2 }, 0]);
  // Names that look like positions: of Keras, and of nobody.
  expect(read({ 'input_1.npy': 1, 'input_2.npy': 2 }, 'input_1', 'input_2')).toEqual([
    { input_1: 1, input_2: 2 },
    2,
  ]);
  expect(read({ 'input_0.npy': 1, 'input_1.npy': 2 }, 'input_1', 'input_0')).toEqual([
    { input_1: 2, input_0: 1 },
    2,
  ]);
  expect(() => read({ 'input_1.npy': 1 }, 'input_1', 'y')).toThrow(/INPUT_MISSING[^]*"y"/);
});

test('both forms of encoded names are read, the new one first', () => {
  expect(read({ 'a_b.npy': 1 }, 'a/b')).toEqual([{ 'a/b': 1 }, 0]);
  expect(read({ 'a%2Fb.npy': 1, 'a_b.npy': 2 }, 'a/b')).toEqual([{ 'a/b': 1 }, 0]);
  const all = { 'a%2Fb.npy': 1, 'a%3Ab.npy': 2, 'a_b.npy': 3 };
  expect(read(all, 'a/b', 'a:b', 'a_b')).toEqual([{ 'a/b': 1, 'a:b': 2, a_b: 3 }, 0]);
  expect(read({ '%E9%87%8D.npy': 1, '%E5%87%BA.npy': 2 }, '重', '出')).toEqual([{ 重: 1, 出: 2 }, 0]);
  expect(read({ '%59.npy': 1, 'y.npy': 2 }, 'Y', 'y')).toEqual([{ Y: 1, y: 2 }, 0]);
});

test.each<[string, Readonly<Record<string, number>>, readonly string[]]>([
  ['one of two', { 'a_b.npy': 1 }, ['a/b', 'a:b']],
  ['one of two, one of which it names', { 'a_b.npy': 1 }, ['a/b', 'a_b']],
  ['names without Latin letters', { '_.npy': 1 }, ['重', '出']],
])('a file that may be for several is an error: %s', (_, files, names) => {
  const path = folder(files);
  for (const kind of ['input', 'output'] as const)
    expect(() => readPorts(path, kind, names)).toThrow(/NAME_COLLISION[^]*several/);
});

test('a file of an input is not an output', () => {
  const path = folder({ 'x_0.npy': 1 });
  expect(readPorts(path, 'input', ['x:0']).files.size).toBe(1);
  expect(readPorts(path, 'output', ['x/0']).files.size).toBe(1);
  for (const input of ['x:0', 'x_0']) expect(readPorts(path, 'output', ['x/0'], [input]).files.size).toBe(0);
});

test('where all but one have files of their own, the rest is clear', () => {
  expect(read({ 'a_b.npy': 1, 'a%3Ab.npy': 2 }, 'a/b', 'a:b')).toEqual([{ 'a/b': 1, 'a:b': 2 }, 0]);
});

test('what is missing is said with what is there', () => {
  expect(() => read({ 'x.npy': 1, 'output_0.pb': 'y:1' }, 'input')).toThrow(
    /found: +output_0\.pb, x\.npy\n[^]*input\.npy/,
  );
  expect(() => read({}, 'input')).toThrow(/found: +no \.npy or \.pb files/);
});

describe('data that does not fit a config', () => {
  const ints = (descr: string, shape: readonly number[], bytes: number): Uint8Array => {
    const header =
      `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.join(', ')}), }\n`.padStart(118);
    const size = shape.reduce((product, extent) => product * extent, bytes);
    return Uint8Array.of(
      0x93,
      ...Buffer.from('NUMPY'),
      1,
      0,
      118,
      0,
      ...Buffer.from(header),
      ...new Uint8Array(size),
    );
  };
  const opened = (array: Uint8Array, dim?: Record<string, number>): Promise<unknown> => {
    const path = folder({});
    const net = join(path, 'net.json');
    writeFileSync(net, JSON.stringify({ input: [3], layers: [{ type: 'dense', output_size: 2 }] }));
    writeFileSync(join(path, 'input.npy'), array);
    return openWithData(net, { kind: 'folder', path }, dim === undefined ? {} : { dim });
  };

  test('is said with the dtype of the file, and the shape first', async () => {
    await expect(opened(ints('<i8', [2, 3], 8))).rejects.toMatchObject({
      code: 'INPUT_DTYPE',
      where: expect.stringContaining('input.npy') as string,
      found: 'int64[2,3]',
      expected: 'float32[2,3]',
      hint: "numpy.save(path, array.astype('float32'))",
    });
    await expect(opened(ints('|u1', [2, 4], 1))).rejects.toMatchObject({
      code: 'INPUT_SHAPE',
      found: '[2,4]',
    });
  });

  test('names the --dim that it contradicts', async () => {
    const error: unknown = await opened(ints('<f4', [2, 3], 4), { batch: 3 }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({
      code: 'INPUT_SHAPE',
      hint: expect.stringContaining('--dim batch=3') as string,
    });
    await expect(opened(ints('<f4', [2, 3], 4), { bach: 3 })).rejects.toMatchObject({
      hint: 'did you mean batch?',
    });
    await expect(opened(ints('<f4', [2, 3], 4))).resolves.toBeDefined();
  });
});

test.each<[string, Readonly<Record<string, number | string>>, string]>([
  ['as it is and escaped', { 'a b.npy': 1, 'a%20b.npy': 2 }, 'a b'],
  ['escaped in two ways', { 'a%2Fb.npy': 1, 'a%2fb.npy': 2 }, 'a/b'],
  ['in three ways', { 'a.npy': 1, '%61.npy': 2, '%u0061.npy': 3 }, 'a'],
  ['in ONNX tensors beyond the positions', { 'output_5.pb': 'y:1', 'output_6.pb': 'y:2' }, 'y'],
])('several files of one name are an error that names them: %s', (_, files, name) => {
  const path = folder(files);
  const named = (): unknown => readPorts(path, 'output', [name]);
  expect(named).toThrow(/NAME_COLLISION/);
  for (const file of Object.keys(files)) expect(named).toThrow(file);
  // What is for none of the ports does not matter, and a position decides.
  expect(readPorts(path, 'output', ['other']).files.size).toBe(0);
  writeFileSync(join(path, 'output_0.pb'), encodeTensor(tensor('', 'float', [1], [7])));
  expect(readPorts(path, 'output', [name]).files.get(name)?.file).toBe(join(path, 'output_0.pb'));
});
