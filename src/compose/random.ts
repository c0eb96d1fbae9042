/** Random numbers from keys (u32[2]): the same key gives the same numbers. */
import type { Emitter, Value } from '../ir/emitter.js';
import { staticShape } from '../ir/types.js';
import { broadcastTo, withScalar } from './broadcast.js';
import { sliceAxis } from './movement.js';

/** The upper 24 of random bits, as f32 integers. */
const draws = (b: Emitter, key: Value, shape: readonly number[]): Value => {
  const bits = b.emit('random', [key], { shape });
  return b.cast(b.binary('shr', bits, b.full(bits, 8)), 'f32');
};

/** f32 in [low, high), in steps of 2^-24 of the range; the rounding of the sum may reach `high`. */
export function randomUniform(
  b: Emitter,
  key: Value,
  shape: readonly number[],
  low: number,
  high: number,
): Value {
  const unit = withScalar(b, 'mul', draws(b, key, shape), 2 ** -24);
  return low === 0 && high === 1 ? unit : withScalar(b, 'add', withScalar(b, 'mul', unit, high - low), low);
}

/** f32 of mean 0 and variance 1, by Box and Muller's transform. */
export function randomNormal(b: Emitter, key: Value, shape: readonly number[]): Value {
  const both = draws(b, key, [2, ...shape]);
  const [radius, angle] = [0, 1].map((i) =>
    b.reshape(sliceAxis(b, both, 0, i, 1), shape),
  ) as readonly Value[];
  // In (0, 1], so that the logarithm is finite.
  const unit = withScalar(b, 'mul', withScalar(b, 'add', radius, 1), 2 ** -24);
  const length = b.unary('sqrt', withScalar(b, 'mul', b.unary('log', unit), -2));
  return b.binary('mul', length, b.unary('cos', withScalar(b, 'mul', angle, 2 ** -24 * 2 * Math.PI)));
}

/** bool: each element holds with the probability that `p` (f32) has there. */
export const randomChoice = (b: Emitter, key: Value, p: Value): Value =>
  b.binary('lt', randomUniform(b, key, staticShape(p.type.shape), 0, 1), p);

/**
 * i32 [B, count]: classes drawn with the probabilities of logits f32 [B, C], as the greatest of the logits with Gumbel noise.
 */
export function randomClasses(b: Emitter, key: Value, logits: Value, count: number): Value {
  const [batch, classes] = staticShape(logits.type.shape) as [number, number];
  const shape = [batch, count, classes];
  // Between 0 and 1, so that the noise is finite.
  const unit = withScalar(
    b,
    'min',
    withScalar(b, 'mul', withScalar(b, 'add', draws(b, key, shape), 0.5), 2 ** -24),
    1 - 2 ** -24,
  );
  const noise = b.unary('neg', b.unary('log', b.unary('neg', b.unary('log', unit))));
  const spread = broadcastTo(b, b.reshape(logits, [batch, 1, classes]), shape);
  return b.emit('argreduce', [b.binary('add', spread, noise)], { kind: 'max', axis: 2 });
}
