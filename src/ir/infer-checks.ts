/** The preconditions that type rules share. Each throws a HeddleError that names the op. */
import { ERROR_CODES, HeddleError, type ErrorCode } from '../base/errors.js';
import type { DType } from '../base/dtype.js';
import { isStatic, type Dim } from './dim.js';
import { printShape, printType, shapesEqual, type Shape, type TensorType } from './types.js';

export function fail(code: ErrorCode, op: string, found: string, expected: string): never {
  throw new HeddleError(code, `${op}: ${ERROR_CODES[code]}`, { found, expected });
}

export function arity(op: string, inputs: readonly TensorType[], count: number): void {
  if (inputs.length !== count) fail('IR_INVALID', op, `${inputs.length} operands`, `${count} operands`);
}

export function sameTypes(op: string, inputs: readonly TensorType[]): TensorType {
  const first = inputs[0];
  for (const type of inputs) {
    if (type.dtype !== first.dtype)
      fail('DTYPE_MISMATCH', op, inputs.map(printType).join(', '), 'operands of one dtype');
    if (!shapesEqual(type.shape, first.shape))
      fail('SHAPE_MISMATCH', op, inputs.map(printType).join(', '), 'operands of one shape');
  }
  return first;
}

export function requireDType(
  op: string,
  type: TensorType,
  allowed: (dtype: DType) => boolean,
  what: string,
): void {
  if (!allowed(type.dtype)) fail('DTYPE_MISMATCH', op, printType(type), `an operand of ${what} dtype`);
}

export function axisOf(op: string, axis: number, rank: number): number {
  if (!Number.isInteger(axis) || axis < 0 || axis >= rank)
    fail('ATTRIBUTE_INVALID', op, `axis ${axis}`, `an axis in [0, ${rank})`);
  return axis;
}

export function axesOf(op: string, axes: readonly number[], rank: number): void {
  for (const axis of axes) axisOf(op, axis, rank);
  if (axes.some((axis, i) => axes.indexOf(axis) !== i))
    fail('ATTRIBUTE_INVALID', op, `axes ${axes.join(',')}`, 'no axis twice');
}

export function perAxis(op: string, what: string, list: readonly unknown[], rank: number): void {
  if (list.length !== rank)
    fail('ATTRIBUTE_INVALID', op, `${list.length} ${what}`, `one of ${what} for each of ${rank} axes`);
}

export function integers(op: string, what: string, list: readonly number[], least: number): void {
  for (const value of list)
    if (!Number.isSafeInteger(value) || value < least)
      fail('ATTRIBUTE_INVALID', op, `${what} ${value}`, `${what} of at least ${least}`);
}

/**
 * Elements of a value, and the largest extent: index arithmetic on devices is modulo 2^32, and indices that are values are
 * i32. It holds for values that are never stored, too.
 */
export const MAX_ELEMENTS = 2 ** 31 - 1;

/** Axes of a value. */
export const MAX_RANK = 64;

/**
 * Throws LIMIT_EXCEEDED where a shape has more than {@link MAX_RANK} axes, or, where it is static, more than
 * {@link MAX_ELEMENTS} elements, or an extent that has.
 */
export function limitedSize(op: string, type: TensorType): void {
  const rank = type.shape.length;
  if (rank > MAX_RANK) fail('LIMIT_EXCEEDED', op, `${rank} axes`, `at most ${MAX_RANK} axes`);
  let count = 1;
  for (const dim of type.shape) {
    if (!isStatic(dim)) return;
    if (dim > MAX_ELEMENTS) failLimit(op, printType(type));
    count *= dim;
  }
  // Not `count > MAX_ELEMENTS`: infinity times 0 is not a number.
  if (!(count <= MAX_ELEMENTS)) failLimit(op, printType(type));
}

/** Throws LIMIT_EXCEEDED for a static extent above {@link MAX_ELEMENTS}: no result has one. */
export function limitedExtent(op: string, what: string, extent: Dim): void {
  if (isStatic(extent) && extent > MAX_ELEMENTS) failLimit(op, `${extent} ${what}`);
}

const failLimit = (op: string, found: string): never =>
  fail('LIMIT_EXCEEDED', op, found, `at most ${MAX_ELEMENTS} elements`);

/** The extents that are left when some axes go. */
export const without = (shape: Shape, axes: readonly number[]): Dim[] =>
  shape.filter((_, axis) => !axes.includes(axis));

export function validShape(op: string, shape: Shape): void {
  for (const dim of shape)
    if (isStatic(dim) && (!Number.isSafeInteger(dim) || dim < 0))
      fail('ATTRIBUTE_INVALID', op, printShape(shape), 'extents that are integers >= 0');
}
