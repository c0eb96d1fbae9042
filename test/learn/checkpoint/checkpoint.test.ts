/** Training that was saved and resumed has the bits of training that was not. */
import { describe, expect, test } from 'vitest';
import { HeddleError } from '../../../src/base/errors.js';
import { readSafetensors } from '../../../src/data/safetensors/read.js';
import { writeSafetensors } from '../../../src/data/safetensors/write.js';
import {
  jit,
  loadCheckpoint,
  losses,
  nn,
  optim,
  random,
  referenceBackend,
  saveCheckpoint,
  tensor,
  valueAndGrad,
  type Tensor,
} from '../../../src/index.js';
import { expectSameTrees } from '../../tensor/support.js';

const makeModel = (seed: number): nn.Sequential => {
  const [a, b] = random.split(random.key(seed));
  return new nn.Sequential(
    new nn.Linear(4, 8, { key: a }),
    new nn.BatchNorm(8),
    nn.gelu,
    new nn.Dropout(0.2),
    new nn.Linear(8, 3, { key: b }),
  );
};
const optimizer = optim.accumulated(
  optim.adamw({ learningRate: optim.schedules.warmup(3, optim.schedules.cosine(0.05, 20)) }),
  2,
);
/** What changes from step to step, beside the model. */
interface State {
  readonly optimizer: optim.StateOf<typeof optimizer>;
  readonly key: Tensor;
}
const step = jit(
  (model: nn.Sequential, state: State): [nn.Sequential, State, Tensor] => {
    const [key, forData, forDropout] = random.split(state.key, 3);
    const x = random.normal(forData, [6, 4]);
    const y = tensor([0, 1, 2, 2, 1, 0], { dtype: 'i32' });
    const loss = (net: nn.Sequential): [Tensor, nn.Sequential] => [
      losses.crossEntropy(net.call(x, { training: true, key: forDropout }), y),
      net,
    ];
    const [[value, updated], gradients] = valueAndGrad(loss, { aux: true })(model);
    const [next, nextState] = optimizer.update(updated, gradients, state.optimizer);
    return [next, { optimizer: nextState, key }, value];
  },
  { donate: [0, 1] },
);

function train(model: nn.Sequential, state: State, steps: number): [nn.Sequential, State] {
  for (let i = 0; i < steps; i++) [model, state] = step(model, state);
  return [model, state];
}
const start = (seed: number): [nn.Sequential, State] => {
  const model = makeModel(seed);
  return [model, { optimizer: optimizer.init(model), key: random.key(9) }];
};

test('five steps, a file, and five steps are ten steps', async () => {
  const whole = train(...start(1), 10);
  const [half, halfState] = train(...start(1), 5);
  const metadata = { epoch: 5, seeds: [1, 9], name: 'small' };
  const bytes = await saveCheckpoint({ model: half, state: halfState, metadata });
  expect(await saveCheckpoint({ model: half, state: halfState, metadata })).toEqual(bytes);
  // Another model, with other bits: all that counts comes from the file.
  const [model, state] = start(2);
  const loaded = loadCheckpoint(bytes, { model, state });
  expect(loaded.metadata).toEqual(metadata);
  expect(loaded.model).toBeInstanceOf(nn.Sequential);
  await expectSameTrees([loaded.model, loaded.state], [half, halfState]);
  await expectSameTrees(train(loaded.model, loaded.state, 5), whole);
});

test('weights have their names in the file', async () => {
  const model = makeModel(1);
  const { tensors } = readSafetensors(await saveCheckpoint({ model }));
  expect([...tensors.keys()].sort()).toEqual(
    Object.keys(model.state())
      .map((path) => `model.${path}`)
      .sort(),
  );
});

test('a model goes where the given one is', async () => {
  const there = referenceBackend('flush');
  const bytes = await saveCheckpoint({ model: makeModel(1), state: tensor([1, 2]) });
  const given = makeModel(2).to(there);
  const { model, state } = loadCheckpoint(bytes, { model: given, state: tensor([0, 0]) });
  expect((model.layers[0] as nn.Linear).weight.expr.storage?.backend).toBe(there);
  expect(await state.toArray()).toEqual([1, 2]);
  await expectSameTrees(given, makeModel(2));
});

