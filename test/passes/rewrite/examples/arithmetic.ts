/** Where the rules for scalar ops apply. */
import type { DType } from '../../../../src/base/dtype.js';
import type { Value } from '../../../../src/ir/emitter.js';
import type { logicRules } from '../../../../src/passes/rewrite/rules/logic.js';
import type { scalarRules } from '../../../../src/passes/rewrite/rules/scalar.js';
import type { signRules } from '../../../../src/passes/rewrite/rules/sign.js';
import type { Sample } from '../../support.js';
import type { Example } from './example.js';

type Names = keyof typeof signRules | keyof typeof scalarRules | keyof typeof logicRules;

const SHAPE = [3, 8];
const NUMBERS = ['f32', 'f16', 'i32', 'u32'] as const;
const FLOATS = ['f32', 'f16'] as const;

const number = (s: Sample): Value => s.param(s.pick(...NUMBERS), SHAPE);
const like = (s: Sample, x: Value): Value => s.param(x.type.dtype, SHAPE);
const bool = (s: Sample): Value => s.param('bool', SHAPE);

/** A float that no device would flush. */
function flushed(s: Sample): Value {
  const x = s.param('f32', SHAPE);
  const made = s.pick<() => Value>(
    () => s.b.binary(s.pick('add', 'mul', 'div', 'sub'), x, like(s, x)),
    () => s.b.unary(s.pick('sqrt', 'floor', 'sign'), x),
    () => s.b.unary('neg', s.b.binary('mul', x, x)),
    () => s.b.cast(s.param(s.pick('f16', 'i32', 'bool'), SHAPE), 'f32'),
    () => s.param('f16', SHAPE),
    () => s.b.reduce('sum', s.param('f32', [...SHAPE, s.int(0, 3)]), [2]),
    () => s.b.emit('scan', [x], { kind: 'prod', axis: 1, exclusive: s.pick(true, false), reverse: false }),
    () => s.b.select(bool(s), s.b.binary('add', x, x), s.b.full(x, s.pick(0, 1, -0))),
  );
  return made();
}

/** Numbers on the right that leave an integer alone, or decide the result. */
const WHOLE: readonly (readonly ['add' | 'sub' | 'mul' | 'div' | 'rem' | 'and' | 'or' | 'xor' | 'shl' | 'shr', number])[] = [
  ['add', 0], ['sub', 0], ['mul', 1], ['mul', 0], ['div', 1], ['div', 0], ['rem', 1], ['rem', 0], ['and', 0],
  ['and', -1], ['or', 0], ['or', -1], ['xor', 0], ['shl', 0], ['shr', 0],
]; // prettier-ignore

const EXTREMES: Readonly<Record<'i32' | 'u32', readonly number[]>> = {
  i32: [-(2 ** 31), 2 ** 31 - 1],
  u32: [0, 2 ** 32 - 1],
};

/** A value that is broadcast to SHAPE. */
const broadcast = (s: Sample, dtype: DType, shape: readonly number[]): Value =>
  s.b.broadcast(s.param(dtype, shape), SHAPE);

