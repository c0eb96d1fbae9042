/**
 * Element-by-element operations over known tensors: exact in 64-bit integers, which shape arithmetic needs; on floats one
 * correctly rounded operation (the double result of two f32 operands, rounded once more, is the f32 result).
 */
import { broadcastShapes } from '../../../compose/broadcast.js';
import type { NodeContext } from '../context.js';
import { isIntegral, type OnnxDType } from '../dtype.js';
import { fromBigInts, fromNumbers, toBigInts, toNumbers, type HostTensor } from '../host.js';
import { broadcastHost } from './strided.js';

type Fold = (ctx: NodeContext) => HostTensor | undefined;

/** The meaning of an op on integers (bool counts as 0 and 1) and on floats. Missing: never folded on that kind. */
export interface ScalarMeaning<I, F> {
  readonly ints?: I;
  readonly floats?: F;
}

export const foldUnary =
  ({ ints, floats }: ScalarMeaning<(x: bigint) => bigint, (x: number) => number>): Fold =>
  (ctx) => {
    const x = ctx.input(0).known;
    if (x === undefined) return undefined;
    if (isIntegral(x.dtype) || x.dtype === 'bool')
      return ints && ctx.mayFold(x.shape) ? fromBigInts(x.dtype, x.shape, toBigInts(x).map(ints)) : undefined;
    return floats && ctx.mayFold(x.shape)
      ? fromNumbers(x.dtype, x.shape, toNumbers(x).map(floats))
      : undefined;
  };

/** An op over any number of operands, from left to right. Integers divided by 0 are left to the graph. */
export const foldArithmetic =
  ({
    ints,
    floats,
  }: ScalarMeaning<(x: bigint, y: bigint) => bigint, (x: number, y: number) => number>): Fold =>
  (ctx) => {
    const operands = broadcastKnown(ctx);
    const first = operands?.[0];
    if (operands === undefined || first === undefined) return undefined;
    const { dtype, shape } = first;
    if (operands.some((operand) => operand.dtype !== dtype)) return undefined;
    try {
      if (isIntegral(dtype) || dtype === 'bool')
        return ints && fromBigInts(dtype, shape, combine(operands.map(toBigInts), ints));
      return (
        floats &&
        fromNumbers(
          dtype,
          shape,
          combine(operands.map(toNumbers), (x, y) => round(dtype, floats(x, y))),
        )
      );
    } catch (error) {
      if (error instanceof RangeError) return undefined;
      throw error;
    }
  };

/** A comparison; the result is bool. */
export const foldCompare =
  (test: <T extends bigint | number>(x: T, y: T) => boolean): Fold =>
  (ctx) => {
    const operands = broadcastKnown(ctx);
    if (operands?.length !== 2) return undefined;
    const [x, y] = operands as [HostTensor, HostTensor];
    if (x.dtype !== y.dtype) return undefined;
    const exact = isIntegral(x.dtype) || x.dtype === 'bool';
    const [left, right] = exact ? [toBigInts(x), toBigInts(y)] : [toNumbers(x), toNumbers(y)];
    return fromBigInts(
      'bool',
      x.shape,
      left.map((value, i) => (test(value, right[i]) ? 1n : 0n)),
    );
  };

export const foldWhere: Fold = (ctx) => {
  const operands = broadcastKnown(ctx);
  if (operands?.length !== 3) return undefined;
  const [condition, whenTrue, whenFalse] = operands as [HostTensor, HostTensor, HostTensor];
  const values = toNumbers(condition).map((chosen, i) => (chosen === 0 ? whenFalse : whenTrue).data[i]);
  const data = whenTrue.data.slice();
  values.forEach((value, i) => (data[i] = value));
  return { ...whenTrue, data };
};

/** All inputs in their common shape, if all are known and it is small enough. */
function broadcastKnown(ctx: NodeContext): readonly HostTensor[] | undefined {
  const known = ctx.allKnown();
  if (known === undefined || known.length === 0) return undefined;
  const shape = broadcastShapes(...known.map((tensor) => tensor.shape)) as readonly number[];
  return ctx.mayFold(shape) ? known.map((tensor) => broadcastHost(tensor, shape)) : undefined;
}

const combine = <T>(operands: readonly T[][], op: (x: T, y: T) => T): T[] =>
  operands.reduce((left, right) => left.map((value, i) => op(value, right[i])));

/** Rounds between the steps of a chain. */
const round = (dtype: OnnxDType, value: number): number => (dtype === 'double' ? value : Math.fround(value));

/** Conversion by ONNX's Cast: floats truncate towards zero and saturate, integers wrap, NaN becomes 0. */
export function castHost(x: HostTensor, dtype: OnnxDType): HostTensor {
  if (dtype === 'bool')
    return fromBigInts(
      'bool',
      x.shape,
      toNumbers(x).map((value) => (value !== 0 ? 1n : 0n)),
    );
  if (!isIntegral(dtype)) return fromNumbers(dtype, x.shape, toNumbers(x));
  if (isIntegral(x.dtype) || x.dtype === 'bool') return fromBigInts(dtype, x.shape, toBigInts(x));
  return fromBigInts(dtype, x.shape, toNumbers(x).map(truncate));
}

const truncate = (value: number): bigint =>
  Number.isNaN(value) ? 0n : BigInt(Math.trunc(Math.min(Math.max(value, -(2 ** 63)), 2 ** 63 - 1024)));
