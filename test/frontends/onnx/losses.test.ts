/** The losses, batch normalization in training and integer powers against references written from the specification. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { importOnnx } from '../../../src/frontends/onnx/index.js';
import { encodeModel, node, port, tensor, type ProtoAttribute } from '../../../scripts/onnx-proto.mjs';
import { interpret } from '../../../src/interpreter/index.js';
import { fuzz } from '../../support/fuzz.js';
import {
  errorOf,
  given,
  importVerified,
  known,
  oneNodeModel,
  random,
  resultOf,
  runNode,
  type OneNode,
} from './support.js';

const runs = fuzz(60);

const REDUCTIONS = ['none', 'sum', 'mean', undefined] as const;

interface Example {
  readonly shape: readonly number[];
  readonly scores: readonly number[];
  readonly labels: readonly number[];
  readonly weights: readonly number[] | undefined;
  readonly ignored: number | undefined;
  readonly reduction: (typeof REDUCTIONS)[number];
}

const examples = fc.nat().map((start): Example => {
  const below = random(start);
  const classes = 1 + below(4);
  const places = Array.from({ length: below(3) }, () => 1 + below(3));
  const batch = 1 + below(3);
  const shape = [batch, classes, ...places];
  const count = batch * places.reduce((n, extent) => n * extent, 1);
  const ignored = [undefined, 0, -1, classes][below(4)];
  return {
    shape,
    scores: Array.from({ length: count * classes }, () => (below(65) - 32) / 8),
    labels: Array.from({ length: count }, () =>
      ignored !== undefined && below(3) === 0 ? ignored : below(classes),
    ),
    weights: below(2) === 0 ? undefined : Array.from({ length: classes }, () => below(9) / 4),
    ignored,
    reduction: REDUCTIONS[below(4)],
  };
});

/** Losses of log-probabilities in the order of the labels, reduced. */
function reference(example: Example, logs: readonly number[]): number[] {
  const [, classes, ...places] = example.shape;
  const inner = places.reduce((n, extent) => n * extent, 1);
  let total = 0;
  const losses = example.labels.map((label, i) => {
    if (label === example.ignored) return 0;
    const weight = example.weights?.[label] ?? 1;
    total += weight;
    const [n, place] = [Math.floor(i / inner), i % inner];
    return -logs[(n * classes + label) * inner + place] * weight;
  });
  const sum = losses.reduce((all, loss) => all + loss, 0);
  if (example.reduction === 'none') return losses;
  return [example.reduction === 'sum' ? sum : sum / total];
}

function logSoftmax({ shape, scores }: Example): number[] {
  const [, classes, ...places] = shape;
  const inner = places.reduce((n, extent) => n * extent, 1);
  return scores.map((score, i) => {
    const [n, place] = [Math.floor(i / (classes * inner)), i % inner];
    const row = Array.from({ length: classes }, (_, c) => scores[(n * classes + c) * inner + place]);
    const most = Math.max(...row);
    return score - most - Math.log(row.reduce((sum, x) => sum + Math.exp(x - most), 0));
  });
}

function specOf(op: string, example: Example, outputs: OneNode['outputs']): OneNode {
  const { shape, scores, labels, weights, ignored, reduction } = example;
  const attributes: Record<string, ProtoAttribute> = {
    ...(ignored === undefined ? {} : { ignore_index: ignored }),
    ...(reduction === undefined ? {} : { reduction }),
  };
  const labelShape = shape.filter((_, axis) => axis !== 1);
  const operands = [
    given(shape, scores),
    given(labelShape, labels, 'int64'),
    weights && given([shape[1]], weights),
  ];
  return { op, operands, attributes, opset: 13, ...(outputs === undefined ? {} : { outputs }) };
}

function expectClose(found: ArrayLike<number>, expected: readonly number[]): void {
  expect(found.length).toBe(expected.length);
  expected.forEach((value, i) => {
    if (Number.isNaN(value)) expect(found[i]).toBeNaN();
    else expect(Math.abs(found[i] - value)).toBeLessThanOrEqual(1e-5 * (1 + Math.abs(value)));
  });
}

describe('losses', () => {
  test('NegativeLogLikelihoodLoss: weights, ignored labels and reductions over any places', () => {
    fc.assert(
      fc.property(examples, (example) => {
        const [loss] = runNode(specOf('NegativeLogLikelihoodLoss', example, undefined));
        expectClose(loss.data, reference(example, example.scores));
      }),
      runs,
    );
  });

  test('SoftmaxCrossEntropyLoss: that of the logarithms of softmax, which are its second output', () => {
    fc.assert(
      fc.property(examples, (example) => {
        const [loss, logs] = runNode(specOf('SoftmaxCrossEntropyLoss', example, ['float', 'float']));
        expectClose(logs.data, logSoftmax(example));
        expectClose(loss.data, reference(example, logSoftmax(example)));
      }),
      runs,
    );
  });

  const x = given([2, 3], [1, 2, 3, 4, 5, 6]);
  const labels = given([2], [0, 1], 'int64');
  test.each([
    ['labels of another shape', { operands: [x, given([3], [0, 1, 2], 'int64')] }, 'SHAPE_MISMATCH'],
    ['a weight too many', { operands: [x, labels, given([4], [1, 1, 1, 1])] }, 'SHAPE_MISMATCH'],
    ['no classes', { operands: [given([2], [1, 2]), labels] }, 'ONNX_INVALID'],
    ['an unknown reduction', { operands: [x, labels], attributes: { reduction: 'max' } }, 'ONNX_INVALID'],
  ] as const)('refuses %s', (_, spec, code) => {
    for (const op of ['NegativeLogLikelihoodLoss', 'SoftmaxCrossEntropyLoss'])
      errorOf(code, () => importOnnx(oneNodeModel({ op, opset: 13, ...spec })));
  });
});

