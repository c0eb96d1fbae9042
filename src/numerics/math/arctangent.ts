import { f32FromBits } from '../bits.js';
import type { ScalarLang } from '../scalar-lang.js';
import { coefficients, horner, magnitude, orNaN, signBit } from './fields.js';

/** (atan(t) - t) / t^3 in powers of t^2, on [0, 7/16]. */
const ATAN_TAIL = coefficients(0xbeaaaaa1, 0x3e4cc700, 0xbe11b7ec, 0x3dd6f117, 0xbd6eb9d9);

/** From `from` on, atan(a) = base + atan((scale * a - offset) / (unit + slope * a)). The bases are hi + lo to 48 bits. */
const PIECES = [
  { from: 0, scale: 1, offset: 0, unit: 1, slope: 0, hi: 0, lo: 0 },
  { from: 0x3ee00000, scale: 2, offset: 1, unit: 2, slope: 1, hi: 0x3eed6338, lo: 0x31ac376a }, // 7/16: atan(1/2)
  { from: 0x3f300000, scale: 1, offset: 1, unit: 1, slope: 1, hi: 0x3f490fda, lo: 0x33222168 }, // 11/16: atan(1)
  { from: 0x3f980000, scale: 1, offset: 1.5, unit: 1, slope: 1.5, hi: 0x3f7b985e, lo: 0x33140fb4 }, // 19/16: atan(3/2)
  { from: 0x401c0000, scale: 0, offset: 1, unit: 0, slope: 1, hi: 0x3fc90fda, lo: 0x33a22168 }, // 39/16: pi/2
] as const;

const IDENTITY_BITS = 0x39800000; // 2^-12: below it x^3/3 is less than half an ulp
const SATURATED = 0x4c800000; // 2^26: above it the result rounds to pi/2
const HALF_PI_BITS = 0x3fc90fdb;

/** Inverse tangent. Error below 0.85 ulp (0.849 measured over all floats from 11/16 to 0.79, where it is largest). Odd; atan(-0) = -0. The pieces are those of FDLIBM's s_atanf.c. */
export function atan<F, I, B>(s: ScalarLang<F, I, B>, x: F): F {
  const mag = magnitude(s, x);
  const a = s.float(mag);
  const piece = (field: 'scale' | 'offset' | 'unit' | 'slope'): F =>
    choose(s, mag, (p) => s.fconst(p[field]));
  const above = s.sub(s.mul(a, piece('scale')), piece('offset'));
  const below = s.add(piece('unit'), s.mul(a, piece('slope')));
  const t = s.div(above, below);
  const z = s.mul(t, t);
  const tail = s.mul(s.mul(t, z), horner(s, z, ATAN_TAIL));
  const hi = choose(s, mag, (p) => s.fconst(f32FromBits(p.hi)));
  const lo = choose(s, mag, (p) => s.fconst(f32FromBits(p.lo)));
  const result = s.bits(s.add(hi, s.add(t, s.add(tail, lo))));
  const orIdentity = s.iselect(s.ltu(mag, IDENTITY_BITS), mag, result);
  const orSaturated = s.iselect(s.ltu(SATURATED, mag), HALF_PI_BITS, orIdentity);
  return s.float(s.ior(orNaN(s, mag, orSaturated), signBit(s, x)));
}

function choose<F, I, B>(s: ScalarLang<F, I, B>, mag: I, of: (piece: (typeof PIECES)[number]) => F): F {
  return PIECES.slice(1).reduce(
    (before, piece) => s.select(s.ltu(mag, piece.from), before, of(piece)),
    of(PIECES[0]),
  );
}
