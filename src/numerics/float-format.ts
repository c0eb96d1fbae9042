/**
 * Floats of 16 bits and fewer that only stand in files and between operators: what their codes mean, and the code nearest to
 * a number. Sources: float16 of IEEE 754; bfloat16 as in TensorFlow; float8 of arxiv.org/abs/2209.05433 (FN) and arxiv.org/abs/2206.02915 (FNUZ);
 * E8M0 and E2M1 of the OCP Microscaling Formats, version 1.0.
 */

export interface FloatFormat {
  readonly exponentBits: number;
  readonly fractionBits: number;
  readonly bias: number;
  /**
   * What stands beside finite numbers. `ieee`: infinities and NaNs at the largest exponent. `nan`: only the code of all
   * ones, of either sign. `unsignedZero`: the code of -0 is NaN. `none`: nothing. `powers`: no sign, no zero and no
   * subnormals; all ones is NaN. A NaN becomes -0 where there is none, as in ml_dtypes and ONNX's test data (its text says 6).
   */
  readonly specials: 'ieee' | 'nan' | 'unsignedZero' | 'none' | 'powers';
}

const format = (
  exponentBits: number,
  fractionBits: number,
  bias: number,
  specials: FloatFormat['specials'],
): FloatFormat => ({ exponentBits, fractionBits, bias, specials });

export const FLOAT16 = format(5, 10, 15, 'ieee');
export const BFLOAT16 = format(8, 7, 127, 'ieee');
export const FLOAT8E4M3FN = format(4, 3, 7, 'nan');
export const FLOAT8E4M3FNUZ = format(4, 3, 8, 'unsignedZero');
export const FLOAT8E5M2 = format(5, 2, 15, 'ieee');
export const FLOAT8E5M2FNUZ = format(5, 2, 16, 'unsignedZero');
export const FLOAT8E8M0 = format(8, 0, 127, 'powers');
export const FLOAT4E2M1 = format(2, 1, 1, 'none');

/** How a number is brought to a format. */
export interface Rounding {
  /** Numbers beyond the largest one become that, and not an infinity or NaN. bfloat16 never does this, E2M1 always. */
  readonly saturate: boolean;
  /** Of E8M0: to the nearest power, a tie up; away from 0; towards 0. The other formats round to nearest even. */
  readonly mode: 'nearest' | 'up' | 'down';
}

/** Cast's defaults. */
export const DEFAULT_ROUNDING: Rounding = { saturate: true, mode: 'up' };

const codeOfAllOnes = ({ exponentBits, fractionBits }: FloatFormat): number =>
  2 ** (exponentBits + fractionBits) - 1;

/** The largest finite magnitude, as a code without sign. */
function largestCode(f: FloatFormat): number {
  if (f.specials === 'ieee') return codeOfAllOnes(f) - 2 ** f.fractionBits;
  return f.specials === 'nan' || f.specials === 'powers' ? codeOfAllOnes(f) - 1 : codeOfAllOnes(f);
}

/** The exponent of the smallest normal number. */
export const smallestExponent = (f: FloatFormat): number => 1 - f.bias;

/** The largest finite number. */
export const largestOf = (f: FloatFormat): number => finite(f, largestCode(f));

const finite = (f: FloatFormat, magnitude: number): number => {
  const [exponent, fraction] = [Math.floor(magnitude / 2 ** f.fractionBits), magnitude % 2 ** f.fractionBits];
  if (f.specials === 'powers') return 2 ** (exponent - f.bias);
  return exponent === 0
    ? fraction * 2 ** (smallestExponent(f) - f.fractionBits)
    : (2 ** f.fractionBits + fraction) * 2 ** (exponent - f.bias - f.fractionBits);
};

/** The number that a code stands for. */
export function decode(f: FloatFormat, code: number): number {
  const ones = codeOfAllOnes(f);
  const magnitude = code & ones;
  const negative = f.specials !== 'powers' && code > ones;
  if (f.specials === 'unsignedZero' && negative && magnitude === 0) return NaN;
  if (magnitude > largestCode(f))
    return f.specials === 'ieee' && magnitude === ones + 1 - 2 ** f.fractionBits
      ? negative
        ? -Infinity
        : Infinity
      : NaN;
  return negative ? -finite(f, magnitude) : finite(f, magnitude);
}

/** The code of a number after rounding. */
export function encode(f: FloatFormat, x: number, rounding: Rounding = DEFAULT_ROUNDING): number {
  const ones = codeOfAllOnes(f);
  if (f.specials === 'powers') return powerCode(f, Math.abs(x), rounding);
  const signBit = x < 0 || Object.is(x, -0) ? ones + 1 : 0;
  const nan = f.specials === 'unsignedZero' || f.specials === 'none' ? ones + 1 : ones;
  if (Number.isNaN(x)) return nan;
  const magnitude = nearestCode(f, Math.abs(x));
  const largest = largestCode(f);
  const saturates = f.specials === 'none' || (rounding.saturate && f !== BFLOAT16);
  if (magnitude > largest && !saturates)
    return f.specials === 'ieee' ? signBit + largest + 1 : f.specials === 'nan' ? signBit + ones : nan;
  const code = Math.min(magnitude, largest);
  return f.specials === 'unsignedZero' && code === 0 ? 0 : signBit + code;
}

/** To nearest even; codes go on beyond the largest one. */
function nearestCode(f: FloatFormat, x: number): number {
  if (x === Infinity) return Infinity;
  const exponent = Math.max(exponentOf(x), smallestExponent(f));
  const steps = x / 2 ** (exponent - f.fractionBits);
  const below = Math.floor(steps);
  const rest = steps - below;
  const whole = rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
  return (exponent - smallestExponent(f)) * 2 ** f.fractionBits + whole;
}

function powerCode(f: FloatFormat, x: number, { saturate, mode }: Rounding): number {
  const ones = codeOfAllOnes(f);
  if (!(x < Infinity)) return ones;
  const exponent = Math.max(exponentOf(x), -f.bias);
  const part = x / 2 ** exponent;
  const up = mode === 'up' ? part > 1 : mode === 'nearest' ? part >= 1.5 : false;
  const code = exponent + f.bias + (up ? 1 : 0);
  return saturate ? Math.min(code, ones - 1) : Math.min(code, ones);
}

/** floor(log2(x)) for x > 0, exactly; the least for 0. */
function exponentOf(x: number): number {
  if (x === 0) return -1074;
  let exponent = Math.floor(Math.log2(x));
  if (2 ** exponent > x) exponent--;
  if (2 ** (exponent + 1) <= x) exponent++;
  return exponent;
}
