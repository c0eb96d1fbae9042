/** RotaryEmbedding of com.microsoft, which has its positions before the caches. */
import { withScalar } from '../../../../compose/broadcast.js';
import type { Value } from '../../../../ir/emitter.js';
import { printShape } from '../../../../ir/types.js';
import type { NodeContext } from '../../context.js';
import { checkInput, demand, refuseOptions } from '../checks.js';
import { headsOfInput, joinHeads } from '../attention/heads.js';
import { rowsAt, turnHeads } from '../attention/rotary.js';

const [X, POSITIONS, COSINES, SINES] = [0, 1, 2, 3];

/** x [B, T, N * D] or [B, N, T, D] turned; positions [B, T], or one offset. */
export function rotaryEmbedding(ctx: NodeContext): Value {
  const { b } = ctx;
  refuseOptions(ctx, ['is_packed_batching']);
  const joined = ctx.rank(X) === 3;
  demand(ctx, joined || ctx.rank(X) === 4, '[B, T, N * D] or [B, N, T, D]', printShape(ctx.input(X).shape));
  const turned = 2 * Number(ctx.input(COSINES).shape[1]);
  const declared = ctx.attr.int('rotary_embedding_dim', 0);
  demand(ctx, declared === 0 || declared === turned, `rotary_embedding_dim ${turned}, as the caches have it`, `${declared}`); // prettier-ignore
  const heads = ctx.attr.int('num_heads', 0) || Number(ctx.input(X).shape[2]) / turned;
  const x = joined ? headsOfInput(ctx, X, heads) : ctx.value(X);
  const [batch, , length, size] = ctx.extents(x.type.shape);
  demand(ctx, turned <= size && turned > 0, `caches of up to ${size / 2} columns`, `${turned / 2}`);
  for (const i of [COSINES, SINES]) checkInput(ctx, i, 'a row for each position', [undefined, turned / 2]);
  const positions = b.index(ctx.value(POSITIONS));
  const isOffset = positions.type.shape.length < 2;
  if (!isOffset) checkInput(ctx, POSITIONS, 'a position for each element', [batch, length]);
  const places = isOffset ? offsetPlaces(ctx, b.reshape(positions, [1, 1]), length) : positions;
  const factor = (i: number): Value => rowsAt(b, ctx.value(i), places);
  const result = turnHeads(b, x, factor(COSINES), factor(SINES), ctx.attr.flag('interleaved', false));
  const scale = ctx.attr.float('scale', 1);
  const scaled = scale === 1 ? result : withScalar(b, 'mul', result, scale);
  return joined ? joinHeads(b, scaled) : scaled;
}

/** i32 [B, T]: starts [B, 1], and on. */
export function offsetPlaces({ b }: NodeContext, starts: Value, length: number): Value {
  const shape = [starts.type.shape[0], length];
  const place = b.emit('iota', [], { dtype: 'i32', shape, axis: 1 });
  return b.binary('add', place, b.broadcast(starts, shape));
}
