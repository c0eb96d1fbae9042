/** `heddle run` of models with text and images: files of texts, and nodes on the host before the graph and after it. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { encodeModel, node, port } from '../../scripts/onnx-proto.mjs';
import { writeNpy } from '../../src/data/npy.js';
import { readTexts } from '../../src/cli/files/texts.js';
import { tensorData } from '../../src/base/tensor.js';
import { commandLine } from './support.js';

const cli = commandLine();

function folder(name: string, files: Readonly<Record<string, string | Uint8Array>>): string {
  const path = cli.path(name);
  mkdirSync(path, { recursive: true });
  for (const [file, content] of Object.entries(files)) writeFileSync(join(path, file), content);
  return path;
}

/** Joins texts, and counts the pieces of the result, which the graph doubles. */
const TEXT = encodeModel(
  {
    node: [
      node('StringConcat', ['x', 'z'], ['joined']),
      node('StringSplit', ['joined'], ['pieces', 'counts'], { delimiter: '-' }),
      node('Add', ['counts', 'counts'], ['twice']),
    ],
    input: [port('x', 'string', ['n']), port('z', 'string', [1])],
    output: [port('joined', 'string'), port('twice', 'int64')],
  },
  { opset: 20 },
);

/** The means of the channels of an image. */
const IMAGE = encodeModel(
  {
    node: [
      node('ImageDecoder', ['file'], ['image']),
      node('Cast', ['image'], ['floats'], { to: 1 }),
      node('GlobalAveragePool', ['first'], ['means']),
      node('Unsqueeze', ['floats', 'axis'], ['batch']),
      node('Constant', [], ['axis'], { value_ints: [0] }),
      node('Transpose', ['batch'], ['first'], { perm: [0, 3, 1, 2] }),
    ],
    input: [port('file', 'uint8', ['n'])],
    output: [port('means', 'float', [1, 3, 1, 1])],
  },
  { opset: 20 },
);

test('two files for one input of texts are refused', () => {
  const both = folder('both', { 'x.json': '["a"]', 'input_0.json': '["b"]' });
  expect(() => readTexts(both, ['x'], ['x', 'z'])).toThrow(
    expect.objectContaining({ code: 'NAME_COLLISION', found: 'x.json, input_0.json' }),
  );
});

test('texts come from JSON and go there, with a graph between', async () => {
  const model = cli.path('text.onnx');
  writeFileSync(model, TEXT);
  const data = folder('texts', { 'x.json': '["a-b", "c"]', 'input_1.json': '["-d"]' });
  const saved = cli.path('saved');
  const { code, result, stderr } = await cli.json(['run', model, '--data', data, '--device', 'wasm:1', '--save', saved]); // prettier-ignore
  expect([code, stderr]).toEqual([0, '']);
  expect(result.outputs).toMatchObject({
    joined: { dtype: 'string', shape: [2], first: ['a-b-d', 'c-d'] },
    twice: { shape: [2], first: [6, 4] },
  });
  expect(JSON.parse(readFileSync(join(saved, 'joined.json'), 'utf8'))).toEqual(['a-b-d', 'c-d']);
  expect(existsSync(join(saved, 'twice.npy'))).toBe(true);
});

test('an image of a file is decoded, and the graph has its size', async () => {
  const model = cli.path('image.onnx');
  writeFileSync(model, IMAGE);
  const bytes = new TextEncoder().encode('P3 2 1 255 10 20 30 30 60 90');
  const file = writeNpy(tensorData('u32', [bytes.length], Uint32Array.from(bytes)));
  const data = folder('image', { 'file.npy': file });
  const { code, result } = await cli.json(['run', model, '--data', data, '--device', 'wasm:1']);
  expect(code).toBe(0);
  expect(result.outputs).toMatchObject({ means: { shape: [1, 3, 1, 1], first: [20, 40, 60] } });
});

test('what is missing, and what is no tensor of texts', async () => {
  const model = cli.path('text.onnx');
  writeFileSync(model, TEXT);
  const run = (data: string): ReturnType<typeof cli.run> => cli.run(['run', model, '--data', data]);
  const missing = await run(folder('missing', { 'x.json': '["a"]' }));
  expect(missing.code).not.toBe(0);
  expect(missing.stderr).toContain('INPUT_MISSING');
  for (const content of ['[["a"], "b"]', '[1]', '["a"']) {
    const { stderr } = await run(folder('wrong', { 'x.json': content, 'z.json': '["b"]' }));
    expect(stderr).toContain('FILE_FORMAT');
  }
  const shape = await run(folder('shape', { 'x.json': '["a"]', 'z.json': '["b", "c"]' }));
  expect(shape.stderr).toContain('INPUT_SHAPE');
});

test('what only runs on the host is neither compiled nor verified, and needs its texts', async () => {
  const model = cli.path('texts-only.onnx');
  writeFileSync(
    model,
    encodeModel(
      {
        node: [node('StringConcat', ['x', 'z'], ['joined'])],
        input: [port('x', 'string', [2]), port('z', 'string', [1])],
        output: [port('joined', 'string', [2])],
      },
      { opset: 20 },
    ),
  );
  const errors = [
    ['compile', model, '-o', cli.path('texts.heddle')],
    ['verify', model, '--data', 'random:1'],
    ['run', model, '--data', 'random:1'],
  ];
  for (const args of errors) {
    const { code, stderr } = await cli.run(args);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/USAGE: .* on the host/)]);
  }
});
