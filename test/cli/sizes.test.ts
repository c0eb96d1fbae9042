/** Bundles for ranges of sizes on the command line. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { encodeModel, node, port, tensor } from '../../scripts/onnx-proto.mjs';
import { writeNpy } from '../../src/data/npy.js';
import { wave } from '../runtime/support.js';
import { commandLine, DEVICE } from './support.js';

const cli = commandLine();

/** relu(x W) of as many rows as there are. */
const model = encodeModel(
  {
    name: 'rows',
    input: [port('x', 'float', ['rows', 4])],
    output: [port('y', 'float', ['rows', 3])],
    initializer: [tensor('w', 'float', [4, 3], [...wave(12, 5)])],
    node: [node('MatMul', ['x', 'w'], ['p']), node('Relu', ['p'], ['y'])],
  },
  { opset: 13 },
);

const dataOf = (rows: number): string => {
  const folder = cli.path(`data-${rows}`);
  mkdirSync(folder, { recursive: true });
  const x = { dtype: 'f32', shape: [rows, 4], data: wave(4 * rows, rows) } as const;
  writeFileSync(join(folder, 'x.npy'), writeNpy(x));
  return folder;
};

test('one bundle runs at every size of its range, with the bits of the model', async () => {
  const [file, bundle] = [cli.path('rows.onnx'), cli.path('rows.heddle')];
  writeFileSync(file, model);
  const compiled = await cli.run(['compile', file, '--dim', 'rows=2..10:4', '-o', bundle, '--json']);
  expect(compiled.code, compiled.stderr).toBe(0);
  expect(JSON.parse(compiled.stdout)).toMatchObject({
    sizes: 3,
    inputs: [{ name: 'x', dtype: 'f32', shape: ['rows', 4] }],
  });
  const [here, there] = [cli.path('here'), cli.path('there')];
  const run = await cli.run(['run', bundle, '--data', dataOf(6), ...DEVICE, '--save', here]);
  expect(run.code, run.stderr).toBe(0);
  await cli.run(['run', file, '--data', dataOf(6), '--device', 'reference', '--save', there]);
  expect(readFileSync(join(here, 'y.npy'))).toEqual(readFileSync(join(there, 'y.npy')));
  const refused = await cli.run(['run', bundle, '--data', dataOf(4), ...DEVICE]);
  expect([refused.code, refused.stderr]).toEqual([
    1,
    expect.stringMatching(/INPUT_SHAPE[^]*rows = 4[^]*2, 6, 10/),
  ]);
}, 120_000);

test('so does one of a model whose graph needs the sizes', async () => {
  const [file, bundle] = [cli.path('picture.onnx'), cli.path('picture.heddle')];
  writeFileSync(
    file,
    encodeModel(
      {
        name: 'picture',
        input: [port('x', 'float', [1, 1, 'height', 'width'])],
        output: [port('y', 'float')],
        initializer: [tensor('w', 'float', [1, 1, 3, 3], [...wave(9, 5)])],
        node: [node('Conv', ['x', 'w'], ['y'], { strides: [2, 2], pads: [1, 1, 1, 1] })],
      },
      { opset: 13 },
    ),
  );
  const sizes = ['--dim', 'height=4', '--dim', 'width=4..6:2'];
  const compiled = await cli.run(['compile', file, ...sizes, '-o', bundle, '--json']);
  expect(compiled.code, compiled.stderr).toBe(0);
  expect(JSON.parse(compiled.stdout)).toMatchObject({ sizes: 2 });
  for (const [args, message] of [
    [['inspect', file], /DIM_UNBOUND[^]*found: +height, width[^]*--dim height=1 --dim width=1/],
    [['compile', file, '--dim', 'width=4', '-o', bundle], /DIM_UNBOUND[^]*--dim height=1/],
    [['compile', file, '--dim', 'width=1..8', '-o', bundle], /DIM_UNBOUND[^]*--dim height=1\.\.8/],
    [
      ['compile', file, '--dim', 'width=4', '--dim', 'height=1..2000', '-o', bundle],
      /LIMIT_EXCEEDED[^]*--dim height=/,
    ],
  ] as const)
    expect((await cli.run([...args])).stderr).toMatch(message);
}, 120_000);

test('inspect and verify know the sizes, and look at the one that is asked for', async () => {
  const [file, bundle] = [cli.path('rows.onnx'), cli.path('looked-at.heddle')];
  writeFileSync(file, model);
  await cli.run(['compile', file, '--dim', 'rows=2..10:4', '-o', bundle]);
  const inspected = await cli.run(['inspect', bundle, '--dim', 'rows=10', '--json']);
  const found = JSON.parse(inspected.stdout) as {
    sizes: { sizes: object; kind: number; arenaBytes: number }[];
  };
  expect(found).toMatchObject({ size: { rows: 10 }, inputs: [{ name: 'x', shape: [10, 4] }] });
  expect(found.sizes.map(({ sizes }) => sizes)).toEqual([{ rows: 2 }, { rows: 6 }, { rows: 10 }]);
  const alone = await cli.run(['inspect', file, '--dim', 'rows=10', '--target', 'gpu', '--memory', '--json']);
  expect(JSON.parse(alone.stdout)).toMatchObject({ memory: { arenaBytes: found.sizes[2].arenaBytes } });
  expect((await cli.run(['inspect', bundle])).stdout).toMatch(/rows = 2;[^]*Sizes[^]*kind 0[^]*rows = 10/);

  const random = ['--data', 'random:1', ...DEVICE];
  const verified = await cli.run(['verify', bundle, '--dim', 'rows=6', ...random, '--json']);
  expect(verified.code, verified.stderr).toBe(0);
  expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true, size: { rows: 6 }, compared: 'kernels' });
  const first = await cli.run(['verify', bundle, ...random]);
  expect([first.code, first.stdout]).toEqual([0, expect.stringContaining('at rows = 2')]);

  const refusals = [
    ['rows=4', /INPUT_SHAPE[^]*--dim rows, .*looked-at[^]*2, 6, 10/],
    ['rows=2..6', /USAGE[^]*one size[^]*--dim rows, /],
    ['width=2', /ATTRIBUTE_INVALID[^]*--dim width, [^]*one of rows/],
  ] as const;
  for (const [dim, message] of refusals) {
    const { code, stderr } = await cli.run(['verify', bundle, '--dim', dim, ...random]);
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
  }
  const data = await cli.run(['run', bundle, '--dim', 'rows=2', '--data', dataOf(6), ...DEVICE]);
  expect([data.code, data.stderr]).toEqual([1, expect.stringMatching(/INPUT_SHAPE[^]*rows = 6/)]);
}, 240_000);

test('ranges without an end, and kernels for WebAssembly, are refused', async () => {
  const [file, bundle] = [cli.path('rows.onnx'), cli.path('other.heddle')];
  writeFileSync(file, model);
  const open = await cli.run(['compile', file, '--dim', 'rows=2..', '-o', bundle]);
  expect([open.code, open.stderr]).toEqual([1, expect.stringMatching(/DIM_UNBOUND[^]*rows/)]);
  const wasm = await cli.run([
    'compile',
    file,
    '--dim',
    'rows=1..2',
    '-o',
    bundle,
    '--target',
    'webgpu,wasm',
  ]);
  expect([wasm.code, wasm.stderr]).toEqual([2, expect.stringMatching(/USAGE[^]*WebGPU only/)]);
});
