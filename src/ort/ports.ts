/** What a model takes and gives, in onnxruntime's words. */
import type { InferenceSession } from 'onnxruntime-common';
import { HeddleError } from '../base/errors.js';
import type { DescribedValue } from '../frontends/onnx/description.js';
import { typeOf, type NumericType } from './element-types.js';

/** A tensor that a model takes or gives. */
export interface TensorPort {
  readonly name: string;
  readonly type: NumericType;
  /** Numbers, and names of dimensions that the model leaves open; undefined where not even the rank is declared. */
  readonly shape: readonly (number | string)[] | undefined;
}

/** A tensor of text that a model takes or gives. */
export interface TextPort {
  readonly name: string;
  readonly type: 'string';
  readonly shape: TensorPort['shape'];
}

/** A declared value as a port. Throws ONNX_UNSUPPORTED_FEATURE where it is no tensor, ONNX_UNSUPPORTED_DTYPE. */
export function portOf(value: DescribedValue, where: string): TensorPort | TextPort {
  const { name, dtype } = value;
  const place = `${where}, ${JSON.stringify(name)}`;
  if (dtype === undefined)
    throw new HeddleError('ONNX_UNSUPPORTED_FEATURE', 'inputs and outputs have to be tensors', {
      where: place,
    });
  // Dimensions without a name get one, as importOnnx names them.
  const shape = value.dims?.map((dim, axis) => dim ?? `${name}_${axis}`);
  return dtype === 'string' ? { name, type: dtype, shape } : { name, type: typeOf(dtype, place), shape };
}

export const isNumeric = (port: TensorPort | TextPort): port is TensorPort => port.type !== 'string';

export const metadataOf = ({ name, type, shape }: TensorPort | TextPort): InferenceSession.ValueMetadata => ({
  name,
  isTensor: true,
  type,
  shape: shape ?? [],
});

/** The shapes of `ports` where all are fixed, with the dimensions that are given; undefined elsewhere. */
export function fixedShapes(
  ports: readonly (TensorPort | TextPort)[],
  dims: Readonly<Record<string, number>>,
): Readonly<Record<string, readonly number[]>> | undefined {
  const shapes: [string, readonly number[]][] = [];
  for (const { name, shape } of ports) {
    const known = shape?.map((dim) => (typeof dim === 'number' ? dim : Object.hasOwn(dims, dim) ? dims[dim] : undefined)); // prettier-ignore
    if (known === undefined || known.includes(undefined)) return undefined;
    shapes.push([name, known as readonly number[]]);
  }
  return Object.fromEntries(shapes);
}
