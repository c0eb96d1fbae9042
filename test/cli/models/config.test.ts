/** Network configs on the command line. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { tensorData } from '../../../src/base/tensor.js';
import { fromConfig, toLoomBundle, type NetworkConfig } from '../../../src/frontends/config/index.js';
import { writeNpy } from '../../../src/data/npy.js';
import { commandLine, DEVICE } from '../support.js';

const cli = commandLine();

const CONFIG: NetworkConfig = {
  id: 'mlp',
  input: [2],
  batch_size: 4,
  seed: 3,
  layers: [
    { type: 'dense', output_size: 8, activation: 'tanh', name: 'hidden' },
    { type: 'dense', output_size: 2 },
  ],
};

function write(name: string, content: string | Uint8Array): string {
  const path = cli.path(name);
  writeFileSync(path, content);
  return path;
}

/** Points, and whether both coordinates have one sign. */
const POINTS = Array.from({ length: 64 }, (_, i) => [Math.sin(i * 1.3), Math.cos(i * 2.1)] as const);
const CLASSES = POINTS.map(([a, b]) => (a * b > 0 ? 1 : 0));

describe('configs', () => {
  test('run, verify, compile and inspect like any model', async () => {
    const net = write('net.json', JSON.stringify(CONFIG));
    const run = await cli.json(['run', net, '--data', 'random:1', '--device', 'reference']);
    expect(run.code).toBe(0);
    expect(run.result.outputs).toMatchObject({ output: { shape: [4, 2] } });
    const verified = await cli.json(['verify', net, '--data', 'random:1', '--dim', 'batch=3', ...DEVICE]);
    expect([verified.code, verified.result.bitsAgree]).toEqual([0, true]);
    const bundle = cli.path('net.heddle');
    expect((await cli.run(['compile', net, '-o', bundle])).code).toBe(0);
    const again = await cli.json(['run', bundle, '--data', 'random:1', '--device', 'reference']);
    expect(again.result.outputs).toEqual(run.result.outputs);
    const inspected = await cli.json(['inspect', net, '--ir']);
    expect(inspected.result).toMatchObject({
      kind: 'config',
      inputs: [{ name: 'input', dtype: 'f32', shape: [4, 2] }],
    });
  });

  test('take as many examples as the data has', async () => {
    const net = write('net.json', JSON.stringify(CONFIG));
    write('input_0.npy', writeNpy(tensorData('f32', [5, 2], new Float32Array(10))));
    const { result } = await cli.json(['run', net, '--data', cli.folder, '--device', 'reference']);
    expect(result.outputs).toMatchObject({ output: { shape: [5, 2] } });
  });

  test("come with their weights in LOOM's bundles", async () => {
    const net = write('net.json', JSON.stringify(CONFIG));
    const bundle = write('bundle.json', await toLoomBundle(fromConfig(CONFIG), { ...CONFIG, seed: 99 }));
    const [own, bundled] = await Promise.all(
      [net, bundle].map((path) => cli.json(['run', path, '--data', 'random:1', '--device', 'reference'])),
    );
    expect(bundled.result.outputs).toEqual(own.result.outputs);
  });

  test('that are wrong are refused with the path', async () => {
    const net = write('wrong.json', JSON.stringify({ ...CONFIG, layers: [{ type: 'dense', hight: 3 }] }));
    const { code, result } = await cli.json(['run', net, '--data', 'random:1', '--device', 'reference']);
    expect(code).toBe(1);
    expect(result.error).toMatchObject({ code: 'CONFIG_INVALID', where: `${net}, $.layers[0].hight`, hint: 'did you mean "height"?' }); // prettier-ignore
    const other = await cli.json(['run', write('net.json', JSON.stringify(CONFIG)), '--data', 'random:1', '--dim', 'n=1', '--device', 'reference']); // prettier-ignore
    expect([other.code, other.result.error]).toMatchObject([2, { code: 'USAGE' }]);
  });
});

