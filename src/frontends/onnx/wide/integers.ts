/** The ops of the IR on 64-bit integers: on 32 bits where their results are proved to fit, else on words. */
import { foldAxes, scanAxis, type Combine } from '../../../compose/wide/fold.js';
import {
  absWords,
  divideIntegers,
  lessIntegers,
  orderedSigned,
  shiftIntegers,
  signOfWords,
} from '../../../compose/wide/integer.js';
import { singleOfMagnitude } from '../../../compose/wide/single.js';
import { integerOps } from '../../../compose/wide/u32.js';
import {
  addWords,
  equalWords,
  fullWords,
  isZeroWords,
  mapWords,
  multiplyWords,
  negateWords,
  selectWords,
  shiftLeftBy,
  SIGN,
  signWord,
  subWords,
  zipWords,
  type Words,
} from '../../../compose/wide/words.js';
import type { DType } from '../../../base/dtype.js';
import type { GraphBuilder } from '../../../ir/builder.js';
import { isStatic } from '../../../ir/dim.js';
import type { Value } from '../../../ir/emitter.js';
import type { BinaryOp, CompareOp, OpAttrs, Reducer } from '../../../ir/ops.js';
import { MAX_ELEMENTS } from '../../../ir/infer-checks.js';
import type { Shape } from '../../../ir/types.js';
import { dotWords } from './contract.js';
import { BINARY_RANGES, fits, FULL, rangeOf, reach, UNARY_RANGES, type Range } from './range.js';
import { NarrowValue, refuse, STAND_IN, type WideInteger, type WideValue } from './value.js';
import type { WideWords } from './words.js';

/** Sums of 16-bit halves of this many elements fit into 32 bits. */
const HALVES = 2 ** 15;

export class IntegerRules {
  constructor(
    private readonly b: GraphBuilder,
    private readonly words: WideWords,
  ) {}

  /** Emits the op on the 32-bit values where all are such and the result is; else on words. */
  private either(
    dtype: WideInteger,
    operands: readonly WideValue[],
    range: Range,
    narrow: (values: readonly Value[]) => Value,
    wide: (words: readonly Words[]) => Words,
  ): WideValue {
    if (this.words.isNarrow(dtype, range) && operands.every((x) => x instanceof NarrowValue))
      return this.words.narrow(dtype, narrow(operands.map((x) => x.value)), range);
    const result = wide(operands.map((x) => this.words.of(x)));
    return this.words.integer(dtype, result, fits(range, FULL[dtype]) ? range : FULL[dtype]);
  }

  unary(op: 'neg' | 'abs' | 'sign' | 'not', dtype: WideInteger, x: WideValue): WideValue {
    const { b } = this;
    const signed = dtype === 'int64';
    const own = this.words.rangeOf(x);
    const exact = UNARY_RANGES[op]!(own);
    const range = op === 'not' && !signed ? rangeOf(FULL.uint64.most - own.most, FULL.uint64.most - own.least) : exact; // prettier-ignore
    const rules: Record<typeof op, (words: Words) => Words> = {
      neg: (words) => negateWords(b, words),
      abs: (words) => (signed ? absWords(b, words) : words),
      sign: (words) => signOfWords(b, signed, words),
      not: (words) => mapWords(words, (word) => b.unary('not', word)),
    };
    return this.either(dtype, [x], range, ([value]) => b.unary(op, value), ([words]) => rules[op](words)); // prettier-ignore
  }

  binary(op: BinaryOp, dtype: WideInteger, x: WideValue, y: WideValue): WideValue {
    const { b } = this;
    const signed = dtype === 'int64';
    const [left, right] = [this.words.rangeOf(x), this.words.rangeOf(y)];
    // An extreme that the ranges decide, as against a sentinel, is one of the operands.
    if (op === 'min' || op === 'max') {
      const [low, high] = op === 'min' ? [x, y] : [y, x];
      if (left.most <= right.least) return low;
      if (right.most <= left.least) return high;
    }
    const range = BINARY_RANGES[op]?.(left, right) ?? FULL[dtype];
    const isShift = op === 'shl' || op === 'shr';
    const mayNarrow = !isShift || fits(right, rangeOf(0n, 31n));
    const rules: Record<BinaryOp, ((p: Words, q: Words) => Words) | undefined> = {
      add: (p, q) => addWords(b, p, q),
      sub: (p, q) => subWords(b, p, q),
      mul: (p, q) => multiplyWords(b, p, q),
      div: (p, q) => divideIntegers(b, signed, p, q).quotient,
      rem: (p, q) => divideIntegers(b, signed, p, q).remainder,
      pow: undefined,
      min: this.extreme('min', dtype),
      max: this.extreme('max', dtype),
      and: (p, q) => zipWords(p, q, (v, w) => b.binary('and', v, w)),
      or: (p, q) => zipWords(p, q, (v, w) => b.binary('or', v, w)),
      xor: (p, q) => zipWords(p, q, (v, w) => b.binary('xor', v, w)),
      shl: (p, q) => shiftIntegers(b, 'shl', signed, p, q.lo),
      shr: (p, q) => shiftIntegers(b, 'shr', signed, p, q.lo),
    };
    const rule = rules[op];
    if (rule === undefined) return refuse(op, dtype);
    const wide = ([p, q]: readonly Words[]): Words => rule(p, q);
    if (!mayNarrow) return this.words.integer(dtype, wide([this.words.of(x), this.words.of(y)]), FULL[dtype]);
    return this.either(dtype, [x, y], range, ([v, w]) => b.binary(op, v, w), wide);
  }

