/** Matrix products, as the IR's dot. */
import { HeddleError } from '../base/errors.js';
import type { Emitter, Value } from '../ir/emitter.js';
import { dimEquals, type Dim } from '../ir/dim.js';
import { printType } from '../ir/types.js';
import { range } from './axes.js';
import { binaryBroadcast, broadcastShapes, broadcastTo, withScalar } from './broadcast.js';

/**
 * NumPy's matmul: [..., M, K] x [..., K, N] -> [..., M, N] with leading axes broadcast; a vector counts as a row on the
 * left, as a column on the right, and that axis is missing from the result.
 */
export function matmul(b: Emitter, x: Value, y: Value): Value {
  const [xRank, yRank] = [x.type.shape.length, y.type.shape.length];
  if (xRank === 0 || yRank === 0)
    throw new HeddleError('SHAPE_MISMATCH', 'matmul takes no scalars', {
      found: `${printType(x.type)} x ${printType(y.type)}`,
    });
  // A right operand without batch axes is one matrix for all rows of the left one: no broadcast, one large product.
  if (yRank <= 2) return contract(b, x, y, 0, xRank - 1, Math.max(0, yRank - 2));
  const yBatch = y.type.shape.slice(0, -2);
  if (xRank === 1) {
    // dot puts the batch first, so a plain vector only needs the axes of y in order.
    return contract(b, x, y, 0, 0, yRank - 2);
  }
  const batch = broadcastShapes([x.type.shape.slice(0, -2), yBatch]);
  const left = broadcastTo(b, x, [...batch, ...x.type.shape.slice(-2)]);
  const right = broadcastTo(b, y, [...batch, ...y.type.shape.slice(-2)]);
  return contract(b, left, right, batch.length, batch.length + 1, batch.length);
}

function contract(b: Emitter, x: Value, y: Value, batch: number, xAxis: number, yAxis: number): Value {
  const [left, right] = [x.type.shape[xAxis], y.type.shape[yAxis]];
  if (!dimEquals(left, right))
    throw new HeddleError('SHAPE_MISMATCH', 'the inner extents differ', {
      found: `${printType(x.type)} x ${printType(y.type)}`,
      expected: `${String(left)} in place of ${String(right)} on axis ${yAxis} of the second`,
    });
  return b.emit('dot', [x, y], {
    lhsBatch: range(0, batch),
    rhsBatch: range(0, batch),
    lhsContract: [xAxis],
    rhsContract: [yAxis],
  });
}

/** x [..., K] · w [K, N] (or [N, K] where `transposed`) + bias [N] */
export function linear(b: Emitter, x: Value, w: Value, bias?: Value, transposed = false): Value {
  const product = contract(b, x, w, 0, x.type.shape.length - 1, transposed ? 1 : 0);
  return bias === undefined ? product : binaryBroadcast(b, 'add', product, bias);
}

export interface GemmOptions {
  readonly alpha?: number;
  readonly beta?: number;
  readonly transA?: boolean;
  readonly transB?: boolean;
}

/** alpha · A' · B' + beta · C for matrices A and B; C broadcasts to the product. Factors of 1 cost nothing. */
export function gemm(
  b: Emitter,
  x: Value,
  y: Value,
  addend: Value | undefined,
  { alpha = 1, beta = 1, transA = false, transB = false }: GemmOptions = {},
): Value {
  if (x.type.shape.length !== 2 || y.type.shape.length !== 2)
    throw new HeddleError('SHAPE_MISMATCH', 'gemm multiplies matrices', {
      found: `${printType(x.type)} x ${printType(y.type)}`,
    });
  const scaled = (value: Value, factor: number): Value =>
    factor === 1 ? value : withScalar(b, 'mul', value, factor);
  const product = scaled(contract(b, x, y, 0, transA ? 0 : 1, transB ? 1 : 0), alpha);
  if (addend === undefined || beta === 0) return product;
  const shape: readonly Dim[] = product.type.shape;
  return b.binary('add', product, broadcastTo(b, scaled(addend, beta), shape));
}
