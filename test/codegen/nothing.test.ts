/** A float sum of nothing is +0, whatever computes it; a sum of -0 stays -0. */
import { describe, expect, test } from 'vitest';
import { convTranspose } from '../../src/compose/conv.js';
import { interpret } from '../../src/interpreter/index.js';
import type { GraphBuilder } from '../../src/ir/builder.js';
import type { Value } from '../../src/ir/emitter.js';
import { tensorData } from '../../src/base/tensor.js';
import { optimize } from '../../src/passes/optimize.js';
import { expectSameBits } from '../support/differential.js';
import { availableGpus } from '../support/gpu.js';
import { specimen } from '../support/specimen.js';

const conv = { strides: [1], padLow: [0], padHigh: [0], lhsDilation: [1], rhsDilation: [1], groups: 1 };
const matrix = { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] };
const pooled = { kind: 'sum', window: [1, 1, 2], strides: [1, 1, 1], dilations: [1, 1, 1] } as const;
const scan = { kind: 'sum', axis: 2, exclusive: true } as const;
const [N, P] = [-0, 0];

/** Of -0 in x [1,1,3], and a weight of 1s [1,1,2]: the elements of each value, by sign. */
const CASES: Readonly<
  Record<string, readonly [make: (b: GraphBuilder, x: Value, w: Value) => Value, expected: readonly number[]]>
> = {
  'reduce of none': [(b) => b.reduce('sum', b.constant('f32', [2, 0], 0), [1]), [P, P]],
  'reduce of -0': [(b, x) => b.reduce('sum', x, [2]), [N]],
  'exclusive scan': [(b, x) => b.emit('scan', [x], { ...scan, reverse: false }), [P, N, N]],
  'exclusive scan, reverse': [(b, x) => b.emit('scan', [x], { ...scan, reverse: true }), [N, N, P]],
  'dot of none': [
    (b) => b.emit('dot', [b.constant('f32', [2, 0], 0), b.constant('f32', [0, 2], 0)], matrix),
    [P, P, P, P],
  ],
  'dot of none, computed operands': [
    (b, x) => {
      const none = b.emit('slice', [b.reshape(x, [1, 3])], {
        starts: [0, 0],
        sizes: [1, 0],
        strides: [1, 1],
      });
      return b.emit('dot', [none, b.permute(none, [1, 0])], matrix);
    },
    [P],
  ],
  'window over padding': [
    (b, x) => b.emit('reduceWindow', [x], { ...pooled, padLow: [0, 0, 2], padHigh: [0, 0, 2] }),
    [P, N, N, N, N, P],
  ],
  'window over padding, wide steps': [
    (b, x) =>
      b.emit('reduceWindow', [x], {
        ...pooled,
        dilations: [1, 1, 5],
        padLow: [0, 0, 1],
        padHigh: [0, 0, 3],
      }),
    [P, N],
  ],
  'window over -0 that a pad put there': [
    (b, x) => {
      const around = { low: [0, 0, 2], high: [0, 0, 2], interior: [0, 0, 0], value: -0 };
      return b.emit('reduceWindow', [b.emit('pad', [x], around)], {
        ...pooled,
        padLow: [0, 0, 0],
        padHigh: [0, 0, 0],
      });
    },
    [N, N, N, N, N, N],
  ],
  'conv over padding, negative weights': [
    (b, x, w) => b.emit('conv', [x, b.unary('neg', w)], { ...conv, padLow: [2], padHigh: [3] }),
    [P, P, P, P, P, P, P],
  ],
  'conv over zeros that a pad put there, negative weights': [
    (b, x, w) => {
      const around = { low: [0, 0, 2], high: [0, 0, 0], interior: [0, 0, 0], value: 0 };
      return b.emit('conv', [b.emit('pad', [x], around), b.unary('neg', w)], conv);
    },
    [N, P, P, P],
  ],
  'conv over padding, wide steps': [
    (b, x, w) =>
      b.emit('conv', [x, b.unary('neg', w)], { ...conv, rhsDilation: [5], padLow: [1], padHigh: [3] }),
    [P, P],
  ],
  'conv without channels': [
    (b) => b.emit('conv', [b.constant('f32', [1, 0, 2], 0), b.constant('f32', [1, 0, 1], 0)], conv),
    [P, P],
  ],
  'holes of a transposed conv': [
    (b, x, w) => convTranspose(b, x, w, undefined, { strides: [3] }),
    [N, N, P, N, N, P, N, N],
  ],
  'the rim of a transposed conv, negative weights': [
    (b, x, w) => convTranspose(b, x, b.unary('neg', w), undefined, { strides: [3], outputPadding: [2] }),
    [P, P, P, P, P, P, P, P, P, P],
  ],
};

const program = specimen(
  (b) => {
    const [x, w] = [b.param('x', 'f32', [1, 1, 3]), b.param('w', 'f32', [1, 1, 2])];
    for (const [name, [make]] of Object.entries(CASES)) b.output(name, make(b, x, w));
  },
  'usual',
  {
    x: tensorData('f32', [1, 1, 3], new Float32Array(3).fill(-0)),
    w: tensorData('f32', [1, 1, 2], new Float32Array(2).fill(1)),
  },
);

describe('sums of nothing', () => {
  const { outputs } = interpret(program.program, program.inputs);
  const optimised = interpret(optimize(program.program), program.inputs).outputs;
  test.each(Object.keys(CASES))('%s', (name) => {
    expect(Array.from(outputs[name].data)).toEqual(CASES[name][1]);
    expect(Array.from(optimised[name].data)).toEqual(CASES[name][1]);
  });

  test.each(availableGpus)('on %s', async (gpu) => {
    await expectSameBits(program, { gpus: [gpu], variants: ['optimised', 'software', 'fused', 'separate'] });
  });
});
