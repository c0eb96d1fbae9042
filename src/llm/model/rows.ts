/** Products with weights as devices have them. */
import { binaryBroadcast } from '../../compose/broadcast.js';
import { linear } from '../../compose/matmul.js';
import type { Emitter, Value } from '../../ir/emitter.js';

/** x [n, K], w [K, N], bias [N] -> [n, N] */
export function matmulRows(b: Emitter, x: Value, w: Value, bias?: Value): Value {
  const product = linear(b, x, w);
  return bias === undefined ? product : binaryBroadcast(b, 'add', product, bias);
}
