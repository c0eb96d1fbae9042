/** No verb writes over what it reads. */
import { copyFileSync, linkSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tensorData } from '../../../src/base/tensor.js';
import { writeNpy } from '../../../src/data/npy.js';
import { writeSafetensors } from '../../../src/data/safetensors/write.js';
import { fromConfig } from '../../../src/frontends/config/index.js';
import { readAll } from '../../../src/tensor/index.js';
import { encodeModel, node, port } from '../../../scripts/onnx-proto.mjs';
import { commandLine, MODEL } from '../support.js';

const cli = commandLine();

/** Runs a verb that would write over `file`, which stays as it is. */
async function refuses(file: string, args: readonly string[]): Promise<void> {
  const before = readFileSync(file);
  const { code, stderr } = await cli.run(args);
  expect([code, stderr]).toEqual([2, expect.stringContaining('a file that is read would be written over')]);
  expect(readFileSync(file)).toEqual(before);
}

test('edit and extract leave the model alone, by whatever path it is named', async () => {
  const model = cli.path('model.onnx');
  copyFileSync(MODEL, model);
  symlinkSync(model, cli.path('soft.onnx'));
  linkSync(model, cli.path('hard.onnx'));
  const roundabout = join(cli.folder, 'none/../model.onnx');
  mkdirSync(cli.path('none'));
  for (const out of [model, cli.path('soft.onnx'), cli.path('hard.onnx'), roundabout])
    await refuses(model, ['edit', model, '--prune', '-o', out]);
  await refuses(model, ['extract', model, '--to', 'add_6', '-o', model]);
});

test('compile leaves the model alone, whatever it is called', async () => {
  const model = cli.path('odd.heddle');
  copyFileSync(MODEL, cli.path('model-2.onnx'));
  linkSync(cli.path('model-2.onnx'), model);
  await refuses(model, ['compile', cli.path('model-2.onnx'), '-o', model]);
});

test('run --save leaves the inputs alone', async () => {
  const model = cli.path('swap.onnx');
  // The file of the input may have been written by a former version, which took a_b for a/b.
  const graph = { name: 'swap', node: [node('Neg', ['a/b'], ['a_b'])], initializer: [] };
  const [x, y] = [port('a/b', 'float', [2]), port('a_b', 'float', [2])];
  writeFileSync(model, encodeModel({ ...graph, input: [x], output: [y] }));
  const folder = cli.path('data');
  mkdirSync(folder);
  const file = join(folder, 'a_b.npy');
  writeFileSync(file, writeNpy(tensorData('f32', [2], Float32Array.of(1, 2))));
  await refuses(file, ['run', model, '--data', folder, '--device', 'reference', '--save', folder]);
});

test('train leaves the weights alone that it starts from', async () => {
  const [net, out] = [cli.path('net.json'), cli.path('trained')];
  writeFileSync(net, JSON.stringify({ input: [1], layers: [{ type: 'dense', output_size: 1 }] }));
  writeFileSync(cli.path('t.csv'), 'a,b\n1,2\n3,4\n');
  const args = ['train', net, '--data', cli.path('t.csv'), '--labels', 'b', '--epochs', '1', '--out', out];
  const first = await cli.run([...args, '--device', 'reference']);
  expect(first.code, first.stderr).toBe(0);
  const weights = join(out, 'weights.safetensors');
  await refuses(weights, [...args, '--device', 'reference', '--weights', weights]);
});

test('a checkpoint is written over none of the files that are read, but for the one that goes on', async () => {
  const config = { input: [1], layers: [{ type: 'dense', output_size: 1 }] } as const;
  const [net, weights, out] = [cli.path('ticks.json'), cli.path('checkpoint.safetensors'), cli.path('new')];
  writeFileSync(net, JSON.stringify(config));
  writeFileSync(cli.path('u.csv'), 'a,b\n1,2\n3,4\n');
  const state = Object.entries(fromConfig(config).state());
  const values = await readAll(state.map(([, leaf]) => leaf));
  writeFileSync(weights, writeSafetensors(new Map(state.map(([name], i) => [name, values[i]]))));
  const tick = ['tick', net, '--ticks', '2', '--data', 'random:1', '--device', 'reference'];
  await refuses(weights, [...tick, '--weights', weights, '--checkpoint', join(cli.folder, '.', 'checkpoint.safetensors')]); // prettier-ignore
  await refuses(weights, [...tick, '--resume', weights, '--record', weights]);
  mkdirSync(out);
  copyFileSync(weights, join(out, 'checkpoint.safetensors'));
  const train = ['train', net, '--data', cli.path('u.csv'), '--labels', 'b', '--epochs', '1', '--out', out];
  await refuses(join(out, 'checkpoint.safetensors'), [...train, '--weights', join(out, 'checkpoint.safetensors')]); // prettier-ignore
  const both = await cli.run([...tick, '--record', cli.path('r'), '--checkpoint', `${cli.folder}/./r`]);
  expect([both.code, both.stderr]).toEqual([2, expect.stringMatching(/--checkpoint[^]*that of --record/)]);
  const nowhere = await cli.run([...tick, '--checkpoint', cli.path('no/such')]);
  expect([nowhere.code, nowhere.stderr]).toEqual([1, expect.stringContaining('the folder does not exist')]);
});