describe('training', () => {
  const train = (net: string, ...args: readonly string[]) =>
    cli.json([
      'train',
      net,
      '--epochs',
      '30',
      '--batch',
      '16',
      '--rate',
      '0.05',
      '--out',
      cli.path('out'),
      ...args,
    ]);

  test('learns, draws the curve, and saves weights that run takes', async () => {
    const net = write('net.json', JSON.stringify(CONFIG));
    const rows = POINTS.map(([a, b], i) => `${a},${b},${CLASSES[i]}`);
    const table = write('table.csv', ['a,b,same', ...rows].join('\n'));
    const { code, result } = await train(net, '--data', table, '--labels', 'same', '--device', 'reference', '--schedule', 'cosine'); // prettier-ignore
    expect(code).toBe(0);
    expect(result).toMatchObject({ loss: 'cross_entropy', steps: 120, parameters: 42 });
    expect(result.accuracy).toBeGreaterThan(0.9);
    expect(readFileSync(join(cli.path('out'), 'loss.svg'), 'utf8')).toContain('training loss');
    const weights = join(cli.path('out'), 'weights.safetensors');
    const args = ['run', net, '--data', 'random:1', '--device', 'reference'];
    const [before, after] = [await cli.json(args), await cli.json([...args, '--weights', weights])];
    expect(after.code).toBe(0);
    expect(after.result.outputs).not.toEqual(before.result.outputs);
    expect(result.device).toBe(before.result.device);
  });

  test('gives the same weights on a device, with clipping and accumulation', async () => {
    const net = write('net.json', JSON.stringify(CONFIG));
    const data = write('x.npy', writeNpy(tensorData('f32', [64, 2], Float32Array.from(POINTS.flat()))));
    const labels = write('y.npy', writeNpy(tensorData('i32', [64], Int32Array.from(CLASSES))));
    const args = [
      '--data',
      data,
      '--labels',
      labels,
      '--clip',
      '0.5',
      '--accumulate',
      '2',
      '--optimizer',
      'adamw',
    ];
    const files: Buffer[] = [];
    for (const device of [['--device', 'reference'], DEVICE]) {
      const { code, result } = await train(net, ...args, ...device);
      expect(code).toBe(0);
      const run = await cli.json(['run', net, '--data', 'random:1', ...device]);
      expect(result.device).toBe(run.result.device);
      files.push(readFileSync(join(cli.path('out'), 'weights.safetensors')));
    }
    expect(files[0].equals(files[1])).toBe(true);
  });

  test('leaves frozen layers alone, and takes numbers to learn', async () => {
    const frozen = {
      ...CONFIG,
      layers: [
        { ...CONFIG.layers[0], frozen: true },
        { type: 'dense', output_size: 1 },
      ],
    };
    const net = write('frozen.json', JSON.stringify(frozen));
    const data = write('x.csv', POINTS.map((row) => row.join(',')).join('\n'));
    const labels = write('y.csv', POINTS.map(([a, b]) => a * b).join('\n'));
    const { code, result } = await train(net, '--data', data, '--labels', labels, '--device', 'reference');
    expect([code, result.loss, result.accuracy]).toEqual([0, 'mse', undefined]);
    const weights = join(cli.path('out'), 'weights.safetensors');
    expect(existsSync(weights)).toBe(true);
    const losses = result.losses as number[];
    expect(losses[losses.length - 1]).toBeLessThan(losses[0]);
  });

  test('says what is wrong with the data', async () => {
    const net = write('net.json', JSON.stringify(CONFIG));
    const data = write('three.csv', '1,2,3,0\n4,5,6,1');
    const wide = await train(net, '--data', data, '--labels', '4', '--device', 'reference');
    expect(wide.result.error).toMatchObject({ code: 'DATASET_INVALID', found: 'f32[3] for each example' });
    const missing = await train(net, '--data', data, '--labels', 'nothing', '--device', 'reference');
    expect([missing.code, missing.result.error]).toMatchObject([
      2,
      { code: 'USAGE', expected: '1 to 4, or a file' },
    ]);
  });

  test('says what is left out, and ends before the weights are written where it diverges', async () => {
    const net = write('net.json', JSON.stringify(CONFIG));
    const data = write('x.npy', writeNpy(tensorData('f32', [64, 2], Float32Array.from(POINTS.flat()))));
    const labels = write('y.npy', writeNpy(tensorData('i32', [64], Int32Array.from(CLASSES))));
    const args = ['--data', data, '--labels', labels, '--device', 'reference'];
    const left = await train(net, ...args, '--batch', '30', '--epochs', '1');
    expect([left.code, left.result]).toMatchObject([0, { batch: 30, leftOut: 4, steps: 2 }]);
    const [first, last] = left.result.losses as number[];
    expect(left.result.epochs).toEqual([(first + last) / 2]);
    const weights = join(cli.path('out'), 'weights.safetensors');
    const before = readFileSync(weights);
    const wild = await train(net, ...args, '--optimizer', 'sgd_momentum', '--rate', '3e38');
    expect([wild.code, wild.result]).toMatchObject([
      1,
      { error: { code: 'LOSS_NOT_FINITE', hint: expect.stringContaining('--rate 3e+37') as string } },
    ]);
    expect(readFileSync(weights).equals(before)).toBe(true);
  });

  test('tweens, and says what that has nothing to do with', async () => {
    const net = write('net.json', JSON.stringify(CONFIG));
    const rows = POINTS.map(([a, b], i) => `${a},${b},${CLASSES[i]}`);
    const table = write('tween.csv', ['a,b,same', ...rows].join('\n'));
    const args = ['--data', table, '--labels', 'same', '--device', 'reference', '--optimizer', 'tween'];
    const { code, result } = await train(net, ...args, '--rate', '1');
    expect([code, result.steps]).toEqual([0, 120]);
    expect(result.accuracy).toBeGreaterThan(0.9);
    const clipped = await train(net, ...args, '--clip', '1');
    expect(clipped.result.error).toMatchObject({ code: 'USAGE', found: '--clip' });
  });

  test('says what each step takes where there are fewer examples than a batch, and means of epochs in the end', async () => {
    const net = write('net.json', JSON.stringify({ ...CONFIG, batch_size: undefined }));
    const data = write('few.csv', '1,2,0\n4,5,1\n5,5,1');
    const args = ['train', net, '--data', data, '--labels', '3', '--epochs', '2', '--device', 'reference'];
    const { stdout, stderr } = await cli.run([...args, '--out', cli.path('out')]);
    expect(stderr).toContain('fewer examples than a batch of 32: each step takes all 3');
    const [first, last] = [...stdout.matchAll(/epoch \d: loss (\S+)/g)].map(([, loss]) => loss);
    expect(stdout).toContain(`${first} -> ${last}, means of the first epoch and the last`);
  });

  test('says what a model of another kind is', async () => {
    const onnx = await train('models/digits.onnx', '--data', 'none.npy', '--labels', 'none.npy');
    expect(onnx.result.error).toMatchObject({
      code: 'FILE_FORMAT',
      expected: 'a network config, in JSON',
      hint: 'it looks like an ONNX model, whose weights are not trained',
    });
  });

  test('finds a place for what it makes before it trains', async () => {
    const net = write('net.json', JSON.stringify(CONFIG));
    const data = write('table.csv', '1,2,0\n4,5,1');
    const args = ['--data', data, '--labels', '3', '--epochs', '10000', '--out', write('taken', '')];
    const { result } = await cli.json(['train', net, ...args, '--device', 'reference']);
    expect(result.error).toMatchObject({ code: 'FILE_UNWRITABLE', found: 'it is a file' });
  });
});

