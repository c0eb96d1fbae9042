/** Where the rules for reductions, windows and products apply. */
import { isFloat } from '../../../../src/base/dtype.js';
import type { Value } from '../../../../src/ir/emitter.js';
import type { OpAttrs, Reducer } from '../../../../src/ir/ops.js';
import { REDUCE_CHUNK } from '../../../../src/ir/accumulation.js';
import { IDENTITIES } from '../../../../src/interpreter/fold.js';
import type { dotRules } from '../../../../src/passes/rewrite/rules/dot.js';
import type { reduceRules } from '../../../../src/passes/rewrite/rules/reduce.js';
import type { splitRules } from '../../../../src/passes/rewrite/rules/split.js';
import type { windowRules } from '../../../../src/passes/rewrite/rules/window.js';
import { shapeOf, type Sample } from '../../support.js';
import type { Example } from './example.js';

type Names =
  keyof typeof reduceRules | keyof typeof windowRules | keyof typeof dotRules | keyof typeof splitRules;

const KINDS: readonly Reducer[] = ['sum', 'prod', 'max', 'min'];
const EXTREMES: readonly Reducer[] = ['max', 'min'];
const NUMBERS = ['f32', 'f16', 'i32', 'u32'] as const;
const number = (s: Sample, shape: readonly number[]): Value => s.param(s.pick(...NUMBERS), shape);
const kind = (s: Sample): Reducer => s.pick(...KINDS);

/** Padding of `x` with the identity of a reduction (or with any `value`), on the given axes. */
function padded(s: Sample, x: Value, value: number, from = 0): Value {
  const amounts = (): number[] => shapeOf(x).map((_, axis) => (axis < from ? 0 : s.int(0, 2)));
  const low = amounts().with(from, 1);
  return s.b.emit('pad', [x], { low, high: amounts(), interior: shapeOf(x).map(() => 0), value });
}

const window = (s: Sample, x: Value, how: Reducer, attrs: Partial<OpAttrs['reduceWindow']>): Value => {
  const every = (value: number): number[] => shapeOf(x).map(() => value);
  return s.b.emit('reduceWindow', [x], {
    kind: how,
    window: every(2),
    strides: every(1),
    dilations: every(1),
    padLow: every(0),
    padHigh: every(0),
    ...attrs,
  });
};

/** Operands of a dot and its axes: one batch axis, some free ones and one or two contracted ones on each side. */
/** The right operand's last axis is one that is contracted. */
export function dotOperands(s: Sample): { operands: [Value, Value]; attrs: OpAttrs['dot']; shape: number[] } {
  const dtype = s.pick(...NUMBERS);
  const [batch, k, l] = [s.int(1, 2), s.int(0, 4), s.int(1, 3)];
  const left = s.param(dtype, [batch, s.int(1, 3), k, l]);
  const right = s.param(dtype, [s.int(1, 3), l, batch, k]);
  const attrs = { lhsBatch: [0], rhsBatch: [2], lhsContract: [2, 3], rhsContract: [3, 1] };
  return { operands: [left, right], attrs, shape: [batch, shapeOf(left)[1], shapeOf(right)[0]] };
}

