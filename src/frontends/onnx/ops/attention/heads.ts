/** Heads among the features of a sequence, or apart. */
import { broadcastTo } from '../../../../compose/broadcast.js';
import type { Emitter, Value } from '../../../../ir/emitter.js';
import { dimEquals } from '../../../../ir/dim.js';
import { printShape, printType } from '../../../../ir/types.js';
import type { NodeContext } from '../../context.js';
import { demand } from '../checks.js';

/** [B, T, heads * D] -> [B, heads, T, D] */
export function splitHeads(b: Emitter, x: Value, heads: number): Value {
  const [batch, length, features] = x.type.shape;
  return b.permute(b.reshape(x, [batch, length, heads, Number(features) / heads]), [0, 2, 1, 3]);
}

/** [B, heads, T, D] -> [B, T, heads * D] */
export function joinHeads(b: Emitter, x: Value): Value {
  const [batch, heads, length, features] = x.type.shape;
  return b.reshape(b.permute(x, [0, 2, 1, 3]), [batch, length, Number(heads) * Number(features)]);
}

/** A number of heads among the attributes. Throws ONNX_INVALID where it is missing or below 1. */
export function headCount(ctx: NodeContext, name: string): number {
  const count = ctx.attr.required(name, ctx.attr.int(name));
  demand(ctx, count >= 1 && count <= 2 ** 20, `attribute ${name} is a number of heads`, `${count}`);
  return count;
}

/** Input `i`, [B, T, heads * D], with its heads apart. Throws SHAPE_MISMATCH where they do not divide the features. */
export function headsOfInput(ctx: NodeContext, i: number, heads: number): Value {
  const shape = ctx.extents(ctx.input(i).shape);
  if (shape.length !== 3 || shape[2] % heads !== 0)
    ctx.fail('SHAPE_MISMATCH', 'the heads do not divide the features', {
      found: `input ${i}, ${printShape(shape)}`,
      expected: `[B, T, ${heads} * D]`,
    });
  return splitHeads(ctx.b, ctx.value(i), heads);
}

/** Throws SHAPE_MISMATCH unless q [B, H, Tq, D], k [B, G, Tk, D] and v [B, G, Tk, E] fit, with G dividing H. */
export function checkHeads(ctx: NodeContext, q: Value, k: Value, v: Value): void {
  const [queries, keys, values] = [q, k, v].map(({ type }) => type.shape);
  const pairs = [
    [queries[0], keys[0]],
    [queries[0], values[0]],
    [queries[3], keys[3]],
    [keys[1], values[1]],
    [keys[2], values[2]],
  ] as const;
  const divides = Number(queries[1]) % Number(keys[1]) === 0;
  if (!divides || !pairs.every(([x, y]) => dimEquals(x, y)))
    ctx.fail('SHAPE_MISMATCH', 'queries, keys and values do not fit', {
      found: [q, k, v].map(({ type }) => printType(type)).join(', '),
      expected: '[B, H, Tq, D], [B, G, Tk, D], [B, G, Tk, E] with G dividing H',
    });
}

/** bool [B, 1, 1, T]: places before the end of each sequence; `lengths` are i32 [B]. */
export const beforeEnd = (b: Emitter, lengths: Value, places: number): Value =>
  withinEnds(b, b.reshape(lengths, [lengths.type.shape[0], 1, 1, 1]), [1, places]);

/** bool [B, 1, Tq, Tk]: whether key j <= query i + offset. `offsets` are i32 [B], or one number. */
export function causalMask(b: Emitter, tq: number, tk: number, offsets: Value | number): Value {
  if (typeof offsets === 'number')
    return withinEnds(b, b.constant('i32', [1, 1, 1, 1], offsets + 1), [tq, tk]);
  const first = b.binary('add', offsets, b.full(offsets, 1));
  return withinEnds(b, b.reshape(first, [offsets.type.shape[0], 1, 1, 1]), [tq, tk]);
}

/** bool [B, 1, rows, columns]: whether column < end + row; `ends` are i32 [B, 1, 1, 1]. */
function withinEnds(b: Emitter, ends: Value, [rows, columns]: readonly [number, number]): Value {
  const shape = [ends.type.shape[0], 1, rows, columns];
  const place = (axis: number): Value => b.emit('iota', [], { dtype: 'i32', shape, axis });
  return b.binary('lt', place(3), b.binary('add', place(2), broadcastTo(b, ends, shape)));
}
