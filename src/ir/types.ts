import type { DType } from '../base/dtype.js';
import { elementCount } from '../base/tensor.js';
import { HeddleError } from '../base/errors.js';
import { dimEquals, isStatic, type Dim } from './dim.js';

export type Shape = readonly Dim[];

/** The type of a value: element type and shape, row-major. A scalar has shape `[]`. */
export interface TensorType {
  readonly dtype: DType;
  readonly shape: Shape;
  /** Set for a tuple: the results of an op that has several. A tuple has no elements of its own. */
  readonly parts?: readonly TensorType[];
}

export const tensorType = (dtype: DType, shape: Shape): TensorType => ({ dtype, shape });

/** The type of a value that is several tensors: see `result`. */
export const tupleType = (parts: readonly TensorType[]): TensorType => ({ dtype: 'bool', shape: [0], parts });

export const printShape = (shape: Shape): string => `[${shape.join(',')}]`;
export const printType = ({ dtype, shape, parts }: TensorType): string =>
  parts === undefined ? `${dtype}${printShape(shape)}` : `(${parts.map(printType).join(', ')})`;

export function shapesEqual(a: Shape, b: Shape): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let axis = 0; axis < a.length; axis++) if (!dimEquals(a[axis], b[axis])) return false;
  return true;
}

export const typesEqual = (a: TensorType, b: TensorType): boolean =>
  a === b || (a.dtype === b.dtype && shapesEqual(a.shape, b.shape) && partsEqual(a.parts, b.parts));

const partsEqual = (a: TensorType['parts'], b: TensorType['parts']): boolean =>
  a === b || (a?.length === b?.length && a?.every((part, i) => typesEqual(part, b![i])) === true);

function isStaticShape(shape: Shape): shape is readonly number[] {
  for (const dim of shape) if (!isStatic(dim)) return false;
  return true;
}

/** The extents as numbers. Throws DIM_UNBOUND while a symbol is left. */
export function staticShape(shape: Shape): readonly number[] {
  if (isStaticShape(shape)) return shape;
  throw new HeddleError('DIM_UNBOUND', 'the shape still has symbolic dimensions', {
    found: printShape(shape),
    hint: 'bind them before compiling: --dim name=value, or bindDims(graph, {name: value})',
  });
}

/** Number of elements of a static type. */
export const sizeOf = (type: TensorType): number => elementCount(staticShape(type.shape));