export const combiningExamples: Readonly<Record<Names, Example>> = {
  'reduce of single elements': (s) => {
    const shape = [2, 1, 3, 1];
    const axes = s.some([1, 3]);
    const whole = s.b.reduce(kind(s), s.param(s.pick('i32', 'u32', 'f16'), shape), axes);
    const extreme = s.b.reduce(s.pick(...EXTREMES), s.any(shape), axes);
    const x = s.param('f32', shape);
    const arithmetic = s.b.reduce(kind(s), s.b.binary('mul', x, x), axes);
    return s.pick(whole, extreme, arithmetic);
  },
  'reduce over few axes': (s) =>
    s.b.reduce(
      kind(s),
      number(s, [2, 1, 3, s.int(0, 40), 2]),
      s.pick([2, 3], [0, 1], [1, 3], [0, 2, 3, 4], [0, 1, 2]),
    ),
  'reduce of a permute': (s) => {
    const x = number(s, [3, 2, s.int(1, 3), 9]);
    const permutation = s.permutation(4);
    // Any axes where order cannot be seen; else those that stay in order, such as one alone.
    const free = s.b.reduce(s.pick(...EXTREMES), s.b.permute(x, permutation), s.some([0, 1, 2, 3], 1));
    const one = s.b.reduce(kind(s), s.b.permute(x, permutation), [s.int(0, 3)]);
    const two = s.b.reduce(kind(s), s.b.permute(x, [1, 0, 2, 3]), s.pick([1, 3], [2, 3], [0, 2]));
    return s.pick(free, one, two);
  },
  'reduce of a reduce': (s) => {
    const shape = [2, 3, s.int(0, 3), 4];
    const how = kind(s);
    const whole = s.b.reduce(how, s.b.reduce(how, s.param(s.pick('i32', 'u32'), shape), [1, 3]), [
      s.int(0, 1),
    ]);
    const pick = s.pick(...EXTREMES);
    return s.pick(whole, s.b.reduce(pick, s.b.reduce(pick, s.any(shape), [2]), s.some([0, 1, 2], 1)));
  },
  'reduce of long rows': (s) => {
    const how = kind(s);
    const length = REDUCE_CHUNK + s.pick(1, 77, REDUCE_CHUNK, 3 * REDUCE_CHUNK + 5);
    const flat = number(s, s.pick([length], [1, length]));
    const half = REDUCE_CHUNK / 2 + s.int(1, 99);
    const spread = s.param(s.pick('f32', 'f16'), [half, 2, 3]);
    return s.pick(
      s.b.reduce(how, flat, [shapeOf(flat).length - 1]),
      s.b.reduce(how, spread, s.pick([0, 2], [0, 1])),
    );
  },

  'contraction of few results': (s) => {
    const terms = s.pick(4096, 4097, 4223, 4224, 4500);
    const dtype = s.pick(...NUMBERS);
    const rows = s.int(1, 2);
    const dot = s.b.emit('dot', [s.param(dtype, [terms, rows]), s.param(dtype, [2, terms])], { lhsBatch: [], rhsBatch: [], lhsContract: [0], rhsContract: [1] }); // prettier-ignore
    const channels = s.pick(456, 500);
    const groups = s.int(1, 2);
    const float = s.pick('f32', 'f16');
    const x = s.param(float, [s.int(1, 2), channels * groups, 3, 3]);
    const conv = s.b.emit('conv', [x, s.param(float, [2, channels, 3, 3])], {
      strides: [1, 1],
      padLow: [s.int(0, 1), 0],
      padHigh: [0, s.int(0, 1)],
      lhsDilation: [1, 1],
      rhsDilation: [1, 1],
      groups,
    });
    return s.pick(dot, conv);
  },

  'permute of a sum of blocks': (s) => {
    const [terms, rows] = [s.pick(300, 256, 513), s.int(1, 3)];
    const attrs: OpAttrs['dot'] = { lhsBatch: [], rhsBatch: [], lhsContract: [0], rhsContract: [1] };
    const operands = [s.param('f32', [terms, rows]), s.param('f32', [2, terms])];
    const sums = s.b.emit('splitKDot', operands, attrs);
    const blocks = shapeOf(sums)[0];
    const total = window(s, sums, 'sum', { window: [blocks, 1, 1] });
    return s.b.permute(s.b.reshape(total, [rows, 2]), [1, 0]);
  },

  'pad before a window': (s) => {
    const how = kind(s);
    const x = number(s, [s.int(1, 3), 4]);
    const from = s.int(0, 1);
    const inner = padded(s, x, IDENTITIES[x.type.dtype][how], from);
    // The padding stays where a float sum may meet nothing else.
    if (how === 'sum' && isFloat(x.type.dtype))
      return window(s, inner, how, {
        window: [from === 0 ? 3 : s.int(1, 2), 4],
        strides: [1, s.int(1, 2)],
        padLow: [0, s.int(0, 1)],
      });
    return window(s, inner, how, {
      window: [s.int(1, 2), 2],
      strides: [1, s.int(1, 2)],
      dilations: [1, s.int(1, 2)],
      padLow: [0, s.int(0, 1)],
    });
  },
  'window over whole axes': (s) => {
    const [c, h, w] = [s.int(1, 3), s.int(1, 3), s.int(1, 4)];
    const shape = [2, c, h, w];
    const sizes = { window: [1, 1, h, w], strides: [1, 1, s.int(1, 3), s.int(1, 3)] };
    const x = s.param('f32', [2, c, 3, 1]);
    const single = window(s, s.b.binary('add', x, x), kind(s), { window: [1, 1, 1, 1] });
    const whole = window(s, s.param(s.pick('i32', 'u32'), shape), kind(s), sizes);
    return s.pick(window(s, s.any(shape), s.pick(...EXTREMES), sizes), whole, single);
  },
  'pad before a conv': (s) => {
    const dtype = s.pick('f32', 'f16');
    const groups = s.int(1, 2);
    const x = s.param(dtype, [s.int(1, 2), 2 * groups, 3, 4]);
    // Large enough to reach over the padding: it stays where a sum meets nothing else.
    const w = s.param(dtype, [2 * groups, 2, 3, 4]);
    return s.b.emit('conv', [padded(s, x, 0, 2), w], {
      strides: [s.int(1, 2), 1],
      padLow: [s.int(0, 1), 0],
      padHigh: [0, s.int(0, 1)],
      lhsDilation: [1, 1],
      rhsDilation: [1, s.int(1, 2)],
      groups,
    });
  },

  'dot of a permute': (s) => {
    const { operands, attrs } = dotOperands(s);
    const permutation = s.permutation(4);
    const at = (axes: readonly number[]): number[] => axes.map((axis) => permutation.indexOf(axis));
    if (s.pick(true, false)) {
      const left = s.b.permute(operands[0], permutation);
      return s.b.emit('dot', [left, operands[1]], {
        ...attrs,
        lhsBatch: at(attrs.lhsBatch),
        lhsContract: at(attrs.lhsContract),
      });
    }
    const right = s.b.permute(operands[1], permutation);
    return s.b.emit('dot', [operands[0], right], {
      ...attrs,
      rhsBatch: at(attrs.rhsBatch),
      rhsContract: at(attrs.rhsContract),
    });
  },
  'permute of a dot': (s) => {
    const { operands, attrs } = dotOperands(s);
    return s.b.permute(s.b.emit('dot', operands, attrs), [0, 2, 1]);
  },
};
