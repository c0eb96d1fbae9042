/** Observers: what they see, where it goes, and that no failure of theirs reaches the run. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HeddleError } from '../../../src/base/errors.js';
import {
  broadcast,
  consoleObserver,
  fromConfig,
  httpObserver,
  initTicks,
  layerOutputs,
  observationStream,
  parseRecording,
  readObservations,
  recorder,
  replay,
  statistics,
  ticks,
  type Observation,
} from '../../../src/frontends/config/index.js';
import { jit, losses, optim, random, tensor, valueAndGrad, zeros, type Tensor } from '../../../src/index.js';
import { errorOf } from '../../data/support.js';
import { onDevices } from '../../tensor/support.js';

const network = fromConfig({
  input: [3],
  seed: 2,
  layers: [
    { type: 'dense', output_size: 4, activation: 'relu', name: 'first' },
    { type: 'dense', output_size: 2 },
  ],
});
const input = random.normal(1, [6, 2, 3]).compute();

const seen = (step: number, mean = 0.5): Observation => ({
  mode: 'tick',
  step,
  layers: [{ name: 'a', type: 'dense', mean, max: 2, min: -1, active: 3, total: 4 }],
});

/** What a recorder makes of observations. */
function recorded(observations: readonly Observation[]): string {
  const lines: string[] = [];
  const observer = recorder((line) => void lines.push(line));
  for (const observation of observations) void observer.next(observation);
  return lines.join('');
}

const rejection = async (body: Promise<unknown>): Promise<HeddleError> => {
  const error: unknown = await body.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(HeddleError);
  return error as HeddleError;
};

describe('what is seen', () => {
  test('of a run: the statistics of its layers, in the order of the network', async () => {
    const outputs = layerOutputs(network, input.slice([0, 1]).reshape([2, 3]));
    const [found, ...others] = await readObservations(network, statistics(outputs), { mode: 'run' });
    expect(others).toEqual([]);
    expect(found).toMatchObject({ mode: 'run', step: 0 });
    expect(found.layers.map(({ name, type, total }) => [name, type, total])).toEqual([
      ['first', 'dense', 8],
      ['1', 'dense', 4],
    ]);
    expect(found.layers[0].max).toBe(await outputs.first.max().item());
    expect('loss' in found).toBe(false);
  });

  test('of ticks in a loop: each of them', async () => {
    const ran = ticks(network, initTicks(network, 2), input, { statistics: true });
    const found = await readObservations(network, ran.statistics, { mode: 'tick', step: 10 });
    expect(found.map(({ step }) => step)).toEqual([10, 11, 12, 13, 14, 15]);
    expect(found[0].layers[1].active).toBe(4); // the bias
    expect(await ran.statistics.first.mean.toArray()).toEqual(found.map(({ layers: [{ mean }] }) => mean));
  });

  test('of training: the loss as well, out of the step itself', async () => {
    const optimizer = optim.sgd({ learningRate: 0.1 });
    const x = input.slice([0, 1]).reshape([2, 3]);
    const step = jit((net: typeof network, state: ReturnType<typeof optimizer.init>) => {
      const [loss, gradients] = valueAndGrad((own: typeof network) => losses.mse(own.call(x), zeros([2, 2])))(net); // prettier-ignore
      const [model, next] = optimizer.update(net, gradients, state);
      return { model, state: next, loss, layers: statistics(layerOutputs(net, x)) };
    });
    const ran = step(network, optimizer.init(network));
    const [found] = await readObservations(network, ran.layers, { mode: 'train', loss: ran.loss });
    expect(found.loss).toBe(await ran.loss.item());
    expect(found.layers[0].mean).toBe(await layerOutputs(network, x).first.mean().item());
    step.dispose();
  });

  test('and what is no observation is refused', async () => {
    const some = statistics(layerOutputs(network, input.slice([0, 1]).reshape([2, 3])));
    const error = await rejection(readObservations(network, { first: some.first }, { mode: 'run' }));
    expect([error.code, error.expected]).toEqual(['TREE_MISMATCH', '1.mean']);
    const stacked = { ...some, first: { ...some.first, mean: tensor([1, 2]) } };
    expect((await rejection(readObservations(network, stacked, { mode: 'run' }))).code).toBe(
      'SHAPE_MISMATCH',
    );
    expect((await rejection(readObservations(network, some, { mode: 'walk' as never }))).code).toBe('USAGE');
  });
});

