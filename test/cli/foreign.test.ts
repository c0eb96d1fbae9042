/** Files whose names are made to steer a terminal, or to look like a line of ours. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { encodeModel, encodeTensor, node, port, tensor } from '../../scripts/onnx-proto.mjs';
import { forTerminal } from '../../src/cli/terminal/output.js';
import { commandLine, DEVICE } from './support.js';

const cli = commandLine();

const evil = (what: string): string =>
  `${what}\x1b[2J\x9b31m\n  ok   FORGED ${what}\r\u202e\u2066\u2028\x1b]0;title\x07`;

/** Lines that end as lines do, and nothing else that a terminal would act upon. */
function expectTame({ stdout, stderr }: { readonly stdout: string; readonly stderr: string }): void {
  for (const text of [stdout, stderr]) {
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    expect(text).not.toMatch(/^\s*(ok +FORGED|title|\[2J)/m);
  }
}

const write = (name: string, bytes: Uint8Array | string): string => {
  writeFileSync(cli.path(name), bytes);
  return cli.path(name);
};

const graph = (extent: number | string, op = 'Add'): Uint8Array =>
  encodeModel(
    {
      name: evil('graph'),
      input: [port(evil('in'), 'float', [extent])],
      output: [port(evil('out'), 'float', [extent])],
      initializer: [tensor(evil('weight'), 'float', [1], [1])],
      node: [
        { ...node(op, [evil('in'), evil('weight')], ['mid']), name: evil('node') },
        { ...node('Softmax', ['mid'], [evil('out')]), name: evil('second') },
      ],
    },
    { producerName: evil('producer') },
  );

const reference = ['--device', 'reference'];

describe('nothing of a file steers the terminal', () => {
  let model = '';
  beforeAll(() => {
    model = write('evil.onnx', graph(3));
    const data = cli.path('data');
    mkdirSync(data);
    write('data/input_0.pb', encodeTensor(tensor(evil('in'), 'float', [3], [1, 2, 3])));
    write('data/output_0.pb', encodeTensor(tensor(evil('other'), 'float', [3], [1, 2, 3])));
    write('dynamic.onnx', graph(evil('dim')));
    write('strange.onnx', graph(3, evil('Op')));
    write('broken.json', `{"input": ${evil('x')}`);
    write('key.json', JSON.stringify({ input: [1], layers: [{ type: evil('dense') }], [evil('key')]: 1 }));
  });

  test.each([
    ['inspect', 'evil.onnx'],
    ['inspect', 'evil.onnx', '--ir', '--groups', '--explain', '--memory', '--wgsl', '--target', 'gpu'],
    ['inspect', 'evil.onnx', '--json'],
    ['run', 'evil.onnx', '--data', 'data', '--save', 'saved', ...reference],
    ['run', 'evil.onnx', '--data', 'saved', '--json', ...reference],
    ['verify', 'evil.onnx', '--data', 'data', ...DEVICE],
    ['inspect', 'dynamic.onnx'],
    ['run', 'dynamic.onnx', '--data', 'random:1', ...reference],
    ['run', 'dynamic.onnx', '--data', 'random:1', '--dim', `${evil('other')}=1`, ...reference],
    ['inspect', 'strange.onnx'],
    ['inspect', 'strange.onnx', '--json'],
    ['inspect', 'broken.json'],
    ['inspect', 'key.json'],
    ['inspect', evil('missing')],
    ['run', evil('missing'), '--data', 'random:1', ...reference],
  ])('%j', async (...args) => {
    const files = /\.(onnx|json)$|^(data|saved)$/;
    const finished = await cli.run(args.map((arg) => (files.test(arg) ? cli.path(arg) : arg)));
    expect(finished.stdout + finished.stderr).not.toBe('');
    expect(finished.stderr).not.toContain('should not have');
    expectTame(finished);
  });

  test('of a bundle either', async () => {
    const bundle = cli.path('evil.heddle');
    expectTame(await cli.run(['compile', model, '-o', bundle]));
    for (const flags of [[], ['--ir', '--groups', '--explain', '--memory', '--wgsl']])
      expectTame(await cli.run(['inspect', bundle, ...flags]));
  });

  test('names are shown so that they can be told', async () => {
    const { stdout } = await cli.run(['inspect', cli.path('dynamic.onnx')]);
    expect(stdout).toContain('in\\u001b[2J\\u009b31m\\n  ok   FORGED in');
    const { stderr } = await cli.run(['run', cli.path('dynamic.onnx'), '--data', 'random:1', ...reference]);
    expect(stderr).toMatch(/Sizes were chosen: .*\\u001b\[2J.* = 1 \(/);
    // As --dim takes it.
    const bound = await cli.run(['inspect', cli.path('dynamic.onnx'), '--dim', `${evil('dim')}=2`]);
    expect([bound.code, bound.stdout]).toEqual([0, expect.stringContaining('f32[2]')]);
  });
});

test('the looks of this program pass, and no others', () => {
  expect(forTerminal('\x1b[1ma\x1b[22m\n\x1b[31mb\x1b[39m')).toBe('\x1b[1ma\x1b[22m\n\x1b[31mb\x1b[39m');
  expect(forTerminal('\x1b[8m\x1b[2J\r')).toBe('\\u001b[8m\\u001b[2J\\r');
});
