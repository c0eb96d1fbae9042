/** Networks step by step from the shell. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { tensorData } from '../../src/base/tensor.js';
import { writeNpy } from '../../src/data/npy.js';
import { commandLine } from './support.js';

const cli = commandLine();

/** Each test starts several processes. */
const TIMEOUT = 240_000;

const CONFIG = {
  input: [3],
  layers: [
    { type: 'dense', output_size: 4, activation: 'tanh', name: 'first' },
    { type: 'dense', output_size: 2 },
  ],
};

describe('tick', { timeout: TIMEOUT }, () => {
  const net = cli.path('net.json');
  writeFileSync(net, JSON.stringify(CONFIG));

  test('gives the same in chunks of any size and on every engine, with statistics of the layers', async () => {
    const folder = cli.path('arrays');
    mkdirSync(folder);
    const data = Float32Array.from({ length: 5 * 2 * 3 }, (_, i) => Math.sin(i));
    writeFileSync(`${folder}/input.npy`, writeNpy(tensorData('f32', [5, 2, 3], data)));
    const args = ['tick', net, '--ticks', '5', '--data', folder, '--save', cli.path('states')];
    const one = await cli.json([...args, '--chunk', '2', '--device', 'reference']);
    expect(one.code, one.stderr).toBe(0);
    expect(one.result).toMatchObject({
      ticks: 5,
      submits: 3,
      shape: [2, 2],
      layers: { first: { total: 8 } },
    });
    expect(one.result.outputs).toHaveLength(5);
    const two = await cli.json([...args, '--device', 'wasm:1']);
    expect(two.code, two.stderr).toBe(0);
    expect([two.result.outputs, two.result.layers]).toEqual([one.result.outputs, one.result.layers]);
    expect(readFileSync(cli.path('states/first.npy')).length).toBeGreaterThan(32);
  });

  test('says what is wrong', async () => {
    const folder = cli.path('other');
    mkdirSync(folder);
    writeFileSync(`${folder}/input.npy`, writeNpy(tensorData('f32', [2, 4], new Float32Array(8))));
    const wrong = await cli.run(['tick', net, '--ticks', '3', '--data', folder, '--device', 'reference']);
    expect([wrong.code, wrong.stderr]).toEqual([
      1,
      expect.stringMatching(/INPUT_SHAPE[\s\S]*\[N,3\][\s\S]*\[3,N,3\]/),
    ]);
    const zero = await cli.run(['tick', net, '--ticks', '0', '--data', 'random:1']);
    expect([zero.code, zero.stderr]).toEqual([2, expect.stringMatching(/whole number from 1/)]);
  });
});