onDevices((pair) => {
  test('the same run gives the same recording on every device', async () => {
    const all = (net: typeof network, x: Tensor) => ticks(net, initTicks(net, 2), x, { statistics: true });
    const { device, reference } = pair();
    const lines = await Promise.all(
      [device, reference].map(async (backend) => {
        const run = jit(all, { backend });
        const found = await readObservations(network, run(network, input).statistics, { mode: 'tick' });
        run.dispose();
        return recorded(found);
      }),
    );
    expect(lines[0]).toBe(lines[1]);
  });
});

describe('recordings', () => {
  const number = fc.oneof(fc.double(), fc.constantFrom(NaN, Infinity, -Infinity, -0, 1.4e-45));
  const layer = fc.record({ name: fc.string(), type: fc.string(), mean: number, max: number, min: number, active: number, total: number }); // prettier-ignore
  const observation = fc.record(
    { mode: fc.constantFrom('run', 'tick', 'train'), step: fc.nat(), layers: fc.array(layer), loss: number },
    { requiredKeys: ['mode', 'step', 'layers'] },
  );

  test('give back what they were made of, whatever the numbers and names', () => {
    fc.assert(
      fc.property(fc.array(observation), (observations) => {
        expect(parseRecording(recorded(observations as Observation[]))).toStrictEqual(
          observations.map((one) => ({ ...one, layers: one.layers.map((own) => ({ ...own })) })),
        );
      }),
      { numRuns: 200 },
    );
  });

  test('that are none, or not whole, are refused with the line', () => {
    const text = recorded([seen(0), seen(1)]);
    expect(errorOf('FILE_FORMAT', () => parseRecording('')).where).toBe('line 1');
    errorOf('FILE_FORMAT', () => parseRecording('[1]\n'));
    errorOf('FILE_VERSION', () => parseRecording(text.replace('"version":1', '"version":2')));
    expect(errorOf('FILE_TRUNCATED', () => parseRecording(text.slice(0, -3))).where).toBe('line 3');
    errorOf('FILE_TRUNCATED', () => parseRecording(text.split('\n')[0]));
    for (const [from, to] of [
      ['"step":1', '"step":-1'],
      ['"mode":"tick","step":1', '"mode":"walk","step":1'],
      ['"step":1,"layers":[', '"step":1,"layers":[7,'],
      ['"step":1', '"loss":"high","step":1'],
    ] as const)
      expect(errorOf('FILE_CORRUPT', () => parseRecording(text.replace(from, to))).where).toBe('line 3');
    errorOf('USAGE', () => parseRecording(7 as never));
  });

  test('are replayed in their order, and the observer is closed', async () => {
    const stream = observationStream();
    await replay(parseRecording(recorded([seen(0), seen(1), seen(2)])), stream, { interval: 1 });
    const found: number[] = [];
    for await (const { step } of stream) found.push(step);
    expect(found).toEqual([0, 1, 2]);
  });
});