export const arithmeticExamples: Readonly<Record<Names, Example>> = {
  'neg of a neg': (s) => s.b.unary('neg', s.b.unary('neg', number(s))),
  'not of a not': (s) => s.b.unary('not', s.b.unary('not', s.param(s.pick('bool', 'i32', 'u32'), SHAPE))),
  'abs of a neg or abs': (s) =>
    s.b.unary('abs', s.b.unary(s.pick('neg', 'abs'), s.param(s.pick('f32', 'f16', 'i32'), SHAPE))),
  'abs of u32': (s) => s.b.unary('abs', s.param('u32', SHAPE)),
  'rounding of integral numbers': (s) => {
    const x = s.param(s.pick(...FLOATS), SHAPE);
    const whole = s.b.cast(s.param(s.pick('i32', 'u32', 'bool'), SHAPE), x.type.dtype);
    const rounded = s.b.unary(s.pick('floor', 'ceil', 'round', 'trunc', 'sign'), x);
    return s.b.unary(s.pick('floor', 'ceil', 'round', 'trunc'), s.pick(rounded, whole));
  },
  'add of a neg': (s) => {
    const x = number(s);
    const [y, minus] = [like(s, x), s.b.unary('neg', x)];
    return s.pick(s.b.binary('add', y, minus), s.b.binary('add', minus, y), s.b.binary('add', minus, minus));
  },
  'sub of a neg': (s) => {
    const x = number(s);
    return s.b.binary('sub', s.pick(x, like(s, x)), s.b.unary('neg', x));
  },
  'mul of two negs': (s) => {
    const x = number(s);
    return s.b.binary('mul', s.b.unary('neg', x), s.b.unary('neg', s.pick(x, like(s, x))));
  },

  'operands in order': (s) => {
    const [x, y] = [s.param('i32', SHAPE), s.param('i32', SHAPE)];
    const [a, b] = s.pick([y, x], [s.b.full(x, 3), x]);
    return s.b.binary(s.pick('add', 'mul', 'min', 'max', 'and', 'or', 'xor', 'eq'), a, b);
  },
  'identity of integers': (s) => {
    const dtype = s.pick('i32', 'u32');
    const x = s.param(dtype, SHAPE);
    const [op, right] = s.pick(...WHOLE);
    const extreme = s.b.binary(s.pick('min', 'max'), x, s.b.full(x, s.pick(...EXTREMES[dtype])));
    const logic = s.param('bool', SHAPE);
    const ofBool = s.b.binary(s.pick('and', 'or'), logic, s.b.full(logic, s.pick(0, 1)));
    // The table holds the dtype's own all-ones pattern.
    const ones = right === -1 && dtype === 'u32' ? 2 ** 32 - 1 : right;
    return s.pick(s.b.binary(op, x, s.b.full(x, ones)), extreme, ofBool);
  },
  'identity of floats': (s) => {
    const x = s.param(s.pick(...FLOATS), SHAPE);
    const [pick, limit] = s.pick(['min', Infinity] as const, ['max', -Infinity] as const);
    const y = flushed(s);
    const [op, right] = s.pick(
      ['add', -0] as const,
      ['sub', 0] as const,
      ['mul', 1] as const,
      ['div', 1] as const,
    );
    return s.pick(s.b.binary(op, y, s.b.full(y, right)), s.b.binary(pick, x, s.b.full(x, limit)));
  },
  'equal operands': (s) => {
    const anyOf = s.any(SHAPE);
    const whole = s.param(s.pick('i32', 'u32'), SHAPE);
    return s.pick(
      s.b.binary(s.pick('min', 'max', 'lt'), anyOf, anyOf),
      s.b.binary(s.pick('and', 'or', 'xor', 'sub', 'le', 'eq'), whole, whole),
    );
  },
  'div by a power of two': (s) => {
    const dtype = s.pick(...FLOATS);
    const exponent = dtype === 'f32' ? s.int(-126, 126) : s.int(-14, 15);
    const x = s.param(dtype, SHAPE);
    return s.b.binary('div', x, s.b.full(x, s.pick(1, -1) * 2 ** exponent));
  },
  'min or max taken twice': (s) => {
    const x = s.any(SHAPE);
    const op = s.pick('min', 'max');
    const y = like(s, x);
    const [inner, outer] = s.pick([y, y], [s.splat(x.type.dtype, SHAPE), s.splat(x.type.dtype, SHAPE)]);
    return s.b.binary(op, s.b.binary(op, x, inner), outer);
  },
  'min or max of bools': (s) => s.b.binary(s.pick('min', 'max'), bool(s), bool(s)),

  'select with a known condition': (s) => {
    const x = s.any(SHAPE);
    return s.b.select(s.b.constant('bool', SHAPE, s.pick(1, 0)), x, like(s, x));
  },
  'select of equal values': (s) => {
    const x = s.any(SHAPE);
    return s.b.select(bool(s), x, x);
  },
  'select by a not': (s) => {
    const x = s.any(SHAPE);
    return s.b.select(s.b.unary('not', bool(s)), x, like(s, x));
  },
  'select of true and false': (s) => {
    const [yes, no] = [1, 0].map((value) => s.b.constant('bool', SHAPE, value));
    return s.pick(s.b.select(bool(s), yes, no), s.b.select(bool(s), no, yes));
  },
  'comparison with true or false': (s) => {
    const x = bool(s);
    return s.b.binary(s.pick('eq', 'xor'), x, s.b.full(x, s.pick(1, 0)));
  },
  'scalar op of broadcasts': (s) => {
    const shape = s.pick([1, 8], [3, 1], [1, 1]);
    const dtype = s.pick(...NUMBERS);
    const x = broadcast(s, dtype, shape);
    const condition = broadcast(s, 'bool', shape);
    const splat = s.splat(dtype, SHAPE);
    return s.pick(
      s.b.unary(s.pick('neg', 'abs', 'sign'), x),
      s.b.binary(s.pick('add', 'div', 'min', 'lt'), x, s.pick(splat, broadcast(s, dtype, shape))),
      s.b.emit('cast', [x], { dtype: s.pick('bool', 'f32', 'i32') }),
      s.b.select(condition, s.pick(x, splat), x),
    );
  },
};
