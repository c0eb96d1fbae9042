/** Random zeros. */
import type { Emitter, Value } from '../ir/emitter.js';
import { withScalar } from './broadcast.js';

/**
 * Each element of `x` zero with probability `rate`, a multiple of 2^-32 in [0, 1), and times 1 / (1 - rate) else: the mean
 * stays what it is. `key` is a u32[2]; each has its own pattern. Srivastava et al., "Dropout" (2014).
 */
export function dropout(b: Emitter, x: Value, key: Value, rate: number): Value {
  const bits = b.emit('random', [key], { shape: x.type.shape });
  const dropped = withScalar(b, 'lt', bits, Math.min(Math.round(rate * 2 ** 32), 2 ** 32 - 1));
  return b.select(dropped, b.full(x, 0), withScalar(b, 'mul', x, 1 / (1 - rate)));
}