test('files of the first version, which have no checksum, are read', async () => {
  const model = makeModel(1);
  const { tensors } = readSafetensors(await saveCheckpoint({ model }));
  const old = writeSafetensors(tensors, { 'heddle.checkpoint': '{"version":1,"metadata":{"epoch":3}}' });
  const loaded = loadCheckpoint(old, { model: makeModel(2) });
  expect(loaded.metadata).toEqual({ epoch: 3 });
  await expectSameTrees(loaded.model, model);
});

test('a bit that is not what was written is found, wherever it is', async () => {
  const model = new nn.Linear(7, 5, { key: 1 });
  const state = { step: tensor(3, { dtype: 'i32' }), mask: tensor([true, false, true]) };
  // Metadata may look like what the checksum stands in.
  const metadata = { note: '{"checksum":"00' };
  const bytes = await saveCheckpoint({ model, state, metadata });
  expect(loadCheckpoint(bytes, { model, state }).metadata).toEqual(metadata);
  const end = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const flipped = (bit: number): Uint8Array => {
    const copy = new Uint8Array(bytes);
    copy[bit >> 3] ^= 1 << (bit & 7);
    return copy;
  };
  const codeOf = (bit: number): string => {
    try {
      loadCheckpoint(flipped(bit), { model, state });
    } catch (error) {
      if (error instanceof HeddleError) return error.code;
    }
    return 'nothing';
  };
  for (let bit = 0; bit < 8 * end; bit++)
    expect([bit, codeOf(bit)]).toEqual([bit, expect.stringMatching(/^FILE_/)]);
  for (let bit = 8 * end; bit < 8 * bytes.length; bit++)
    expect([bit, codeOf(bit)]).toEqual([bit, 'FILE_CORRUPT']);
});

describe('says what is wrong', () => {
  const failure = (body: () => unknown): HeddleError => {
    try {
      body();
    } catch (error) {
      if (error instanceof HeddleError) return error;
    }
    throw new Error('nothing was thrown');
  };
  const linear = (outputs: number): nn.Linear => new nn.Linear(2, outputs, { key: 0 });

  test('with another tree', async () => {
    const bytes = await saveCheckpoint({ model: linear(3) });
    const shape = failure(() => loadCheckpoint(bytes, { model: linear(4) }));
    expect([shape.code, shape.where, shape.found, shape.expected]).toEqual([
      'SHAPE_MISMATCH',
      'model, weight',
      'f32[3,2]',
      'f32[4,2]',
    ]);
    const names = failure(() => loadCheckpoint(bytes, { model: { wait: linear(3).weight } }));
    expect([names.code, names.found, names.expected]).toEqual([
      'TREE_MISMATCH',
      'unexpected bias, weight',
      'also wait',
    ]);
    const none = failure(() => loadCheckpoint(bytes, { model: linear(3), state: { step: tensor(0) } }));
    expect([none.code, none.where, none.expected]).toEqual(['TREE_MISMATCH', 'state', 'also step']);
  });

  test('with files', async () => {
    const bytes = await saveCheckpoint({ model: linear(3) });
    const load = (file: Uint8Array) => failure(() => loadCheckpoint(file, { model: linear(3) }));
    expect(load(bytes.subarray(0, bytes.length - 4)).code).toBe('FILE_TRUNCATED');
    const { tensors } = readSafetensors(bytes);
    const plain = load(writeSafetensors(tensors));
    expect([plain.code, plain.hint]).toEqual(['FILE_FORMAT', expect.stringMatching(/model\.load/)]);
    const withText = (text: string): Uint8Array => writeSafetensors(tensors, { 'heddle.checkpoint': text });
    expect(load(withText('{')).code).toBe('FILE_CORRUPT');
    expect(load(withText('null')).code).toBe('FILE_VERSION');
    expect(load(withText('{"version":3}')).code).toBe('FILE_VERSION');
    expect(load(withText('{"version":2,"metadata":{}}')).code).toBe('FILE_CORRUPT');
    expect(load(withText('{"version":1}')).code).toBe('FILE_CORRUPT');
  });
});
