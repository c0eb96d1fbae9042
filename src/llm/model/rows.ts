/** Products with weights whose rows are what results have columns of. */
import { binaryBroadcast } from '../../compose/broadcast.js';
import { linear } from '../../compose/matmul.js';
import type { Emitter, Value } from '../../ir/emitter.js';

/** x [n, K], w [N, K], bias [N] -> [n, N] */
export function matmulRows(b: Emitter, x: Value, w: Value, bias?: Value): Value {
  const product = linear(b, x, w, undefined, true);
  return bias === undefined ? product : binaryBroadcast(b, 'add', product, bias);
}
