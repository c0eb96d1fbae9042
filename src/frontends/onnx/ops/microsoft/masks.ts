/** The masks of com.microsoft's attentions, in all their forms, as what is added to the scores [B, N, Tq, Tk]. */
import type { DType } from '../../../../base/dtype.js';
import { withScalar } from '../../../../compose/broadcast.js';
import { sliceAxis } from '../../../../compose/movement.js';
import type { Value } from '../../../../ir/emitter.js';
import { printShape } from '../../../../ir/types.js';
import type { NodeContext } from '../../context.js';
import { beforeEnd } from '../attention/heads.js';

interface Extents {
  readonly batch: number;
  readonly queries: number;
  readonly keys: number;
}

/**
 * Input `i` as an addend, mask_filter_value where it hides: lengths [B], ends and starts [2B], or ones and zeros [B, Tk],
 * [B, Tq, Tk] or [B, 1, M, M]; of type `dtype`, undefined where it is left out.
 */
export function maskAddend(ctx: NodeContext, i: number, extents: Extents, dtype: DType): Value | undefined {
  const given = ctx.optional(i);
  if (given === undefined) return undefined;
  const { b } = ctx;
  const seen = seenBy(ctx, b.index(given), extents);
  const filter = ctx.attr.float('mask_filter_value', -10_000);
  const { shape } = seen.type;
  return b.select(seen, b.constant(dtype, shape, 0), b.constant(dtype, shape, filter));
}

/** bool, broadcasts to [B, N, Tq, Tk]. */
function seenBy(ctx: NodeContext, mask: Value, { batch, queries, keys }: Extents): Value {
  const { b } = ctx;
  const { shape } = mask.type;
  const isSet = (x: Value): Value => b.unary('not', withScalar(b, 'le', x, 0));
  const is = (...expected: readonly number[]): boolean => shape.join() === expected.join();
  if (is(batch)) return beforeEnd(b, mask, keys);
  if (is(2 * batch)) {
    const inside = beforeEnd(b, sliceAxis(b, mask, 0, 0, batch), keys);
    const before = beforeEnd(b, sliceAxis(b, mask, 0, batch, batch), keys);
    return b.binary('and', inside, b.unary('not', before));
  }
  if (is(batch, keys)) return b.reshape(isSet(mask), [batch, 1, 1, keys]);
  if (is(batch, queries, keys)) return b.reshape(isSet(mask), [batch, 1, queries, keys]);
  const most = Number(shape[2]);
  if (shape.length === 4 && is(batch, 1, most, most) && most >= keys) {
    // The rows of the queries, which are the last ones of the keys.
    const rows = sliceAxis(b, mask, 2, keys - queries, queries);
    return isSet(sliceAxis(b, rows, 3, 0, keys));
  }
  return ctx.fail('ONNX_UNSUPPORTED_FEATURE', 'this form of mask is not supported', {
    found: printShape(shape),
    expected: `[${batch}], [${2 * batch}], [${batch},${keys}], [${batch},${queries},${keys}] or [${batch},1,M,M]`,
  });
}
