/** Images with channels last. */
import { orderMoving } from '../../../compose/axes.js';
import type { Value } from '../../../ir/emitter.js';
import type { NodeContext } from '../context.js';

/** x[N, ..., C] as x[N, C, ...]. */
export const channelsFirst = ({ b }: NodeContext, x: Value): Value =>
  b.permute(x, orderMoving(x.type.shape.length, x.type.shape.length - 1, 1));

/** x[N, C, ...] as x[N, ..., C]. */
export const channelsLast = ({ b }: NodeContext, x: Value): Value =>
  b.permute(x, orderMoving(x.type.shape.length, 1, x.type.shape.length - 1));
