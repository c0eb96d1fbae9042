/** Ctrl-C in a real process, and the run that goes on: its results are those of one that nobody interrupted, bit for bit. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import { tensorData } from '../../src/base/tensor.js';
import { writeNpy } from '../../src/data/npy.js';
import { checkpointMetadata } from '../../src/learn/index.js';
import { commandLine, type Finished } from './support.js';

const cli = commandLine();

function write(name: string, content: string | Uint8Array): string {
  const path = cli.path(name);
  writeFileSync(path, content);
  return path;
}

/** Runs the command, and interrupts it once `isThere` says so of what it wrote. */
function interrupted(
  args: readonly string[],
  isThere: (stdout: string) => boolean,
  signal: NodeJS.Signals = 'SIGINT',
): Promise<Finished> {
  const child = spawn(process.execPath, [cli.main, ...args], {
    env: { ...process.env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr, isSent] = ['', '', false];
  const look = (): void => {
    if (isSent || !isThere(stdout)) return;
    isSent = true;
    child.kill(signal);
  };
  const timer = setInterval(look, 10);
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    look();
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      clearInterval(timer);
      resolve({ code, stdout, stderr });
    });
  });
}

const read = (name: string): string => readFileSync(cli.path(name)).toString('base64');

const count = 96;
const rows = Float32Array.from({ length: count * 8 }, (_, i) => Math.sin(i * i));
const x = write('x.npy', writeNpy(tensorData('f32', [count, 8], rows)));
const classes = Int32Array.from({ length: count }, (_, i) =>
  rows[8 * i] > 0 ? 1 : rows[8 * i + 1] > 0 ? 2 : 0,
);
const y = write('y.npy', writeNpy(tensorData('i32', [count], classes)));
const net = write(
  'net.json',
  JSON.stringify({
    input: [8],
    layers: [
      { type: 'dense', output_size: 16, activation: 'tanh' },
      { type: 'dense', output_size: 3 },
    ],
  }),
);
const DEVICE = ['--device', 'wasm:1'];
const LABELLED = ['--data', x, '--labels', y, ...DEVICE];