  private extreme(op: 'min' | 'max', dtype: WideInteger): Combine {
    return (p, q) => {
      const isLess = lessIntegers(this.b, dtype === 'int64', p, q);
      return op === 'min' ? selectWords(this.b, isLess, p, q) : selectWords(this.b, isLess, q, p);
    };
  }

  compare(op: CompareOp, dtype: WideInteger, x: WideValue, y: WideValue): Value {
    const { b } = this;
    const [left, right] = [this.words.rangeOf(x), this.words.rangeOf(y)];
    const always = (holds: boolean): Value => b.constant('bool', x.type.shape, holds ? 1 : 0);
    if (left.most < right.least) return always(op !== 'eq');
    if (right.most < left.least) return always(false);
    if (x instanceof NarrowValue && y instanceof NarrowValue) return b.binary(op, x.value, y.value);
    const [p, q] = [this.words.of(x), this.words.of(y)];
    const signed = dtype === 'int64';
    if (op === 'eq') return equalWords(b, p, q);
    return op === 'lt' ? lessIntegers(b, signed, p, q) : b.unary('not', lessIntegers(b, signed, q, p));
  }

  /** To a dtype of the IR. Integers beyond its ends become these: an index stays beyond what it is an index of. */
  cast(dtype: WideInteger, x: WideValue, to: DType): Value {
    const { b } = this;
    if (x instanceof NarrowValue) {
      const isOther = (to === 'i32' || to === 'u32') && to !== STAND_IN[dtype];
      if (!isOther) return b.cast(x.value, to);
    }
    if (to === 'bool') return b.unary('not', isZeroWords(b, this.words.of(x)));
    if (to === 'i32' || to === 'u32') {
      const { least, most } = FULL[to];
      const clamp = (op: 'min' | 'max', value: WideValue, bound: bigint): WideValue =>
        this.binary(op, dtype, value, this.constant(dtype, x.type.shape, bound));
      const bounded = clamp('max', clamp('min', x, most), dtype === 'uint64' ? 0n : least);
      return integerOps(b).bits(this.words.of(bounded).lo, to);
    }
    if (to === 'f16') {
      // Beyond this all are infinite.
      const clamp = (op: 'min' | 'max', value: WideValue, bound: bigint): WideValue =>
        this.binary(op, dtype, value, this.constant(dtype, x.type.shape, bound));
      const bounded = clamp('max', clamp('min', x, 2n ** 20n), dtype === 'uint64' ? 0n : -(2n ** 20n));
      return b.cast(integerOps(b).bits(this.words.of(bounded).lo, STAND_IN[dtype] as 'i32' | 'u32'), 'f16');
    }
    const words = this.words.of(x);
    if (dtype === 'uint64') return singleOfMagnitude(b, b.full(words.hi, 0), words);
    return singleOfMagnitude(b, integerOps(b).and(words.hi, SIGN), absWords(b, words));
  }

  private constant(dtype: WideInteger, shape: Shape, value: bigint): WideValue {
    const like = { lo: this.b.constant('u32', shape, 0), hi: this.b.constant('u32', shape, 0) };
    return this.words.integer(dtype, fullWords(this.b, like, value), rangeOf(value, value));
  }

  reduce(attrs: OpAttrs['reduce'], dtype: WideInteger, x: WideValue): WideValue {
    const { b } = this;
    const { shape } = x.type;
    const terms = attrs.axes.reduce((count, axis) => count * sizeOf(shape, axis), 1);
    const own = this.words.rangeOf(x);
    const range = terms === 0 ? ofNothing(attrs.kind, dtype) : reducedRange(attrs.kind, own, terms);
    if (
      attrs.kind === 'sum' &&
      x instanceof NarrowValue &&
      terms <= HALVES &&
      !this.words.isNarrow(dtype, range)
    )
      return this.ofHalves(dtype, x, range, (half) => b.emit('reduce', [half], attrs));
    return this.either(
      dtype,
      [x],
      range,
      ([value]) => b.emit('reduce', [value], attrs),
      ([words]) => foldAxes(b, words, attrs.axes, this.combine(attrs.kind, dtype), (like) => fullWords(b, like, identityOf(attrs.kind, dtype))), // prettier-ignore
    );
  }

