/**
 * Arithmetic on known 64-bit integers, exact as shape arithmetic needs it: the IR computes them in 32 bits. Wherever the
 * operands and results of the IR fit, both give the same. Everything else that is known is computed by the interpreter.
 */
import { broadcastShapes } from '../../../compose/broadcast.js';
import { elementCount, rowMajorStrides } from '../../../base/tensor.js';
import type { Shape } from '../../../ir/types.js';
import type { NodeContext } from '../context.js';
import { isIntegral, ONNX_DTYPES, type OnnxDType } from '../dtype.js';
import { fromBigInts, fromNumbers, toBigInts, toNumbers, type HostTensor } from '../host.js';

/** The result; undefined where the operands are no known 64-bit integers. */
export type Exact = (ctx: NodeContext) => HostTensor | undefined;

export const isWide = (dtype: OnnxDType): boolean => dtype === 'int64' || dtype === 'uint64';

export const exactUnary =
  (op: (x: bigint) => bigint): Exact =>
  (ctx) => {
    const x = ctx.input(0).known;
    if (x === undefined || !isWide(x.dtype) || !ctx.mayFold(x.shape)) return undefined;
    return fromBigInts(x.dtype, x.shape, toBigInts(x).map(op));
  };

/** Any number of operands, from left to right. Division by 0 is left to the graph. */
export const exactArithmetic =
  (op: (x: bigint, y: bigint) => bigint): Exact =>
  (ctx) => {
    const operands = wideOperands(ctx);
    if (operands === undefined) return undefined;
    const { dtype, shape } = operands;
    let total: readonly bigint[] | undefined;
    try {
      for (const values of operands.each())
        total = total?.map((x, i) => wrapped(dtype, op(x, values[i]))) ?? values;
    } catch (error) {
      if (error instanceof RangeError) return undefined;
      throw error;
    }
    return total && fromBigInts(dtype, shape, total);
  };

/** A comparison; the result is bool. */
export const exactCompare =
  (test: (x: bigint, y: bigint) => boolean): Exact =>
  (ctx) => {
    const operands = wideOperands(ctx);
    if (operands === undefined) return undefined;
    const [left, right] = [...operands.each()] as [bigint[], bigint[]];
    return fromBigInts('bool', operands.shape, left.map((x, i) => (test(x, right[i]) ? 1n : 0n))); // prettier-ignore
  };

const wrapped = (dtype: OnnxDType, x: bigint): bigint =>
  dtype === 'int64' ? BigInt.asIntN(64, x) : BigInt.asUintN(64, x);

interface WideOperands {
  readonly dtype: OnnxDType;
  readonly shape: readonly number[];
  /** The elements of each operand, broadcast to `shape`. */
  each(): Iterable<bigint[]>;
}

function wideOperands(ctx: NodeContext): WideOperands | undefined {
  const known = ctx.allKnown();
  const [first] = known ?? [];
  if (known === undefined || first === undefined || !known.every(({ dtype }) => isWide(dtype)))
    return undefined;
  const shape = known.reduce<Shape>(
    (all, tensor) => broadcastShapes([all, tensor.shape]),
    [],
  ) as readonly number[];
  for (const _ of known) if (!ctx.mayFold(shape)) return undefined;
  return {
    dtype: first.dtype,
    shape,
    *each() {
      for (const tensor of known) yield broadcast(toBigInts(tensor), tensor.shape, shape);
    },
  };
}

/** `values` of shape `source` repeated to `shape`, to which it broadcasts. */
function broadcast<T>(values: readonly T[], source: readonly number[], shape: readonly number[]): T[] {
  const [own, whole] = [rowMajorStrides(source), rowMajorStrides(shape)];
  const missing = shape.length - source.length;
  return Array.from({ length: elementCount(shape) }, (_, i) => {
    const place = own.reduce((at, stride, axis) => {
      const extent = source[axis];
      return extent === 1 ? at : at + (Math.floor(i / whole[missing + axis]) % extent) * stride;
    }, 0);
    return values[place];
  });
}

/** Of known doubles, in double arithmetic: the IR computes them in f32. */
export const exactDoubles =
  (op: (...xs: number[]) => number): Exact =>
  (ctx) => {
    const known = ctx.allKnown();
    if (known === undefined || !known.every(({ dtype }) => dtype === 'double')) return undefined;
    const shape = known.reduce<Shape>((all, x) => broadcastShapes([all, x.shape]), []) as readonly number[];
    if (!ctx.mayFold(shape)) return undefined;
    const operands = known.map((x) => broadcast(toNumbers(x), x.shape, shape));
    const count = elementCount(shape);
    return fromNumbers('double', shape, Array.from({ length: count }, (_, i) => op(...operands.map((x) => x[i])))); // prettier-ignore
  };

/** The first of several that knows the result. */
export const anyExact =
  (...rules: readonly Exact[]): Exact =>
  (ctx) => {
    for (const rule of rules) {
      const result = rule(ctx);
      if (result !== undefined) return result;
    }
    return undefined;
  };

/**
 * Conversion from or to a 64-bit integer or a double; undefined between other types, and to floats that are held in f32. Floats
 * truncate towards zero and saturate, NaN becomes 0, integers wrap; what becomes a float is rounded once.
 */
export function exactCast(x: HostTensor, to: OnnxDType): HostTensor | undefined {
  if (x.dtype === 'double' && to === 'float') return fromNumbers(to, x.shape, toNumbers(x));
  if (to === 'double') return fromNumbers(to, x.shape, toNumbers(x));
  if (!isWide(x.dtype) && !isWide(to)) return undefined;
  if (to === 'bool') return fromBigInts(to, x.shape, toBigInts(x).map((value) => (value === 0n ? 0n : 1n))); // prettier-ignore
  if (ONNX_DTYPES[to].format !== undefined) return undefined;
  if (!isIntegral(to)) return fromNumbers(to, x.shape, toBigInts(x).map(roundedToF32));
  if (isIntegral(x.dtype) || x.dtype === 'bool') return fromBigInts(to, x.shape, toBigInts(x));
  const [least, most] = to === 'int64' ? [-(2n ** 63n), 2n ** 63n - 1n] : [0n, 2n ** 64n - 1n];
  return fromBigInts(to, x.shape, toNumbers(x).map((value) => saturated(value, least, most))); // prettier-ignore
}

/** The nearest f32, and of two the even one. A double in between, with a bit for what is lost, does not round twice. */
function roundedToF32(x: bigint): number {
  const magnitude = x < 0n ? -x : x;
  const lost = BigInt(Math.max(0, magnitude.toString(2).length - 50));
  const kept = magnitude >> lost;
  const odd = kept << lost === magnitude ? kept : kept | 1n;
  const rounded = Math.fround(Number(odd << lost));
  return x < 0n ? -rounded : rounded;
}

function saturated(value: number, least: bigint, most: bigint): bigint {
  if (Number.isNaN(value)) return 0n;
  if (!Number.isFinite(value)) return value > 0 ? most : least;
  const whole = BigInt(Math.trunc(value));
  return whole < least ? least : whole > most ? most : whole;
}
