/** Weights of a few bits each, in blocks with scales of their own: MatMulNBits and GatherBlockQuantized of onnxruntime. */
import type { Value } from '../../../../ir/emitter.js';
import { normalizeAxis } from '../../../../compose/axes.js';
import { binaryBroadcast } from '../../../../compose/broadcast.js';
import { matmul } from '../../../../compose/matmul.js';
import { sliceAxis } from '../../../../compose/movement.js';
import { unpackIntegers } from '../../../../compose/packed.js';
import { dequantized, spread } from '../../../../compose/quantize.js';
import { typed, type NodeContext, type TypedValue } from '../../context.js';
import type { OpTable } from '../../registry.js';
import { convertWide } from '../../wide/convert.js';
import { checkInput } from '../checks.js';
import { indicesFromStart } from '../indices.js';

/** Bytes along the last axis as the numbers of `bits` bits in them, the lowest first. u32 -> u32. */
const unpack = ({ b }: NodeContext, bytes: Value, bits: number): Value =>
  bits === 8 ? bytes : unpackIntegers(b, bytes, bytes.type.shape.length - 1, { bits, signed: false, of: 8 });

function bitsOf(ctx: NodeContext, supported: readonly number[]): number {
  const bits = ctx.attr.int('bits', 4);
  if (!supported.includes(bits))
    ctx.fail('ONNX_UNSUPPORTED_FEATURE', 'weights of this many bits are not supported', {
      found: `${bits}`,
      expected: supported.join(', '),
    });
  return bits;
}

/**
 * A [..., K] times the transpose of weights [N, K], whose rows lie in B [N, blocks, bytes of a block]. Zero points are
 * packed as the weights are, a row of whole bytes for each of N; in the type of A they stand by themselves.
 */
function matMulNBits(ctx: NodeContext): TypedValue {
  const { b, attr } = ctx;
  const [k, n, blockSize] = ['K', 'N', 'block_size'].map((name) => attr.required(name, attr.int(name))) as [number, number, number]; // prettier-ignore
  const bits = bitsOf(ctx, [2, 4, 8]);
  if (!(k >= 1 && n >= 1 && blockSize >= 1))
    ctx.fail('ONNX_INVALID', 'K, N and block_size are positive', { found: `${k}, ${n}, ${blockSize}` });
  if (attr.int('weight_prepacked', 0) !== 0)
    ctx.fail('ONNX_UNSUPPORTED_FEATURE', 'weights packed for one kind of device are not supported');
  const blocks = Math.ceil(k / blockSize);
  const codes = unpack(ctx, b.reshape(ctx.value(1), [n, blocks, (blockSize * bits) / 8]), bits);
  const scale = b.reshape(ctx.value(2), [n, blocks, 1]);
  const zeros = zeroPoints(ctx, n, blocks, bits);
  const whole = (x: Value): Value => sliceAxis(b, b.reshape(x, [n, blocks * blockSize]), 1, 0, k);
  const ofColumns = columnsOf(ctx, k, blocks, blocks * blockSize);
  const rows =
    ofColumns === undefined
      ? whole(dequantized(b, codes, scale, zeros))
      : dequantized(b, whole(codes), ofColumns(scale), ofColumns(zeros));
  const { dtype } = ctx.input(0);
  const product = matmul(b, b.cast(ctx.value(0), 'f32'), b.permute(rows, [1, 0]));
  const bias = ctx.optional(5);
  const sum = bias === undefined ? product : binaryBroadcast(b, 'add', product, b.cast(bias, 'f32'));
  return typed(convertWide(b, sum, 'float', dtype), dtype);
}

/** Input 4 (g_idx) names the block to which each column of the weights belongs, those of the last block's padding or not: takes [N, blocks, 1] to [N, K]. */
function columnsOf(
  ctx: NodeContext,
  k: number,
  blocks: number,
  padded: number,
): ((x: Value) => Value) | undefined {
  if (ctx.inputs[4] === undefined) return undefined;
  const isPadded = Number(ctx.input(4).shape[0]) === padded;
  checkInput(ctx, 4, 'the block of each column', [isPadded ? padded : k]);
  const { b } = ctx;
  const places = sliceAxis(b, indicesFromStart(ctx, 4, [blocks]), 0, 0, k);
  return (x) => {
    if (x.type.shape.length === 0) return x;
    const [n] = x.type.shape;
    return b.emit('gather', [b.reshape(x, [n, blocks]), places], { axis: 1 });
  };
}

/** i32 or f32, in a shape that broadcasts to [n, blocks, block]. */
function zeroPoints(ctx: NodeContext, n: number, blocks: number, bits: number): Value {
  const { b } = ctx;
  const input = ctx.inputs[3];
  if (input === undefined) return b.constant('u32', [], 2 ** (bits - 1));
  if (input.dtype !== 'uint8') return b.cast(b.reshape(input.value, [n, blocks, 1]), 'f32');
  const packed = b.reshape(input.value, [n, Math.ceil((blocks * bits) / 8)]);
  return b.reshape(sliceAxis(b, unpack(ctx, packed, bits), 1, 0, blocks), [n, blocks, 1]);
}

/** Rows of a table of quantised blocks: gathered first, so that only they are dequantised. */
function gatherBlockQuantized(ctx: NodeContext): TypedValue {
  const { b, attr } = ctx;
  const [data, indices, scales] = [ctx.input(0), ctx.input(1), ctx.input(2)];
  const packed = data.dtype === 'uint8';
  const bits = packed ? bitsOf(ctx, [2, 4, 8]) : 8;
  const table = unpack(ctx, data.value, bits);
  const rank = table.type.shape.length;
  const gatherAxis = normalizeAxis(attr.int('gather_axis', 0), rank);
  const quantizeAxis = normalizeAxis(attr.int('quantize_axis', 1), rank);
  const [extent] = ctx.extents([table.type.shape[gatherAxis]]) as [number];
  const places = indicesFromStart(ctx, 1, [extent]);
  const gathered = (x: Value): Value => b.emit('gather', [x, places], { axis: gatherAxis });
  // Elements out of a block are dequantised before they are gathered.
  const apart = gatherAxis === quantizeAxis;
  const rows = apart ? (x: Value): Value => x : gathered;
  const moved = quantizeAxis <= gatherAxis ? quantizeAxis : quantizeAxis - 1 + indices.shape.length;
  const granularity = { axis: moved, blockSize: attr.int('block_size', 128) };
  const x = rows(table);
  const given = ctx.optional(3);
  const zero =
    given && spread(b, rows(zeroTable(ctx, given, packed ? bits : 8, scales.value)), x, granularity);
  const middle = packed ? b.constant('u32', [], 2 ** (bits - 1)) : undefined;
  const y = dequantized(b, x, spread(b, rows(scales.value), x, granularity), zero ?? middle);
  return typed(convertWide(b, apart ? gathered(y) : y, 'float', scales.dtype), scales.dtype);
}

/** The zero points of a table, one for each scale; packed as the table is. */
function zeroTable(ctx: NodeContext, zero: Value, bits: number, scales: Value): Value {
  const codes = unpack(ctx, zero, bits);
  const last = scales.type.shape.length - 1;
  return bits < 8 ? sliceAxis(ctx.b, codes, last, 0, scales.type.shape[last]) : codes;
}

export const blocks: OpTable = [
  { op: 'MatMulNBits', domain: 'com.microsoft', since: [1], emit: matMulNBits },
  { op: 'GatherBlockQuantized', domain: 'com.microsoft', since: [1], emit: gatherBlockQuantized },
];
