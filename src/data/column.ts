/** One side of a data set: a tensor for every example, made when it is asked for. */
import {
  bytes as someBytes,
  checkArguments,
  hostTensor,
  indices,
  shape as someShape,
} from '../base/arguments.js';
import type { TensorSpec } from '../base/check-tensors.js';
import { describeValue } from '../base/describe.js';
import { allocateHost } from '../base/dtype.js';
import { ensure } from '../base/errors.js';
import { required, text } from '../base/kinds.js';
import { describeType, elementCount, tensorData, type TensorData } from '../base/tensor.js';

export interface Column {
  /** Name, dtype and shape of one example, without the axis of examples. */
  readonly spec: TensorSpec;
  /** Number of examples. */
  readonly size: number;
  /** The examples of these indices, `[indices.length, ...spec.shape]`. The indices are below `size`. */
  rows(indices: Uint32Array): TensorData;
}

/** A column whose rows are asked for with indices. Throws USAGE for others. */
export function columnOf(spec: TensorSpec, size: number, rows: Column['rows']): Column {
  return {
    spec,
    size,
    rows(given) {
      checkArguments('rows', { indices: given }, { indices });
      return rows(Array.isArray(given) ? Uint32Array.from(given as number[]) : given);
    },
  };
}

/** The rows of a tensor `[size, ...shape]` of any dtype. Throws DATASET_INVALID where it is a scalar. */
export function tensorColumn(name: string, tensor: TensorData): Column {
  checkArguments('tensorColumn', { name, tensor }, { name: NAME, tensor: hostTensor });
  ensure(tensor.shape.length > 0, 'DATASET_INVALID', 'a scalar has no examples', () => ({
    where: name,
    found: describeType(tensor.dtype, tensor.shape),
    expected: 'a tensor whose first axis counts the examples',
  }));
  const [size, ...shape] = tensor.shape;
  const { dtype } = tensor;
  return columnOf({ name, dtype, shape }, size, (indices) => {
    const length = elementCount(shape);
    const out = allocateHost(dtype, indices.length * length);
    indices.forEach((row, i) => out.set(tensor.data.subarray(row * length, (row + 1) * length), i * length));
    return tensorData(dtype, [indices.length, ...shape], out);
  });
}

const NAME = required(text);

/** byte / 255, rounded to f32. */
const SHARES = Float32Array.from({ length: 256 }, (_, byte) => byte / 255);

/**
 * Bytes, `[size, ...shape]`, as f32 from 0 (byte 0) to 1 (byte 255). They stay bytes; only rows that are asked for become
 * floats. Throws DATASET_INVALID where the bytes do not fill whole examples.
 */
export function byteColumn(name: string, shape: readonly number[], bytes: Uint8Array): Column {
  checkArguments('byteColumn', { name, shape, bytes }, { name: NAME, shape: someShape, bytes: someBytes });
  const length = elementCount(shape);
  const size = bytes.length / length;
  ensure(Number.isInteger(size), 'DATASET_INVALID', 'the bytes do not fill the last example', () => ({
    where: name,
    found: `${bytes.length} bytes`,
    expected: `a multiple of ${length} bytes, for examples of shape [${shape.join(',')}]`,
  }));
  return columnOf({ name, dtype: 'f32', shape }, size, (indices) => {
    const out = allocateHost('f32', indices.length * length);
    for (let i = 0; i < indices.length; i++) {
      const [from, to] = [indices[i] * length, i * length];
      for (let j = 0; j < length; j++) out[to + j] = SHARES[bytes[from + j]];
    }
    return tensorData('f32', [indices.length, ...shape], out);
  });
}

/** Class numbers, i32 `[size]`, from bytes. */
export function classColumn(name: string, classes: Uint8Array): Column {
  checkArguments('classColumn', { name, classes }, { name: NAME, classes: someBytes });
  return tensorColumn(name, tensorData('i32', [classes.length], Int32Array.from(classes)));
}

/** The rows of `column` at `kept`, in its order. */
export const pickColumn = (column: Column, kept: Uint32Array): Column =>
  columnOf(column.spec, kept.length, (indices) => column.rows(indices.map((index) => kept[index])));

/** The same examples in another shape of as many elements. Throws DATASET_INVALID where the number is another. */
export function reshapeColumn(column: Column, shape: readonly number[]): Column {
  const { spec } = column;
  checkArguments('reshapeFeatures', { shape }, { shape: someShape });
  ensure(
    elementCount(shape) === elementCount(spec.shape),
    'DATASET_INVALID',
    'the shapes hold different numbers of elements',
    () => ({
      where: spec.name,
      found: `[${shape.join(',')}]`,
      expected: `${elementCount(spec.shape)} elements, as in [${spec.shape.join(',')}]`,
    }),
  );
  return columnOf({ ...spec, shape }, column.size, (indices) => ({
    ...column.rows(indices),
    shape: [indices.length, ...shape],
  }));
}

/**
 * Class numbers as f32 rows that are 1 at the class and 0 elsewhere: `[...shape]` becomes `[...shape, classes]`.
 * Throws DATASET_INVALID unless the column holds integers; its rows throw it for a class that is not below `classes`.
 */
export function oneHotColumn(column: Column, classes: number): Column {
  const { spec } = column;
  ensure(
    spec.dtype === 'i32' || spec.dtype === 'u32',
    'DATASET_INVALID',
    'only class numbers can become one-hot',
    () => ({ where: spec.name, found: describeType(spec.dtype, spec.shape), expected: 'i32 or u32' }),
  );
  ensure(
    Number.isSafeInteger(classes) && classes > 0,
    'USAGE',
    'the number of classes is not a valid number',
    () => ({
      found: describeValue(classes),
      expected: 'an integer above 0',
    }),
  );
  const oneHot: TensorSpec = { name: spec.name, dtype: 'f32', shape: [...spec.shape, classes] };
  return columnOf(oneHot, column.size, (indices) => {
    const { shape, data } = column.rows(indices);
    const out = allocateHost('f32', data.length * classes);
    data.forEach((index, i) => {
      ensure(index >= 0 && index < classes, 'DATASET_INVALID', 'the class is out of range', () => ({
        where: `${spec.name}, example ${indices[Math.floor((i * indices.length) / data.length)]}`,
        found: String(index),
        expected: `0 to ${classes - 1}`,
      }));
      out[i * classes + index] = 1;
    });
    return tensorData('f32', [...shape, classes], out);
  });
}
