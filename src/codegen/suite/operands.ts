/** Operands of the patterns: three columns a, b and c of special values, ordinary numbers and arbitrary bits. */
import type { Column, Columns } from './columns.js';

const SEEDS = [11, 12, 13];

/** Arbitrary words. */
export const arbitrary = (s: Columns, length: number): Column[] =>
  SEEDS.map((seed) => s.random(seed, length));

/** Numbers from 1/32 to 32 of either sign. */
export const ordinary = (s: Columns, length: number): Column[] =>
  SEEDS.map((seed) => ordinaryColumn(s, seed, length));

/** As `ordinaryWords` of src/numerics. */
export function ordinaryColumn(s: Columns, seed: number, length: number): Column {
  const exponents = s.ishl(s.iadd(s.urem(s.count(length), 10), 122), 23);
  return s.ior(s.iand(s.random(seed, length), 0x807fffff), exponents);
}

/** Significands in [1, 2) whatever their exponents would be, quotients near 1, and results around the subnormals. */
export function closeOperands(s: Columns, length: number): Column[] {
  const [x, y, c] = arbitrary(s, length);
  const turn = s.iand(s.count(length), 3);
  const inTurn = (first: Column, second: Column, third: Column, last: Column): Column =>
    s.iselect(
      s.ieq(turn, 0),
      first,
      s.iselect(s.ieq(turn, 1), second, s.iselect(s.ieq(turn, 2), third, last)),
    );
  const significand = (word: Column): Column => s.ior(s.iand(word, 0x7fffff), 0x3f800000);
  const scaled = (word: Column, exponent: number): Column => s.iadd(s.iand(word, 0x80ffffff), exponent);
  return [
    inTurn(significand(x), x, scaled(x, 0x08000000), s.iand(x, 0x807fffff)),
    inTurn(significand(y), s.iadd(x, s.isub(s.urem(y, 17), 8)), scaled(y, 0x46000000), y),
    c,
  ];
}

/** The first `length` triples of `values`, from the start again where there are no more, and then the rows of `more`. */
export function tuples(
  s: Columns,
  values: readonly number[],
  length: number,
  ...more: readonly (readonly Column[])[]
): Column[] {
  const list = s.words(values);
  return SEEDS.map((_, i) => {
    const at = s.urem(s.udiv(s.count(length), values.length ** i), values.length);
    return s.join(s.take(list, at), ...more.map((columns) => columns[i]));
  });
}
