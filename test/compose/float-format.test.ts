/** Conversions to the small floats, against a model in rationals: every code, ties, and numbers of all magnitudes. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { roundToFormat } from '../../src/compose/float-format.js';
import { interpret } from '../../src/interpreter/index.js';
import { GraphBuilder } from '../../src/ir/builder.js';
import * as formats from '../../src/numerics/float-format.js';
import { decode, encode, type FloatFormat, type Rounding } from '../../src/numerics/float-format.js';

const FORMATS = {
  bfloat16: [formats.BFLOAT16, 16],
  e4m3fn: [formats.FLOAT8E4M3FN, 8],
  e4m3fnuz: [formats.FLOAT8E4M3FNUZ, 8],
  e5m2: [formats.FLOAT8E5M2, 8],
  e5m2fnuz: [formats.FLOAT8E5M2FNUZ, 8],
  e8m0: [formats.FLOAT8E8M0, 8],
  e2m1: [formats.FLOAT4E2M1, 4],
} as const satisfies Record<string, readonly [FloatFormat, number]>;
const NAMES = Object.keys(FORMATS) as (keyof typeof FORMATS)[];
const ROUNDINGS: readonly Rounding[] = [true, false].flatMap((saturate) =>
  (['nearest', 'up', 'down'] as const).map((mode) => ({ saturate, mode })),
);

const codes = (bits: number): number[] => Array.from({ length: 2 ** bits }, (_, code) => code);
const f32 = (bits: number): number => new Float32Array(new Uint32Array([bits]).buffer)[0];

/** A finite f32 or double that is a multiple of 2^-200, in that unit. */
const units = (x: number): bigint => {
  const [half, rest] = [Math.trunc(x), x - Math.trunc(x)];
  return (BigInt(half) << 200n) + BigInt(rest * 2 ** 100 * 2 ** 100);
};

/** All magnitudes in order, and the one that would follow the largest, if exponents went on. */
function ladderOf([format, bits]: readonly [FloatFormat, number]): Ladder {
  const powers = format.specials === 'powers';
  const finite = codes(bits - (powers ? 0 : 1))
    .map((code) => decode(format, code))
    .filter(Number.isFinite);
  const largest = finite.at(-1)!;
  const ladder = [...finite, largest + (largest - (powers ? 0 : finite.at(-2)!))];
  return { ladder, steps: ladder.map(units), largest };
}

interface Ladder {
  readonly ladder: readonly number[];
  readonly steps: readonly bigint[];
  readonly largest: number;
}

const LADDERS = Object.fromEntries(NAMES.map((name) => [name, ladderOf(FORMATS[name])])) as Record<keyof typeof FORMATS, Ladder>; // prettier-ignore

/** The number that Cast gives, by looking at all there are. */
function model(name: keyof typeof FORMATS, x: number, { saturate, mode }: Rounding): number {
  const { specials } = FORMATS[name][0];
  if (Number.isNaN(x)) return specials === 'none' ? -0 : NaN;
  if (specials === 'powers' && !Number.isFinite(x)) return NaN;
  const negative = specials !== 'powers' && (x < 0 || Object.is(x, -0));
  const { ladder, steps, largest } = LADDERS[name];
  const index = Number.isFinite(x) ? nearest(steps, units(Math.abs(x)), specials === 'powers' ? mode : 'even') : ladder.length - 1; // prettier-ignore
  const bounded = name === 'bfloat16' ? false : specials === 'none' || saturate;
  const beyond = bounded ? largest : specials === 'ieee' ? Infinity : NaN;
  const found = index === ladder.length - 1 ? beyond : ladder[index];
  return found === 0 && specials === 'unsignedZero' ? 0 : negative ? -found : found;
}

function nearest(ladder: readonly bigint[], x: bigint, mode: 'even' | Rounding['mode']): number {
  let [below, above] = [-1, ladder.length];
  while (above - below > 1) {
    const middle = (below + above) >> 1;
    if (ladder[middle] >= x) above = middle;
    else below = middle;
  }
  if (above === ladder.length) return ladder.length - 1;
  if (above === 0 || ladder[above] === x) return above;
  if (mode === 'up' || mode === 'down') return mode === 'up' ? above : above - 1;
  const [down, up] = [x - ladder[above - 1], ladder[above] - x];
  if (down !== up) return down < up ? above - 1 : above;
  return mode === 'nearest' || above % 2 === 0 ? above : above - 1;
}

/** By the graph, in which nothing flushes subnormals: those of the operand are kept by integer operations anyway. */
function rounded(xs: readonly number[], format: FloatFormat, rounding: Rounding): number[] {
  const b = new GraphBuilder('g');
  const x = b.param('x', 'f32', [xs.length]);
  b.output('y', roundToFormat(b, x, format, rounding));
  const given = { dtype: 'f32' as const, shape: [xs.length], data: Float32Array.from(xs) };
  return Array.from(interpret({ graph: b.build(), weights: new Map() }, { x: given }).outputs.y.data);
}

const floats = fc.oneof(
  fc.float(),
  fc.integer({ min: 0, max: 0xffffffff }).map(f32),
  fc.constantFrom(0, -0, Infinity, -Infinity, NaN, 448, 464, 480, 57344, 61440, 65536, 6, 5, 7),
);

describe.each(NAMES)('%s', (name) => {
  const [format, bits] = FORMATS[name];

  test('every code comes back', () => {
    for (const code of codes(bits)) {
      const value = decode(format, code);
      if (!Number.isNaN(value))
        expect(encode(format, value, { saturate: false, mode: 'nearest' })).toBe(code);
      else expect(decode(format, encode(format, value))).toBeNaN();
    }
  });

  test('numbers, ties and their neighbours are rounded as the model says, on the host and in the graph', () => {
    const values = codes(Math.min(bits, 8)).map((code) => decode(format, bits > 8 ? code * 251 : code));
    const finite = values.filter(Number.isFinite).map(Math.fround);
    const ties = finite.map((value, i) => Math.fround((value + (finite[i + 1] ?? value)) / 2));
    const next = ties.flatMap((tie) => [tie * (1 + 2 ** -23), tie * (1 - 2 ** -24)].map(Math.fround));
    for (const rounding of ROUNDINGS) check([...finite, ...ties, ...next], rounding);
  });

  test('any numbers are', () => {
    fc.assert(
      fc.property(fc.array(floats, { minLength: 1, maxLength: 20 }), fc.constantFrom(...ROUNDINGS), check),
    );
  });

  function check(xs: readonly number[], rounding: Rounding): void {
    // bfloat16 has the subnormals of f32, which sit below the unit of the model.
    const cases = xs.filter((x) => x === 0 || !(Math.abs(x) < (name === 'bfloat16' ? 2 ** -126 : 0)));
    if (cases.length === 0) return;
    const expected = cases.map((x) => model(name, x, rounding));
    expect(cases.map((x) => decode(format, encode(format, x, rounding)))).toEqual(expected);
    expect(rounded(cases, format, rounding)).toEqual(expected);
  }
});
