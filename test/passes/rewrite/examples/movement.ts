/** Where the rules for index maps apply. */
import type { Value } from '../../../../src/ir/emitter.js';
import { DERIVATIVE_OPS } from '../../../../src/ir/ops.js';
import type { castRules } from '../../../../src/passes/rewrite/rules/cast.js';
import type { reshapeRules } from '../../../../src/passes/rewrite/rules/reshape.js';
import type { sliceRules } from '../../../../src/passes/rewrite/rules/slice.js';
import type { gatherRules } from '../../../../src/passes/rewrite/rules/gather.js';
import { shapeOf, type Sample } from '../../support.js';
import type { Example } from './example.js';

type Names =
  keyof typeof reshapeRules | keyof typeof sliceRules | keyof typeof castRules | keyof typeof gatherRules;

/** Any slice of `x`. */
function anySlice(s: Sample, x: Value): Value {
  const parts = shapeOf(x).map((extent) => {
    const stride = s.int(1, 2);
    const start = s.int(0, Math.max(0, extent - 1));
    return { start, stride, size: s.int(0, Math.ceil((extent - start) / stride)) };
  });
  return s.b.emit('slice', [x], {
    starts: parts.map(({ start }) => start),
    sizes: parts.map(({ size }) => size),
    strides: parts.map(({ stride }) => stride),
  });
}

/** A broadcast of `x` that does change its shape. */
function anyBroadcast(s: Sample, x: Value): Value {
  const wide = shapeOf(x).map((extent) => (extent === 1 ? s.int(2, 3) : extent));
  return s.b.broadcast(x, wide);
}

/** A shape with an extent of 1 at least. */
const narrow = (s: Sample): number[] => [...s.shape(s.int(0, 2)), 1, ...s.shape(s.int(0, 1))];

const concat = (s: Sample, parts: readonly Value[], axis: number): Value =>
  s.b.emit('concat', parts, { axis });

const anyPad = (s: Sample, x: Value, value: number, interior: boolean): Value =>
  s.b.emit('pad', [x], {
    low: shapeOf(x).map((_, i) => s.int(i === 0 ? 1 : 0, 2)),
    high: shapeOf(x).map(() => s.int(0, 2)),
    interior: shapeOf(x).map(() => (interior ? s.int(0, 2) : 0)),
    value,
  });