describe('BatchNormalization in training', () => {
  const x = given([2, 2, 1], [1, 10, 3, 30]);
  const operands = [x, given([2], [1, 2]), given([2], [0, 1]), given([2], [0, 4]), given([2], [1, 0])];
  const five = ['float', 'float', 'float', 'float', 'float'] as const;
  const expected = [-1, -1, 1, 3];

  test('gives running statistics from opset 14 on', () => {
    const attributes = { training_mode: 1, epsilon: { float: 0 }, momentum: { float: 0.75 } };
    const [y, mean, variance] = runNode({
      ...{ op: 'BatchNormalization', operands, attributes, opset: 15 },
      outputs: five.slice(0, 3),
    });
    expectClose(y.data, expected);
    expectClose(mean.data, [0.5, 8]);
    expectClose(variance.data, [1, 25]);
  });

  test.each([1, 6, 7, 9])('gives those of the batch as well in opset %i', (opset) => {
    const attributes: Record<string, ProtoAttribute> = {
      ...(opset === 1 ? { consumed_inputs: [0, 0, 0, 1, 1] } : {}),
      epsilon: { float: 0 },
      momentum: { float: 0.75 },
    };
    const results = runNode({ op: 'BatchNormalization', operands, attributes, opset, outputs: five });
    [expected, [0.5, 8], [1, 25], [2, 20], [1, 100]].forEach((data, i) => expectClose(results[i].data, data));
  });

  test('of each element apart, where it is not spatial', () => {
    const ones = (value: number): ReturnType<typeof given> => given([1, 2], [value, value]);
    const [y] = runNode({
      op: 'BatchNormalization',
      operands: [given([2, 1, 2], [1, 10, 3, 30]), ones(1), ones(0), ones(0), ones(1)],
      attributes: { spatial: 0, epsilon: { float: 0 } },
      opset: 7,
      outputs: five,
    });
    expectClose(y.data, [-1, -1, 1, 1]);
  });
});

describe('statistics are computed in the type that stash_type names', () => {
  const half = (data: readonly number[]): OneNode['operands'][number] => ({
    ...given([1, data.length], data),
    dtype: 'float16',
  });
  test.each([
    ['LayerNormalization', 17],
    ['RMSNormalization', 23],
  ])('%s of f16 numbers whose squares are beyond its range', (op, opset) => {
    const one = half([0x3c00, 0x3c00]);
    const [y] = runNode({ op, operands: [half([0x7000, 0xf000]), one], opset, outputs: ['float16'] });
    expect(Array.from(y.data)).toEqual([0x3c00, 0xbc00]);
  });
});

describe('Pow of integers', () => {
  test('wraps, whatever the exponent', () => {
    fc.assert(
      fc.property(fc.integer({ min: -50, max: 50 }), fc.nat({ max: 2 ** 31 - 1 }), (x, y) => {
        const { data } = resultOf({
          ...{ op: 'Pow', operands: [given([1], [x], 'int32'), given([1], [y], 'int32')] },
          outputs: ['int32'],
        });
        let [power, square, rest] = [1n, BigInt(x), y];
        for (; rest > 0; rest = Math.floor(rest / 2)) {
          if (rest % 2 === 1) power = BigInt.asIntN(32, power * square);
          square = BigInt.asIntN(32, square * square);
        }
        expect(data).toEqual([Number(power)]);
      }),
      runs,
    );
  });

  test('is exact where int64 numbers are known', () => {
    const scalars = { x: 3, y: 39, m: 1000 };
    const program = importVerified(
      encodeModel(
        {
          name: 'g',
          node: [node('Pow', ['x', 'y'], ['p']), node('Mod', ['p', 'm'], ['z'])],
          initializer: Object.entries(scalars).map(([name, value]) => tensor(name, 'int64', [1], [value])),
          output: [port('z', 'int64', [1])],
        },
        { opset: 21 },
      ),
    );
    // 3^39 = 4052555153018976267
    expect(Array.from(interpret(program, {}).outputs.z.data)).toEqual([267]);
  });

  test.each([
    ['a negative exponent', given([4], [1, -1, 2, 0], 'int32'), given([1], [-3], 'int32'), [1, -1, 0, 0]],
    ['a float exponent', given([3], [3, 2, 9], 'int32'), given([3], [2, 3, 0.5]), [9, 8, 3]],
    ['a constant exponent', given([2], [3, -2], 'int32'), known([], [3]), [27, -8]],
  ])('by %s', (_, x, y, expected) => {
    expect(resultOf({ op: 'Pow', operands: [x, y], outputs: ['int32'] }).data).toEqual(expected);
  });
});
