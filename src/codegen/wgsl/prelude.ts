/**
 * The text that stands before every kernel: the operations that drivers must not rewrite. Which variant of each is used
 * is decided when the device is probed, so that kernels are the same text on every device.
 */
import type { SubnormalMode } from '../../numerics/subnormals.js';
import type { Preludes, PreludeTexts } from '../../plan/preludes.js';
import { buildSuite } from '../suite/suite.js';
import { correctedDivide, correctedSquareRoot } from './library.js';

/**
 * `numerics.zero` is 0u and `numerics.negative_zero` -0.0, which the driver cannot know. `numerics.trips` are the numbers of the
 * trips of the loops around a command. `rn` makes a rounded result
 * opaque: adding a run-time zero to its bits stops reassociation, contraction and folding, where a bitcast round trip does
 * not. (An exclusive-or would do as well, but for one thing: drivers see that two of them cancel.)
 */
export const PRELUDE_BASE = `struct Numerics { zero: u32, negative_zero: f32, trips: vec4u }
@group(0) @binding(0) var<uniform> numerics: Numerics;
fn rn(v: f32) -> f32 { return bitcast<f32>(bitcast<u32>(v) + numerics.zero); }
fn f32_bits(v: u32) -> f32 { return bitcast<f32>(v + numerics.zero); }
`;

/** acc + a * b with two roundings. A fused multiply-add by -0 rounds the product, and cannot be fused again. */
const MAC_FUSED_ZERO =
  'fn mac(acc: f32, a: f32, b: f32) -> f32 { return acc + fma(a, b, numerics.negative_zero); }\n';
const MAC_OPAQUE = 'fn mac(acc: f32, a: f32, b: f32) -> f32 { return rn(acc + rn(a * b)); }\n';

const NATIVE_DIVIDE = 'fn divide(a: f32, b: f32) -> f32 { return rn(a / b); }\n';
const NATIVE_ROOT = 'fn square_root(a: f32) -> f32 { return rn(sqrt(a)); }\n';
const DEVICE_QUOTIENT = 'fn device_quotient(a: f32, b: f32) -> f32 { return rn(a / b); }\n';
const DEVICE_ROOT = 'fn device_root(a: f32) -> f32 { return rn(sqrt(a)); }\n';

/** What devices are proved with, and what runs kernels on them. */
export const buildPreludes = (): Preludes => ({ ...preludeTexts(), suite: buildSuite() });

/** The variants of the prelude. Corrected ones are built from src/numerics. */
export function preludeTexts(): PreludeTexts {
  const divide = (mode: SubnormalMode): string => `${DEVICE_QUOTIENT}${correctedDivide(mode)}\n`;
  const squareRoot = (mode: SubnormalMode): string => `${DEVICE_ROOT}${correctedSquareRoot(mode)}\n`;
  return {
    base: PRELUDE_BASE,
    mac: { fusedZero: MAC_FUSED_ZERO, opaque: MAC_OPAQUE },
    divide: { native: NATIVE_DIVIDE, preserve: divide('preserve'), flush: divide('flush') },
    squareRoot: { native: NATIVE_ROOT, preserve: squareRoot('preserve'), flush: squareRoot('flush') },
  };
}