  /** A sum of 32-bit integers as the sums of their upper and lower halves, which do not overflow. */
  private ofHalves(dtype: WideInteger, x: NarrowValue, range: Range, sum: (half: Value) => Value): WideValue {
    const { b } = this;
    const { and, shr, bits } = integerOps(b);
    const [low, high] = [sum(and(x.value, 0xffff)), sum(shr(x.value, 16))].map((total) => bits(total, 'u32'));
    const sign = (word: Value): Value => (dtype === 'int64' ? signWord(b, word) : b.full(word, 0));
    const upper = shiftLeftBy(b, { lo: high, hi: sign(high) }, 16);
    return this.words.integer(dtype, addWords(b, upper, { lo: low, hi: b.full(low, 0) }), range);
  }

  private combine(kind: Reducer, dtype: WideInteger): Combine {
    if (kind === 'sum') return (p, q) => addWords(this.b, p, q);
    return kind === 'prod' ? (p, q) => multiplyWords(this.b, p, q) : this.extreme(kind, dtype);
  }

  scan(attrs: OpAttrs['scan'], dtype: WideInteger, x: WideValue): WideValue {
    const { b } = this;
    const terms = sizeOf(x.type.shape, attrs.axis);
    const own = this.words.rangeOf(x);
    const all = reducedRange(attrs.kind, own, Math.max(terms, 1));
    const first = attrs.exclusive ? ofNothing(attrs.kind, dtype) : own;
    const range = hullOf(hullOf(all, own), first);
    if (
      attrs.kind === 'sum' &&
      x instanceof NarrowValue &&
      terms <= HALVES &&
      !this.words.isNarrow(dtype, range)
    )
      return this.ofHalves(dtype, x, range, (half) => b.emit('scan', [half], attrs));
    return this.either(
      dtype,
      [x],
      range,
      ([value]) => b.emit('scan', [value], attrs),
      ([words]) => scanAxis(b, words, attrs, this.combine(attrs.kind, dtype), (like) => fullWords(b, like, identityOf(attrs.kind, dtype))), // prettier-ignore
    );
  }

  dot(attrs: OpAttrs['dot'], dtype: WideInteger, x: WideValue, y: WideValue): WideValue {
    const { b } = this;
    const terms = attrs.lhsContract.reduce((count, axis) => count * sizeOf(x.type.shape, axis), 1);
    const product = BINARY_RANGES.mul!(this.words.rangeOf(x), this.words.rangeOf(y));
    const range = terms === 0 ? rangeOf(0n, 0n) : reducedRange('sum', product, terms);
    return this.either(
      dtype,
      [x, y],
      range,
      ([v, w]) => b.emit('dot', [v, w], attrs),
      ([p, q]) =>
        dotWords(b, p, q, attrs, {
          add: (v, w) => addWords(b, v, w),
          mul: (v, w) => multiplyWords(b, v, w),
          zero: (like) => fullWords(b, like, 0n),
        }),
    );
  }

  /** Words whose unsigned order is that of the integers. */
  ordered(dtype: WideInteger, x: WideValue): Words {
    const words = this.words.of(x);
    return dtype === 'int64' ? orderedSigned(this.b, words) : words;
  }
}

const sizeOf = (shape: Shape, axis: number): number => {
  const dim = shape[axis];
  return isStatic(dim) ? dim : MAX_ELEMENTS;
};

const hullOf = (x: Range, y: Range): Range =>
  rangeOf(x.least < y.least ? x.least : y.least, x.most > y.most ? x.most : y.most);

const identityOf = (kind: Reducer, dtype: WideInteger): bigint => {
  if (kind === 'sum' || kind === 'prod') return kind === 'sum' ? 0n : 1n;
  return kind === 'min' ? FULL[dtype].most : FULL[dtype].least;
};

const ofNothing = (kind: Reducer, dtype: WideInteger): Range => {
  const value = identityOf(kind, dtype);
  return rangeOf(value, value);
};

/** Of a reduction of some or all of `terms` elements. */
function reducedRange(kind: Reducer, own: Range, terms: number): Range {
  if (kind === 'min' || kind === 'max') return own;
  const count = BigInt(terms);
  if (kind === 'sum')
    return rangeOf(
      own.least < 0n ? own.least * count : own.least,
      own.most > 0n ? own.most * count : own.most,
    );
  const bound = reach(own) <= 1n ? reach(own) : terms > 64 ? FULL.uint64.most : reach(own) ** count;
  return rangeOf(own.least < 0n ? -bound : 0n, bound);
}
