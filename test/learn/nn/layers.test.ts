/** Layers against PyTorch in doubles: outputs, and gradients by all parameters and inputs. */
import { describe, expect, test } from 'vitest';
import { concat, nn, tensor, type Tensor } from '../../../src/index.js';
import { expectCase, expectNear, torchValues, wave, waved } from '../../tensor/torch.js';

const key = 0;

describe('like PyTorch', () => {
  test('linear', async () => {
    await expectCase('linear', waved(new nn.Linear(3, 4, { key })), [wave([2, 3], 50)], (m, x) => [
      m.call(x),
    ]);
  });

  test('convolutions', async () => {
    const one = new nn.Conv1d(2, 3, 3, { key, dilation: 2, padding: 1 });
    await expectCase('conv1d', waved(one), [wave([2, 2, 7], 50)], (m, x) => [m.call(x)]);
    const two = new nn.Conv2d(2, 4, 3, { key, stride: 2, padding: 1, groups: 2 });
    await expectCase('conv2d', waved(two), [wave([2, 2, 5, 5], 50)], (m, x) => [m.call(x)]);
    const three = new nn.Conv3d(1, 2, 2, { key });
    await expectCase('conv3d', waved(three), [wave([1, 1, 3, 3, 3], 50)], (m, x) => [m.call(x)]);
  });

  test('transposed convolutions', async () => {
    const one = new nn.ConvTranspose1d(2, 3, 4, { key, stride: 2, padding: 1 });
    await expectCase('convTranspose1d', waved(one), [wave([2, 2, 4], 50)], (m, x) => [m.call(x)]);
    const two = new nn.ConvTranspose2d(4, 2, 3, { key, stride: 2, padding: 1, outputPadding: 1, groups: 2 });
    await expectCase('convTranspose2d', waved(two), [wave([1, 4, 3, 3], 50)], (m, x) => [m.call(x)]);
  });

  test('pools', async () => {
    const options = { stride: 2, padding: 1 };
    const x = wave([2, 2, 6, 6], 50);
    await expectCase('maxPool', new nn.MaxPool(3, options), [x], (m, x) => [m.call(x)]);
    await expectCase('averagePool', new nn.AveragePool(3, options), [x], (m, x) => [m.call(x)]);
  });

  test('embeddings', async () => {
    const indices = tensor(
      [
        [0, 2, 2],
        [4, 1, 0],
      ],
      { dtype: 'i32' },
    );
    await expectCase('embedding', waved(new nn.Embedding(5, 3, { key })), [indices], (m, i) => [m.call(i)]);
  });

  test('norms', async () => {
    const x = wave([2, 3, 4], 50);
    await expectCase('layerNorm', waved(new nn.LayerNorm([3, 4])), [x], (m, x) => [m.call(x)]);
    await expectCase('rmsNorm', waved(new nn.RMSNorm(4)), [x], (m, x) => [m.call(x)]);
    await expectCase('groupNorm', waved(new nn.GroupNorm(2, 4)), [wave([2, 4, 3], 50)], (m, x) => [
      m.call(x),
    ]);
  });

  test('recurrent networks, with initial states', async () => {
    const x = wave([2, 4, 3], 50);
    const [h, c] = [wave([4, 2, 4], 51), wave([4, 2, 4], 52)];
    const rows = (t: Tensor): Tensor[] =>
      t.shape.slice(0, 1).flatMap((n) => Array.from({ length: n }, (_, i) => t.at(i)));
    const stacked = (states: readonly Tensor[]): Tensor =>
      states.map((s) => s.unsqueeze(0)).reduce((a, b) => concat([a, b]));
    const options = { key, layers: 2, bidirectional: true };
    const simple = (m: nn.RNN | nn.GRU, x: Tensor, h: Tensor): Tensor[] => {
      const [y, states] = m.unroll(x, rows(h));
      return [y, stacked(states)];
    };
    await expectCase('rnn', waved(new nn.RNN(3, 4, options)), [x, h], simple);
    const relu = new nn.RNN(3, 4, { key, activation: 'relu' });
    await expectCase('rnnRelu', waved(relu), [x, wave([1, 2, 4], 51)], simple);
    await expectCase('gru', waved(new nn.GRU(3, 4, options)), [x, h], simple);
    await expectCase('lstm', waved(new nn.LSTM(3, 4, options)), [x, h, c], (m, x, h, c) => {
      const cells = rows(c);
      const [y, states] = m.unroll(
        x,
        rows(h).map((hidden, i) => ({ hidden, cell: cells[i] })),
      );
      return [y, stacked(states.map(({ hidden }) => hidden)), stacked(states.map(({ cell }) => cell))];
    });
  });

  test('attention', async () => {
    const x = wave([2, 3, 8], 50);
    const full = new nn.MultiHeadAttention(8, 4, { key });
    await expectCase('attention', waved(full), [x], (m, x) => [m.call(x)]);
    const grouped = new nn.MultiHeadAttention(8, 4, { key, keyValueHeads: 2, causal: true });
    await expectCase('attentionCausal', waved(grouped), [x], (m, x) => [m.call(x)]);
    const cross = new nn.MultiHeadAttention(8, 2, { key, memoryFeatures: 6 });
    await expectCase('attentionCross', waved(cross), [x, wave([2, 5, 6], 51)], (m, x, memory) => [
      m.call(x, { memory }),
    ]);
    const mask = tensor([
      [true, false, true],
      [true, true, false],
      [false, false, true],
    ]);
    const masked = new nn.MultiHeadAttention(8, 2, { key });
    await expectCase('attentionMask', waved(masked), [x], (m, x) => [m.call(x, { mask })]);
  });

  test('transformer blocks', async () => {
    const block = new nn.TransformerBlock(8, 2, { key, hidden: 16 });
    await expectCase('transformerBlock', waved(block), [wave([2, 3, 8], 50)], (m, x) => [m.call(x)], 1e-5);
  });

  const activations = {
    relu: nn.relu,
    leakyRelu: (x: Tensor) => nn.leakyRelu(x),
    elu: (x: Tensor) => nn.elu(x),
    selu: nn.selu,
    gelu: nn.gelu,
    geluTanh: nn.geluTanh,
    silu: nn.silu,
    mish: nn.mish,
    softplus: nn.softplus,
    sigmoid: nn.sigmoid,
    tanh: nn.tanh,
    hardswish: nn.hardswish,
    softmax: nn.softmax,
  };
  test.each(Object.entries(activations))('%s', async (name, f) => {
    await expectCase(`activation.${name}`, undefined, [wave([3, 5], 50, 4)], (_, x) => [f(x)]);
  });
});

describe('batch norm', () => {
  const model = (): nn.BatchNorm =>
    waved(new nn.BatchNorm(3), 2).load(
      { runningMean: wave([3], 20), runningVariance: wave([3], 21).abs().add(0.5) },
      { strict: false },
    );
  const x = wave([2, 3, 2, 2], 50);

  test('in training, with running statistics', async () => {
    await expectCase('batchNorm', model(), [x], (m, x) => [m.call(x, { training: true })]);
    const m = model();
    m.call(x, { training: true });
    await expectNear(m.runningMean, torchValues.batchNormRunning[0]);
    await expectNear(m.runningVariance, torchValues.batchNormRunning[1]);
  });

  test('in inference', async () => {
    await expectCase('batchNormInference', model(), [x], (m, x) => [m.call(x)]);
    const m = model();
    const before = m.runningMean;
    m.call(x);
    expect(m.runningMean).toBe(before);
  });
});
