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

  test('records each tick, in chunks of any size the same, and replays what it recorded', async () => {
    const [whole, parts, svg] = [cli.path('whole.jsonl'), cli.path('parts.jsonl'), cli.path('ticks.svg')];
    const args = ['tick', net, '--ticks', '5', '--data', 'random:1', '--device', 'wasm:1'];
    const run = await cli.json([...args, '--record', whole]);
    expect(run.code, run.stderr).toBe(0);
    expect(run.result.files).toEqual([whole]);
    const other = await cli.json([...args, '--record', parts, '--chunk', '2', '--post', 'http://127.0.0.1:1/']); // prettier-ignore
    expect(other.code, other.stderr).toBe(0);
    expect(other.stderr).toMatch(
      /OBSERVER_FAILED[\s\S]*127\.0\.0\.1:1[\s\S]*Of 5 observations 5 did not reach/,
    );
    expect(readFileSync(parts, 'utf8')).toBe(readFileSync(whole, 'utf8'));
    const { code, result, stderr } = await cli.json(['replay', whole, '--measure', 'active', '--svg', svg]);
    expect(code, stderr).toBe(0);
    expect(result).toMatchObject({ layers: ['first', '1'], measure: 'active' });
    expect(result.observations).toHaveLength(5);
    const last = (result.observations as { layers: object[] }[])[4].layers;
    expect(last[0]).toMatchObject({
      name: 'first',
      type: 'dense',
      ...(run.result.layers as { first: object }).first,
    });
    expect(readFileSync(svg, 'utf8')).toContain('active of layers');
    const text = await cli.run(['replay', whole, '--layers', 'first']);
    expect(text.stdout).toMatch(/tick, steps 0 to 4[\s\S]*step +first: mean/);
    const wrong = await cli.run(['replay', whole, '--layers', 'frist']);
    expect([wrong.code, wrong.stderr]).toEqual([
      2,
      expect.stringMatching(/VALUE_UNKNOWN[\s\S]*--layers[\s\S]*did you mean first/),
    ]);
    const nope = await cli.run(['replay', whole, '--layers', 'nope']);
    expect([nope.code, nope.stderr]).toEqual([2, expect.stringContaining('VALUE_UNKNOWN')]);
    const none = await cli.run(['replay', net]);
    expect([none.code, none.stderr]).toEqual([
      1,
      expect.stringMatching(/FILE_FORMAT: the text is not a recording/),
    ]);
  });

  test('a recording of before stays where the device cannot be opened', async () => {
    const record = cli.path('kept.jsonl');
    writeFileSync(record, 'of a run before\n');
    const args = ['tick', net, '--ticks', '2', '--data', 'random:1', '--record', record];
    const none = await cli.run([...args, '--device', 'webgpu:no such adapter']);
    expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('DEVICE_')]);
    expect(readFileSync(record, 'utf8')).toBe('of a run before\n');
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
