/**
 * Floats as text by the rules of NumPy's array2string (2.3 and later, with its default options): numpy/_core/arrayprint.py,
 * FloatingFormat. Of powers of two, where floats above lie further apart than those below, NumPy needs a digit less in three
 * cases (2^90 is one).
 */
import { greatest } from '../../base/values.js';
import type { DType } from '../../base/dtype.js';
import { preserveLang } from '../../numerics/js-lang.js';
import { roundF16 } from '../../numerics/math/index.js';

/** Decimals at most. */
const PRECISION = 8;

/** Decimal digits that a float of the type surely has (finfo.precision): greater numbers are scientific. */
const DIGITS = { f32: 6, f16: 3 } as const;

export type FloatDType = 'f32' | 'f16';

export const isFloatDType = (dtype: DType): dtype is FloatDType => dtype === 'f32' || dtype === 'f16';

/**
 * All of `values`, each with as few digits as tell it apart from its neighbours, with room for the digits that others have;
 * scientific where that would hide what is small or large. Texts have one width.
 */
export function formatFloats(dtype: FloatDType, values: readonly number[]): string[] {
  const finite = values.filter(Number.isFinite);
  const texts = new Map(
    isScientific(dtype, finite) ? scientific(dtype, finite) : finite.map((x) => [x, positional(dtype, x)]),
  );
  // Of numbers below 0 a sign is part of the digits; where there is none, a column is not kept free for it.
  const shown = values.map((value) => signed(value, texts));
  const decimals = greatest(
    shown.map((text) => fractionOf(text).length),
    0,
  );
  const padded = shown.map((text, i) =>
    Number.isFinite(values[i]) ? text.padEnd(text.length - fractionOf(text).length + decimals) : text,
  );
  const width = greatest(
    padded.map((text) => text.length),
    0,
  );
  return padded.map((text) => text.padStart(width));
}

function signed(value: number, texts: ReadonlyMap<number, string>): string {
  if (Number.isNaN(value)) return 'nan';
  const isNegative = value < 0 || Object.is(value, -0);
  return `${isNegative ? '-' : ''}${Number.isFinite(value) ? texts.get(value)! : 'inf'}`;
}

const fractionOf = (text: string): string => text.split('.')[1] ?? '';

/** Whether the numbers that are not 0 are too great, too small or too far apart. */
function isScientific(dtype: FloatDType, finite: readonly number[]): boolean {
  const magnitudes = finite.filter((value) => value !== 0).map(Math.abs);
  if (magnitudes.length === 0) return false;
  const [least, most] = [magnitudes.reduce((a, b) => Math.min(a, b)), greatest(magnitudes, 0)];
  return most >= 10 ** DIGITS[dtype] || least < 1e-4 || roundTo[dtype](most / least) > 1000;
}

/**
 * `1.5e+10`, without a sign, all with as many decimals and as many digits of the exponent as one of them needs. Those that
 * need less show more of what they are: 4.463746e-06 is 4.4637459e-06 beside 9.0535586e-06.
 */
function scientific(
  dtype: FloatDType,
  values: readonly number[],
): (readonly [value: number, text: string])[] {
  const decimals = greatest(
    values.map((value) => decimalsOf(shortest(dtype, value))),
    0,
  );
  const parts = values.map(
    (value) => [value, ...nearest(dtype, value, 'toExponential', decimals).split('e')] as const,
  );
  const places = greatest(
    parts.map(([, , exponent]) => exponent.length - 1),
    2,
  );
  return parts.map(([value, mantissa, exponent]) => {
    const point = decimals === 0 ? '.' : '';
    return [value, `${mantissa}${point}e${exponent[0]}${exponent.slice(1).padStart(places, '0')}`] as const;
  });
}

/** `0.125`, `2.`, without a sign. */
function positional(dtype: FloatDType, value: number): string {
  const text = shortest(dtype, value);
  const decimals = Math.max(0, decimalsOf(text) - Number(text.split('e')[1]));
  const [whole, fraction = ''] = nearest(dtype, value, 'toFixed', Math.min(PRECISION, decimals)).split('.');
  return `${whole}.${fraction.replace(/0+$/, '')}`;
}

/** The fewest digits from which the magnitude of `value` is read again, as toExponential has them. */
function shortest(dtype: FloatDType, value: number): string {
  const magnitude = Math.abs(value);
  for (let decimals = 0; ; decimals++) {
    const text = nearest(dtype, magnitude, 'toExponential', decimals);
    // Nine digits tell all floats apart.
    if (decimals === 8 || roundTo[dtype](Number(text)) === magnitude) return text;
  }
}

const decimalsOf = (scientific: string): number => fractionOf(scientific.split('e')[0]).length;

/**
 * The magnitude of `value` to so many decimals. Of two that are equally near, it is the one that ends in an even digit, where
 * the methods of numbers take the greater; but below a power of two floats lie closer, and only one of both may be read as
 * the value.
 */
function nearest(
  dtype: FloatDType,
  value: number,
  method: 'toFixed' | 'toExponential',
  decimals: number,
): string {
  const magnitude = Math.abs(value);
  const above = magnitude[method](decimals);
  const [mantissa, exponent] = magnitude[method](decimals + 1).split('e');
  // No float that lies in the middle has more digits.
  const exact = magnitude[method](60).split('e')[0];
  if (!mantissa.endsWith('5') || exact !== mantissa.padEnd(exact.length, '0')) return above;
  const digits = mantissa.slice(0, decimals === 0 ? -2 : -1);
  const below = exponent === undefined ? digits : `${digits}e${exponent}`;
  const reads = (text: string): boolean => roundTo[dtype](Number(text)) === magnitude;
  const isEven = Number(digits.at(-1)) % 2 === 0;
  return isEven && (reads(below) || !reads(above)) ? below : above;
}

const roundTo: { readonly [K in FloatDType]: (value: number) => number } = {
  f32: Math.fround,
  f16: (value) => roundF16(preserveLang, Math.fround(value)),
};