describe('observers', () => {
  test('the console has a line for the step and one for each layer', async () => {
    const lines: string[] = [];
    await consoleObserver({ write: (line) => void lines.push(line) }).next({ ...seen(4), loss: 1 / 3 });
    expect(lines).toEqual(['tick 4: loss 0.333333', '  a (dense): mean 0.5, -1 to 2, 3 of 4 active']);
  });

  test('an iterator waits for what comes, and drops the oldest where nobody reads', async () => {
    const stream = observationStream({ limit: 2 });
    for (const step of [0, 1, 2]) stream.next(seen(step));
    expect(stream.dropped).toBe(1);
    const reader = stream[Symbol.asyncIterator]();
    expect((await reader.next()).value).toMatchObject({ step: 1 });
    await reader.next();
    const waiting = reader.next();
    stream.next(seen(3));
    expect((await waiting).value).toMatchObject({ step: 3 });
    stream.close();
    stream.next(seen(4));
    expect((await reader.next()).done).toBe(true);
    expect((await rejection(stream[Symbol.asyncIterator]().next())).code).toBe('USAGE');
  });

  test('where one fails the others go on', async () => {
    const [stream, errors] = [observationStream(), [] as HeddleError[]];
    const broken = { next: () => Promise.reject(new Error('full')), close: () => Promise.reject(new Error('open')) }; // prettier-ignore
    const all = broadcast([broken, stream], { onError: (error) => void errors.push(error) });
    await all.next(seen(0));
    await all.close();
    expect(errors.map(({ code, where, found }) => [code, where, found])).toEqual([
      ['OBSERVER_FAILED', 'observers[0]', 'full'],
      ['OBSERVER_FAILED', 'observers[0]', 'open'],
    ]);
    expect((await stream[Symbol.asyncIterator]().next()).value).toEqual(seen(0));
    errorOf('USAGE', () => broadcast([{} as never]));
  });
});

describe('HTTP', () => {
  let server: Server;
  let origin = '';
  const bodies: string[] = [];
  beforeAll(async () => {
    server = createServer((request, response) => {
      if (request.url === '/silent') return;
      let body = '';
      request.setEncoding('utf8').on('data', (text: string) => (body += text));
      request.on('end', () => {
        bodies.push(body);
        response.writeHead(request.url === '/refuses' ? 503 : 200).end('x'.repeat(100_000));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  test('posts lines of JSON, in their order, with one request at a time', async () => {
    const observer = httpObserver(`${origin}/takes`);
    for (let step = 0; step < 5; step++) observer.next(seen(step));
    await observer.close();
    expect([observer.sent, observer.lost, bodies.length]).toEqual([5, 0, 2]);
    const steps = bodies.join('').trim().split('\n').map((line) => (JSON.parse(line) as Observation).step); // prettier-ignore
    expect(steps).toEqual([0, 1, 2, 3, 4]);
  });

  test.each([
    ['refuses', 'status 503'],
    ['silent', 'no answer within 50 ms'],
  ])('a server that %s costs observations only', async (path, found) => {
    const errors: HeddleError[] = [];
    const observer = httpObserver(`${origin}/${path}`, { timeout: 50, onError: (error) => void errors.push(error) }); // prettier-ignore
    observer.next(seen(0));
    await observer.close();
    expect([observer.sent, observer.lost]).toEqual([0, 1]);
    expect(errors.map((error) => [error.code, error.where, error.found])).toEqual([
      ['OBSERVER_FAILED', `${origin}/${path}`, found],
    ]);
  });

  test('so does one that is not there, and a queue that is full', async () => {
    const observer = httpObserver('http://127.0.0.1:1/', { limit: 1 });
    for (const step of [0, 1, 2]) observer.next(seen(step));
    await observer.close();
    expect([observer.sent, observer.lost]).toEqual([0, 3]);
  });

  test('what onError throws comes out of close', async () => {
    const observer = httpObserver(`${origin}/refuses`, {
      onError: (error) => {
        throw error;
      },
    });
    observer.next(seen(0));
    expect((await rejection(observer.close())).code).toBe('OBSERVER_FAILED');
  });

  test('what is no address is refused', () => {
    for (const url of ['', 'file:///etc/hosts', '127.0.0.1:80/x', 7 as never])
      errorOf('USAGE', () => httpObserver(url));
    errorOf('USAGE', () => httpObserver(origin, { timeout: 0 }));
  });
});