describe('what a config may ask for', () => {
  const RUN = ['--data', 'random:1', '--device', 'reference'];
  const recurrent = (steps: number, count: number): string =>
    JSON.stringify({
      input: [steps, 1],
      layers: Array.from({ length: count }, () => ({ type: 'rnn', hidden_size: 1 })),
    });

  test.each([
    ['--max-weights', '41', '42', JSON.stringify(CONFIG)],
    ['--max-steps', '5', '6', recurrent(2, 3)],
    ['--max-steps', '4999', '5000', recurrent(5000, 1)],
  ])('is what %s says: %s are too few', async (option, few, enough, config) => {
    const net = write(`limited${few}.json`, config);
    const out = cli.path('limited.heddle');
    for (const [verb, ...args] of [['run', ...RUN], ['compile', '-o', out], ['inspect']]) {
      const refused = await cli.run([verb, net, ...args, option, few]);
      expect(refused.code).toBe(1);
      expect(refused.stderr).toMatch(new RegExp(`LIMIT_EXCEEDED[^]*at most ${few}[^]*${option}`));
    }
    expect((await cli.run(['run', net, ...RUN, option, enough])).code).toBe(0);
  });

  test('is a number, and of configs only', async () => {
    for (const text of ['0', '-1', '1.5', '1e3', 'many', '99999999999999999999'])
      expect((await cli.run(['inspect', write('net.json', '{}'), '--max-weights', text])).code).toBe(2);
    const { code, stderr } = await cli.run(['inspect', write('x.onnx', ''), '--max-weights', '5']);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/--max-weights is for network configs/)]);
  });
});
