/** Rotary embeddings with caches of cosines and sines. */
import { turnPairs } from '../../../../compose/position.js';
import type { Emitter, Value } from '../../../../ir/emitter.js';
import type { WideEmitter } from '../../wide/emitter.js';
import { printShape } from '../../../../ir/types.js';
import type { NodeContext } from '../../context.js';
import { checkInput, demand } from '../checks.js';
import { headCount, headsOfInput, joinHeads } from './heads.js';

const [X, COSINES, SINES, POSITIONS] = [0, 1, 2, 3];

/** x [B, T, heads * D] or [B, heads, T, D] turned: RotaryEmbedding of ai.onnx. */
export function rotaryEmbedding(ctx: NodeContext): Value {
  const joined = ctx.rank(X) === 3;
  demand(
    ctx,
    joined || ctx.rank(X) === 4,
    '[B, T, heads * D] or [B, heads, T, D]',
    printShape(ctx.input(X).shape),
  );
  const x = joined ? headsOfInput(ctx, X, headCount(ctx, 'num_heads')) : ctx.value(X);
  const [batch, , length, size] = ctx.extents(x.type.shape);
  const turned = ctx.attr.int('rotary_embedding_dim', 0) || size;
  demand(
    ctx,
    turned > 0 && turned <= size && turned % 2 === 0,
    `rotary_embedding_dim is an even number up to ${size}`,
    `${turned}`,
  );
  const cache = [batch, length, turned / 2];
  if (ctx.inputs[POSITIONS] !== undefined) {
    checkInput(ctx, POSITIONS, 'a position for each element', [batch, length]);
    for (const i of [COSINES, SINES]) checkInput(ctx, i, 'a row for each position', [undefined, turned / 2]);
  } else for (const i of [COSINES, SINES]) checkInput(ctx, i, 'a row for each element', cache);
  const factor = (i: number): Value => {
    const given = ctx.value(i);
    const positions = ctx.optional(POSITIONS);
    return positions === undefined ? given : rowsAt(ctx.b, given, positions);
  };
  const result = turnHeads(ctx.b, x, factor(COSINES), factor(SINES), ctx.attr.flag('interleaved', false));
  return joined ? joinHeads(ctx.b, result) : result;
}

/** The rows of a cache [P, half] at positions of any shape. */
export const rowsAt = (b: WideEmitter, cache: Value, positions: Value): Value =>
  b.emit('gather', [cache, b.index(positions)], { axis: 0 });

/** x [B, heads, T, D], with cosines and sines [B, T, half] or [1, T, half]. */
export function turnHeads(b: Emitter, x: Value, cosines: Value, sines: Value, interleaved: boolean): Value {
  const perHead = (factor: Value): Value => {
    const [batch, length, half] = factor.type.shape;
    return b.reshape(factor, [batch, 1, length, half]);
  };
  return turnPairs(b, x, perHead(cosines), perHead(sines), interleaved);
}
