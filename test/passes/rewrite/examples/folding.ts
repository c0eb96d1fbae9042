/** Where the rules for constants and weights apply. */
import { elementCount } from '../../../../src/base/tensor.js';
import type { Value } from '../../../../src/ir/emitter.js';
import type { foldRules } from '../../../../src/passes/rewrite/rules/fold.js';
import type { splatRules } from '../../../../src/passes/rewrite/rules/splat.js';
import { numbers } from '../../../interpreter/support.js';
import { tensorOf } from '../../../support/tensors.js';
import { shapeOf, type Sample } from '../../support.js';
import type { Example } from './example.js';

type Names = keyof typeof splatRules | keyof typeof foldRules;

const FLOATS = ['f32', 'f16'] as const;

/** A constant with as many values as elements. */
function listed(s: Sample, shape: readonly number[]): Value {
  const dtype = s.dtype();
  return s.b.constant(dtype, shape, numbers(tensorOf(dtype, shape, s.int(0, 9999), 'hostile')));
}

const anySplat = (s: Sample): Value => s.splat(s.dtype(), s.shape());

export const foldingExamples: Readonly<Record<Names, Example>> = {
  'constant in normal form': (s) =>
    s.b.constant(
      s.pick('i32', 'f32', 'bool', 'f16', 'u32'),
      [3],
      s.pick([5, 5, 5], [-1.3, 1e10, 0.1], [0.1, 0.1, 0.1]),
    ),
  'reshape of a constant': (s) => s.b.reshape(s.pick(listed(s, [2, 3]), s.splat('f32', [6])), [3, 2]),
  'movement of one number': (s) => {
    const x = anySplat(s);
    const shape = shapeOf(x);
    const filled = s.splat(s.dtype(), [3, 4]);
    return s.pick(
      s.b.permute(x, s.permutation(shape.length)),
      s.b.broadcast(s.splat(s.dtype(), [1, 2]), [3, 2]),
      s.b.emit('slice', [filled], { starts: [1, 0], sizes: [2, 2], strides: [1, 2] }),
      s.b.emit('reverse', [x], { axes: s.some(shape.map((_, axis) => axis)) }),
      s.b.emit('gather', [filled, s.param('i32', [5])], { axis: s.int(0, 1) }),
    );
  },
  'concat of one number': (s) => {
    const value = s.pick(0, -0, 1, NaN);
    const parts = [2, 0, 3].map((extent) => s.b.constant('f32', [extent, 2], value));
    return s.b.emit('concat', parts, { axis: 0 });
  },
  'pad of one number': (s) => {
    const value = s.pick(0, -0, 1, NaN);
    const x = s.b.constant(s.pick(...FLOATS), [2, 3], value);
    return s.b.emit('pad', [x], { low: [1, 0], high: [0, 2], interior: [0, 1], value });
  },
  'scalar op of numbers': (s) => {
    const shape = s.shape();
    // Numbers with which no operation depends on the treatment of subnormals.
    const plain = (): Value => s.b.constant('f32', shape, s.pick(1, -0, 3, Infinity, NaN, 0.5, -2));
    const x = plain();
    return s.pick(
      s.b.binary(s.pick('add', 'sub', 'mul', 'div', 'pow', 'min', 'lt'), x, plain()),
      s.b.unary(s.pick('exp', 'neg', 'sqrt', 'tanh', 'round'), x),
      s.b.cast(x, s.pick('i32', 'u32', 'bool', 'f16')),
      s.b.emit('bitcast', [s.splat('i32', shape)], { dtype: 'u32' }),
      s.b.select(s.splat('bool', shape), x, plain()),
    );
  },

  'reshape of a weight': (s) => {
    const x = s.weight(s.dtype(), s.shape());
    return s.b.reshape(x, [elementCount(shapeOf(x)), 1]);
  },
  'constant of many numbers': (s) => listed(s, [3, s.int(3, 9)]),
  'known operands': (s) => {
    const x = s.weight('f32', [3, 4]);
    const scale = s.b.broadcast(s.weight('f32', [1, 4]), [3, 4]);
    const ones = s.b.constant('f32', [1, 1, 4, 4], 1);
    const none = [0, 0, 0, 0];
    return s.pick(
      s.b.permute(x, [1, 0]),
      s.b.binary('max', x, scale),
      // The counts of an average pool.
      s.b.emit('reduceWindow', [ones], {
        kind: 'sum',
        window: [1, 1, 3, 3],
        strides: [1, 1, 1, 1],
        dilations: [1, 1, 1, 1],
        padLow: none,
        padHigh: [0, 0, 1, 1],
      }),
      s.b.emit('concat', [x, s.weight('f32', [1, 4])], { axis: 0 }),
      s.b.emit('gather', [x, s.weight('i32', [5])], { axis: 1 }),
      s.b.unary('exp', x),
    );
  },
};