export const movementExamples: Readonly<Record<Names, Example>> = {
  'reshape to the same shape': (s) => {
    const x = s.any();
    return s.b.reshape(x, shapeOf(x));
  },
  'reshape of a reshape': (s) => s.b.reshape(s.b.reshape(s.any([2, 3, 4]), [6, 4]), s.pick([24], [4, 1, 6])),
  'permute that moves nothing': (s) => {
    const x = s.any([1, ...s.shape(2, 1), 1]);
    return s.b.permute(x, s.pick([1, 2, 0, 3], [0, 1, 2, 3], [3, 1, 0, 2]));
  },
  'permute of a permute': (s) => {
    const rank = s.int(1, 4);
    return s.b.permute(s.b.permute(s.any(s.shape(rank)), s.permutation(rank)), s.permutation(rank));
  },
  'broadcast to the same shape': (s) => {
    const x = s.any();
    return s.b.broadcast(x, shapeOf(x));
  },
  'broadcast of a broadcast': (s) => {
    const x = s.any([1, ...s.shape(1), 1]);
    const [, middle] = shapeOf(x);
    return s.b.broadcast(s.b.broadcast(x, [3, middle, 1]), [3, middle, s.int(0, 3)]);
  },
  'permute of a broadcast': (s) => {
    const x = s.any(narrow(s));
    return s.b.permute(anyBroadcast(s, x), s.permutation(shapeOf(x).length));
  },
  'reshape of a broadcast': (s) => {
    const x = s.any([1, s.int(1, 3), 1, s.int(1, 2)]);
    const [, second, , last] = shapeOf(x);
    const wide = s.b.broadcast(x, [4, second, s.int(1, 3), last]);
    return s.b.reshape(wide, [...shapeOf(wide).filter((extent) => extent !== 1), 1]);
  },
  'identity for derivatives': (s) => s.b.emit(s.pick(...DERIVATIVE_OPS), [s.any(s.shape(2))], {}),
  'reverse that moves nothing': (s) =>
    s.b.emit('reverse', [s.any([s.pick(1, 0), ...s.shape(2)])], { axes: s.pick([0], [0, 1], [2, 0]) }),
  'reverse of a reverse': (s) => {
    const axes = (): number[] => s.some([0, 1, 2]);
    return s.b.emit('reverse', [s.b.emit('reverse', [s.any(s.shape(3))], { axes: axes() })], {
      axes: axes(),
    });
  },

  'slice of everything': (s) => {
    const x = s.any();
    const shape = shapeOf(x);
    const strides = shape.map((extent) => (extent === 1 ? s.int(1, 2) : 1));
    return s.b.emit('slice', [x], { starts: shape.map(() => 0), sizes: shape, strides });
  },
  'slice of a slice': (s) => anySlice(s, anySlice(s, s.any([5, s.int(1, 6)]))),
  'slice of a concat': (s) => {
    const dtype = s.dtype();
    const parts = [2, 3, 4].map((extent) => s.param(dtype, [2, extent]));
    const [start, end] = s.pick([0, 2], [2, 5], [5, 9]);
    const at = s.int(start, end - 1);
    const size = s.int(1, end - at);
    return s.b.emit('slice', [concat(s, parts, 1)], {
      starts: [s.int(0, 1), at],
      sizes: [1, Math.ceil(size / 2)],
      strides: [1, 2],
    });
  },
  'slice of a broadcast': (s) => anySlice(s, anyBroadcast(s, s.any(narrow(s)))),
  'concat of empty parts': (s) => {
    const dtype = s.dtype();
    const parts = [s.param(dtype, [2, 0]), ...s.some([1, 0, 3]).map((extent) => s.param(dtype, [2, extent]))];
    return concat(s, parts, 1);
  },
  'concat of one part': (s) => concat(s, [s.any(s.shape(2))], s.int(0, 1)),
  'concat of a concat': (s) => {
    const dtype = s.dtype();
    const part = (): Value => s.param(dtype, [2, s.int(0, 3)]);
    const inner = concat(s, [part(), part()], 1);
    return concat(s, s.pick([inner, part()], [part(), inner], [inner]), 1);
  },
  'pad with nothing': (s) => {
    const x = s.any();
    const none = shapeOf(x).map(() => 0);
    return s.b.emit('pad', [x], { low: none, high: none, interior: none, value: s.pick(0, -0, 1) });
  },
  'pad of a pad': (s) => {
    const value = s.pick(0, -0, 1, -1, Infinity, NaN);
    return anyPad(s, anyPad(s, s.any(s.shape(2)), value, true), value, false);
  },

  'cast to its own dtype': (s) => {
    const dtype = s.pick('f32', 'i32', 'u32');
    return s.b.emit(s.pick('cast', 'bitcast'), [s.param(dtype, [4])], { dtype });
  },
  'cast of a cast': (s) => {
    const [from, through, to] = s.pick(
      ['bool', 'f16', 'i32'] as const,
      ['bool', 'i32', 'bool'] as const,
      ['f16', 'f32', 'f16'] as const,
      ['f16', 'f32', 'i32'] as const,
      ['f16', 'f32', 'bool'] as const,
      ['i32', 'u32', 'i32'] as const,
      ['u32', 'i32', 'bool'] as const,
      ['i32', 'f16', 'bool'] as const,
      ['u32', 'f32', 'bool'] as const,
    );
    return s.b.cast(s.b.cast(s.param(from, [16]), through), to);
  },
  'bitcast of a bitcast': (s) => {
    // From integers, as the payload of a NaN may change on the way through a float.
    const words = s.b.emit('bitcast', [s.param(s.pick('i32', 'u32'), [16])], { dtype: s.pick('i32', 'u32') });
    return s.b.emit('bitcast', [words], { dtype: s.pick('f32', 'i32', 'u32') });
  },

  'gather of one index': (s) => {
    const x = s.any(s.shape(3, 1));
    const index = s.b.constant('i32', s.pick([], [1], [1, 1]), s.pick(0, 1, -1, 2, 7, -(2 ** 31)));
    return s.b.emit('gather', [x, index], { axis: s.int(0, 2) });
  },
};
