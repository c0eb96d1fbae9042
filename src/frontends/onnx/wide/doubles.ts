/** The ops of the IR on doubles: exact as IEEE 754 has them, but functions such as exp, which are computed in f32. */
import {
  absDouble,
  addDoubles,
  compareDoubles,
  divideDoubles,
  doubleOfMagnitude,
  extremeDouble,
  fullDouble,
  isNaNDouble,
  magnitudeOfDouble,
  multiplyDoubles,
  negateDouble,
  orderedDouble,
  signDouble,
  squareRoot,
  subtractDoubles,
  wholeDouble,
} from '../../../compose/wide/double.js';
import { foldAxes, scanAxis, type Combine } from '../../../compose/wide/fold.js';
import { isNegativeWords } from '../../../compose/wide/integer.js';
import { doubleOfSingle, oddSingle, singleOfDouble } from '../../../compose/wide/single.js';
import { integerOps } from '../../../compose/wide/u32.js';
import {
  constantWords,
  fullWords,
  isZeroWords,
  negateWords,
  selectWords,
  SIGN,
  type Words,
} from '../../../compose/wide/words.js';
import type { DType } from '../../../base/dtype.js';
import type { GraphBuilder } from '../../../ir/builder.js';
import type { Value } from '../../../ir/emitter.js';
import type { BinaryOp, CompareOp, OpAttrs, Reducer, UnaryOp } from '../../../ir/ops.js';
import { convWords, dotWords, reduceWindows, type Arithmetic } from './contract.js';
import { FULL } from './range.js';
import { PairValue, type WideInteger, type WideValue } from './value.js';
import type { WideWords } from './words.js';

type Unary = (b: GraphBuilder, x: Words) => Words;

const EXACT_UNARY: Readonly<Partial<Record<UnaryOp, Unary>>> = {
  neg: negateDouble,
  abs: absDouble,
  sign: signDouble,
  sqrt: squareRoot,
  floor: (b, x) => wholeDouble(b, x, 'floor'),
  ceil: (b, x) => wholeDouble(b, x, 'ceil'),
  round: (b, x) => wholeDouble(b, x, 'round'),
  trunc: (b, x) => wholeDouble(b, x, 'trunc'),
};

const EXACT_BINARY: Readonly<Partial<Record<BinaryOp, (b: GraphBuilder, x: Words, y: Words) => Words>>> = {
  add: addDoubles,
  sub: subtractDoubles,
  mul: multiplyDoubles,
  div: divideDoubles,
  min: (b, x, y) => extremeDouble(b, 'min', x, y),
  max: (b, x, y) => extremeDouble(b, 'max', x, y),
};

export class DoubleRules {
  constructor(
    private readonly b: GraphBuilder,
    private readonly words: WideWords,
    /** Told which op is computed in f32. */
    private readonly note: (op: string) => void,
  ) {}

  private double(words: Words): PairValue {
    return new PairValue('double', words);
  }

  /** Throws as the type rule does for ops that are not defined for floats. */
  private inSingle(op: UnaryOp | BinaryOp, operands: readonly WideValue[]): PairValue {
    this.note(op);
    const { b } = this;
    const singles = operands.map((x) => singleOfDouble(b, this.words.of(x)));
    return this.double(doubleOfSingle(b, b.emit(op, singles, {})));
  }

  unary(op: UnaryOp, x: WideValue): PairValue {
    const exact = EXACT_UNARY[op];
    return exact === undefined ? this.inSingle(op, [x]) : this.double(exact(this.b, this.words.of(x)));
  }

  binary(op: BinaryOp, x: WideValue, y: WideValue): PairValue {
    const exact = EXACT_BINARY[op];
    return exact === undefined
      ? this.inSingle(op, [x, y])
      : this.double(exact(this.b, this.words.of(x), this.words.of(y)));
  }

  compare(op: CompareOp, x: WideValue, y: WideValue): Value {
    return compareDoubles(this.b, op, this.words.of(x), this.words.of(y));
  }

  /** To a dtype of the IR: towards zero, and to the ends of integers; NaN becomes 0. */
  cast(x: WideValue, to: DType): Value {
    const { b } = this;
    const words = this.words.of(x);
    switch (to) {
      case 'f32':
        return singleOfDouble(b, words);
      case 'f16':
        return b.cast(oddSingle(b, words), 'f16');
      case 'bool':
        return b.unary('not', isZeroWords(b, absDouble(b, words)));
      default:
        return this.integer32(words, to);
    }
  }