describe('Ctrl-C', { timeout: 240_000 }, () => {
  test('train: goes on with the bits of a training that never stopped', async () => {
    const args = [
      'train',
      net,
      ...LABELLED,
      '--epochs',
      '120',
      '--optimizer',
      'adamw',
      '--schedule',
      'cosine',
    ];
    const recorded = (name: string): string[] => ['--record', cli.path(`${name}.jsonl`)];
    const stopped = await interrupted([...args, '-o', cli.path('parts'), ...recorded('parts')], (text) =>
      text.includes('epoch 3:'),
    );
    const checkpoint = cli.path('parts/checkpoint.safetensors');
    expect([stopped.code, stopped.stderr]).toEqual([130, expect.stringContaining(`--resume ${checkpoint}`)]);
    expect(existsSync(cli.path('parts/weights.safetensors'))).toBe(false);
    const rest = await cli.json([...args, '-o', cli.path('parts'), '--resume', checkpoint, ...recorded('parts')]); // prettier-ignore
    expect(rest.code, rest.stderr).toBe(0);
    const whole = await cli.json([...args, '-o', cli.path('whole')]);
    expect(read('parts/weights.safetensors')).toBe(read('whole/weights.safetensors'));
    // Observers change no bit, and a recording goes on where it was cut.
    const watched = await cli.json([...args, '-o', cli.path('watched'), ...recorded('watched')]);
    expect(watched.code, watched.stderr).toBe(0);
    expect(read('watched/weights.safetensors')).toBe(read('whole/weights.safetensors'));
    expect(read('watched.jsonl')).toBe(read('parts.jsonl'));
    const lines = readFileSync(cli.path('watched.jsonl'), 'utf8').trim().split('\n').slice(1); // prettier-ignore
    expect(lines.map((line) => (JSON.parse(line) as { readonly loss: number }).loss)).toEqual(watched.result.losses); // prettier-ignore
    expect(read('parts/loss.svg')).toBe(read('whole/loss.svg'));
    expect([rest.result.losses, rest.result.epochs]).toEqual([whole.result.losses, whole.result.epochs]);

    const other = await cli.run([...args, '-o', cli.path('parts'), '--resume', checkpoint, '--seed', '3']);
    expect([other.code, other.stderr]).toEqual([
      2,
      expect.stringMatching(/USAGE[\s\S]*seed: 3[\s\S]*seed: 0/),
    ]);
    const from = await cli.run([...args, '-o', cli.path('parts'), '--resume', checkpoint, '--weights', cli.path('whole/weights.safetensors')]); // prettier-ignore
    expect([from.code, from.stderr]).toEqual([2, expect.stringMatching(/USAGE[\s\S]*weights: "\w+"[\s\S]*weights: null/)]); // prettier-ignore
    expect(stopped.stderr).toMatch(/Interrupted after [\d,]+ steps:/);
    const verb = await cli.run([
      'tick',
      net,
      '--ticks',
      '9',
      '--data',
      'random:1',
      ...DEVICE,
      '--resume',
      checkpoint,
    ]);
    expect([verb.code, verb.stderr]).toEqual([
      1,
      expect.stringMatching(/FILE_FORMAT[\s\S]*one of heddle train/),
    ]);
    const weights = cli.path('whole/weights.safetensors');
    const none = await cli.run([...args, '-o', cli.path('parts'), '--resume', weights]);
    expect([none.code, none.stderr]).toEqual([
      1,
      expect.stringMatching(/FILE_FORMAT: the file is not a checkpoint/),
    ]);
  });

  test('tick: so do ticks, and their recording', async () => {
    const args = (name: string): string[] => ['tick', net, '--ticks', '600', '--chunk', '7', '--data', 'random:1', ...DEVICE, '--record', cli.path(`${name}.jsonl`), '--save', cli.path(name)]; // prettier-ignore
    const file = cli.path('states.jsonl');
    const checkpoint = cli.path('ticks.safetensors');
    const stopped = await interrupted([...args('states'), '--checkpoint', checkpoint], () => existsSync(file) && readFileSync(file, 'utf8').split('\n').length > 30); // prettier-ignore
    expect([stopped.code, stopped.stderr]).toEqual([130, expect.stringContaining(`--resume ${checkpoint}`)]);
    const rest = await cli.json([...args('states'), '--resume', checkpoint]);
    expect(rest.code, rest.stderr).toBe(0);
    const whole = await cli.json(args('all'));
    expect([rest.result.outputs, rest.result.layers]).toEqual([whole.result.outputs, whole.result.layers]);
    expect(read('states.jsonl')).toBe(read('all.jsonl'));
    expect(read('states/1.npy')).toBe(read('all/1.npy'));
    const few = await cli.run([...args('states'), '--resume', checkpoint, '--ticks', '2']);
    expect([few.code, few.stderr]).toEqual([2, expect.stringMatching(/the checkpoint has as many ticks/)]);
  });

  test('tick: the checkpoint is there before a server that does not answer is waited for', async () => {
    const server = createServer(() => {}).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const [checkpoint, record] = [cli.path('first.safetensors'), cli.path('first.jsonl')];
    const args = ['tick', net, '--ticks', '100000', '--chunk', '3', '--data', 'random:1', ...DEVICE];
    const files = ['--record', record, '--checkpoint', checkpoint, '--post', `http://127.0.0.1:${port}/`];
    const child = spawn(process.execPath, [cli.main, ...args, ...files], { stdio: 'ignore' });
    try {
      const ended = once(child, 'exit');
      await vi.waitUntil(() => existsSync(record) && readFileSync(record, 'utf8').split('\n').length > 9, 30_000); // prettier-ignore
      child.kill('SIGINT');
      await vi.waitUntil(() => existsSync(checkpoint), 5000);
      child.kill('SIGINT');
      await setTimeout(100);
      child.kill('SIGINT');
      expect(await ended).toEqual([null, 'SIGINT']);
    } finally {
      child.kill('SIGKILL');
      server.closeAllConnections();
      server.close();
    }
    const { done } = checkpointMetadata(readFileSync(checkpoint));
    expect(done).toBe(readFileSync(record, 'utf8').split('\n').length - 2);
    expect(readdirSync(cli.folder).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  test('search: networks that were tried are not tried again', async () => {
    const space = write('space.json', JSON.stringify({ brains: ['dense'], cells: [1, 1], width: [1, 1] }));
    const args = ['search', net, ...LABELLED, '--space', space, '--candidates', '2', '--epochs', '2'];
    const stopped = await interrupted([...args, '-o', cli.path('some')], (text) => /^ {2}1: /m.test(text), 'SIGTERM'); // prettier-ignore
    const checkpoint = cli.path('some/checkpoint.safetensors');
    expect([stopped.code, stopped.stderr]).toEqual([143, expect.stringContaining(`--resume ${checkpoint}`)]);
    const rest = await cli.json([...args, '-o', cli.path('some'), '--resume', checkpoint]);
    expect(rest.code, rest.stderr).toBe(0);
    const whole = await cli.json([...args, '-o', cli.path('every')]);
    for (const name of ['best.json', 'best.safetensors', 'search.svg'])
      expect(read(`some/${name}`), name).toBe(read(`every/${name}`));
    const untimed = (found: unknown): unknown => (found as { seconds: number }[]).map((one) => ({ ...one, seconds: 0 })); // prettier-ignore
    expect(untimed(rest.result.candidates)).toEqual(untimed(whole.result.candidates));
  });
});
