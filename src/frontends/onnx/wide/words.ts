/** Wide values as words, and back. */
import { integerOps } from '../../../compose/wide/u32.js';
import { signWord, type Words } from '../../../compose/wide/words.js';
import { bitsOfDouble, constantDoubles } from '../../../compose/wide/double.js';
import { doubleOfSingle } from '../../../compose/wide/single.js';
import { constantWords } from '../../../compose/wide/words.js';
import type { GraphBuilder } from '../../../ir/builder.js';
import type { Value } from '../../../ir/emitter.js';
import type { Node } from '../../../ir/graph.js';
import { fits, FULL, rangeOf, type Range, type Ranges } from './range.js';
import { NarrowValue, PairValue, STAND_IN, WideValue, type WideDType, type WideInteger } from './value.js';

const NARROW = { int64: FULL.i32, uint64: FULL.u32 } as const;

/** Reads and makes the values of one graph. */
export class WideWords {
  constructor(
    private readonly b: GraphBuilder,
    private readonly ranges: Ranges,
  ) {}

  rangeOf(x: WideValue): Range {
    return x instanceof NarrowValue ? this.ranges.of(x.value) : (x as PairValue).range;
  }

  /** The words of the elements. */
  of(x: WideValue): Words {
    if (x instanceof PairValue) return x.words;
    const { value } = x as NarrowValue;
    const { bits } = integerOps(this.b);
    const lo = bits(value, 'u32');
    const isSigned = x.dtype === 'int64' && this.ranges.of(value).least < 0n;
    return { lo, hi: isSigned ? signWord(this.b, lo) : this.b.full(lo, 0) };
  }

  /** Integers that are known to be in `range`: of 32 bits where these are enough. */
  integer(dtype: WideInteger, words: Words, range: Range): WideValue {
    if (!fits(range, NARROW[dtype])) return new PairValue(dtype, words, range);
    const value = integerOps(this.b).bits(words.lo, dtype === 'int64' ? 'i32' : 'u32');
    return this.narrow(dtype, value, range);
  }

  /** A value of 32 bits, of which more may be known than its ops say. */
  narrow(dtype: WideInteger, value: Value, range?: Range): NarrowValue {
    if (range !== undefined && !fits(this.ranges.of(value), range)) this.ranges.set(value, range);
    return new NarrowValue(dtype, value);
  }

  isNarrow(dtype: WideInteger, range: Range): boolean {
    return fits(range, NARROW[dtype]);
  }

  /** A value of 32 bits or of the type itself as one of a wide type. */
  promoted(dtype: WideDType, value: Value): WideValue {
    if (value instanceof WideValue) return value;
    const constant = this.constantBehind(value);
    if (dtype === 'double') {
      if (constant !== undefined)
        return new PairValue(dtype, constantDoubles(this.b, value.type.shape, constant));
      return new PairValue(dtype, doubleOfSingle(this.b, this.b.cast(value, 'f32')));
    }
    if (constant !== undefined) {
      const { least, most } = FULL[dtype];
      const values = constant.map((number) => clamped(number, least, most));
      const range = rangeOf(values.reduce((x, y) => (x < y ? x : y)), values.reduce((x, y) => (x > y ? x : y))); // prettier-ignore
      if (fits(range, NARROW[dtype]))
        return new NarrowValue(dtype, this.b.constant(STAND_IN[dtype], value.type.shape, values.map(Number)));
      return new PairValue(dtype, constantWords(this.b, value.type.shape, values), range);
    }
    return new NarrowValue(dtype, this.b.cast(value, STAND_IN[dtype]));
  }

  /** The numbers of a constant, one for all elements or one for each; they are not rounded to its dtype. */
  private constantBehind(value: Value): readonly number[] | undefined {
    let node: Node = this.b.node(value);
    let isSame = true;
    while (node.op === 'broadcast' || node.op === 'reshape') {
      isSame &&= node.op === 'reshape';
      node = this.b.node(this.b.value(node.inputs[0]));
    }
    if (node.op !== 'constant' || node.attrs.values.length === 0) return undefined;
    return isSame || node.attrs.values.length === 1 ? node.attrs.values : undefined;
  }
}

/** A number as an element: an integer, or the bits of a double. */
export const elementOf = (dtype: WideDType, number: number): bigint =>
  dtype === 'double' ? bitsOfDouble(number) : clamped(number, FULL[dtype].least, FULL[dtype].most);

function clamped(number: number, least: bigint, most: bigint): bigint {
  if (Number.isNaN(number)) return 0n;
  if (!Number.isFinite(number)) return number > 0 ? most : least;
  const whole = BigInt(Math.trunc(number));
  return whole < least ? least : whole > most ? most : whole;
}