  private integer32(x: Words, to: 'i32' | 'u32'): Value {
    const { b } = this;
    const { bits, select, and, or, eq, not, lt, sub } = integerOps(b);
    const { magnitude, isTooLarge } = magnitudeOfDouble(b, x, 63);
    const isNegative = and(not(eq(and(x.hi, SIGN), 0)), not(isNaNDouble(b, x)));
    const isWide = or(isTooLarge, not(eq(magnitude.hi, 0)));
    if (to === 'u32') return select(isNegative, 0, select(isWide, 0xffffffff, magnitude.lo));
    const isBeyond = or(isWide, lt(b.full(magnitude.lo, 0x7fffffff), magnitude.lo));
    const signed = b.select(isNegative, sub(b.full(magnitude.lo, 0), magnitude.lo), magnitude.lo);
    const end = b.select(isNegative, b.full(magnitude.lo, SIGN), b.full(magnitude.lo, 0x7fffffff));
    return bits(b.select(isBeyond, end, signed), 'i32');
  }

  /** A float as a 64-bit integer: towards zero, and to its ends; NaN becomes 0. */
  toInteger(dtype: WideInteger, x: WideValue): PairValue {
    const { b } = this;
    const { and, eq, not } = integerOps(b);
    const words = this.words.of(x);
    const signed = dtype === 'int64';
    const { magnitude, isTooLarge } = magnitudeOfDouble(b, words, signed ? 63 : 64);
    const isNegative = not(eq(and(words.hi, SIGN), 0));
    const full = (value: bigint): Words => fullWords(b, words, value);
    const { least, most } = FULL[dtype];
    const end = selectWords(b, isNegative, full(least), full(most));
    const below = signed ? negateWords(b, magnitude) : full(0n);
    const whole = selectWords(b, isNegative, below, magnitude);
    return new PairValue(dtype, selectWords(b, isTooLarge, end, whole), FULL[dtype]);
  }

  ofInteger(dtype: WideInteger, x: WideValue): PairValue {
    const { b } = this;
    const words = this.words.of(x);
    const zero = b.full(words.hi, 0);
    if (dtype === 'uint64') return this.double(doubleOfMagnitude(b, zero, words));
    const isNegative = isNegativeWords(b, words);
    const magnitude = selectWords(b, isNegative, negateWords(b, words), words);
    return this.double(doubleOfMagnitude(b, b.select(isNegative, b.full(zero, SIGN), zero), magnitude));
  }

  private get arithmetic(): Arithmetic {
    const { b } = this;
    return {
      add: (p, q) => addDoubles(b, p, q),
      mul: (p, q) => multiplyDoubles(b, p, q),
      zero: (like) => fullDouble(b, like, 0),
    };
  }

  private combine(kind: Reducer): Combine {
    const op = ({ sum: 'add', prod: 'mul', min: 'min', max: 'max' } as const)[kind];
    return (p, q) => EXACT_BINARY[op]!(this.b, p, q);
  }

  /** What a reduction of nothing gives. */
  private nothing(kind: Reducer): (like: Words) => Words {
    const value = { sum: 0, prod: 1, min: Infinity, max: -Infinity }[kind];
    return (like) => fullDouble(this.b, like, value);
  }

  reduce({ kind, axes }: OpAttrs['reduce'], x: WideValue): PairValue {
    return this.double(foldAxes(this.b, this.words.of(x), axes, this.combine(kind), this.nothing(kind)));
  }

  scan(attrs: OpAttrs['scan'], x: WideValue): PairValue {
    return this.double(scanAxis(this.b, this.words.of(x), attrs, this.combine(attrs.kind), this.nothing(attrs.kind))); // prettier-ignore
  }

  reduceWindow(attrs: OpAttrs['reduceWindow'], x: WideValue): PairValue {
    const { b } = this;
    const padding = this.nothing(attrs.kind)(constantWords(b, [], 0n));
    return this.double(reduceWindows(b, this.words.of(x), attrs, this.combine(attrs.kind), padding));
  }

  dot(attrs: OpAttrs['dot'], x: WideValue, y: WideValue): PairValue {
    return this.double(dotWords(this.b, this.words.of(x), this.words.of(y), attrs, this.arithmetic));
  }

  conv(attrs: OpAttrs['conv'], x: WideValue, w: WideValue): PairValue {
    return this.double(convWords(this.b, this.words.of(x), this.words.of(w), attrs, this.arithmetic));
  }

  /** Words whose unsigned order is that of the doubles, with NaN last, or first where `isNaNFirst`. */
  ordered(x: WideValue, isNaNFirst: boolean): Words {
    const { b } = this;
    const words = this.words.of(x);
    const end = fullWords(b, words, isNaNFirst ? 0n : FULL.uint64.most);
    return selectWords(b, isNaNDouble(b, words), end, orderedDouble(b, words));
  }
}
