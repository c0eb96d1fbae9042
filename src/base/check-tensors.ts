/** Checks that the tensors a caller gives are those that a graph or a plan declares. */
import type { DType } from './dtype.js';
import { ensure, HeddleError } from './errors.js';
import {
  checkElements,
  classOf,
  copyTensor,
  describeType,
  elementCount,
  isTensorType,
  type TensorData,
} from './tensor.js';

/** A tensor that has to be given, by the name it is given under. */
export interface TensorSpec {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** {@link TensorSpec} of a weight, whose name is its id. */
export type WeightSpec = Omit<TensorSpec, 'name'> & { readonly id: string };

/** A tensor that is given, wherever its elements are. */
type GivenTensor = Pick<TensorData, 'dtype' | 'shape'>;
type GivenTensors<T> = Readonly<Record<string, T | undefined>>;

/**
 * Throws INPUT_UNKNOWN, INPUT_MISSING, INPUT_DTYPE or INPUT_SHAPE, in this order, unless `inputs` has a fitting tensor
 * for every one of `specs` and nothing else.
 */
export function checkInputs(specs: readonly TensorSpec[], inputs?: GivenTensors<TensorData>): void {
  takeInputs(specs, inputs, checkElements);
}

/** The inputs themselves, as {@link checkInputs} wants them, in memory of their own: for a run that comes later. */
export function copyInputs(
  specs: readonly TensorSpec[],
  inputs?: GivenTensors<TensorData>,
): Record<string, TensorData> {
  const given = takeInputs(specs, inputs, checkElements);
  return Object.fromEntries(given.map((tensor, i) => [specs[i].name, copyTensor(tensor)]));
}

/**
 * What `inputs` has for each of `specs`, after `check` of its elements. Throws as {@link checkInputs} does, and what
 * `check` throws.
 */
export function takeInputs<T extends GivenTensor>(
  specs: readonly TensorSpec[],
  inputs: GivenTensors<T> = {},
  check: (tensor: T, where: string) => void,
): T[] {
  ensure(
    typeof inputs === 'object' && (inputs as object | null) !== null,
    'USAGE',
    'inputs are given by name',
    {
      found: classOf(inputs),
      expected: '{ NAME: tensorData(dtype, shape, data) }',
    },
  );
  const names = new Set(specs.map(({ name }) => name));
  for (const name of Object.keys(inputs))
    ensure(names.has(name), 'INPUT_UNKNOWN', 'no input has that name', () => ({
      found: JSON.stringify(name),
      expected: names.size ? `one of ${[...names].join(', ')}` : 'no inputs',
    }));
  return specs.map(({ name, dtype, shape }) => {
    const where = `input ${JSON.stringify(name)}`;
    const tensor = Object.hasOwn(inputs, name) ? inputs[name] : undefined;
    const expected = describeType(dtype, shape);
    if (tensor === undefined)
      throw new HeddleError('INPUT_MISSING', 'an input was not given', { where, expected });
    ensure(isTensorType(tensor), 'INPUT_DTYPE', 'the value is not a tensor', {
      where,
      found: classOf(tensor),
      expected: `tensorData('${dtype}', [${shape.join()}], data)`,
    });
    const found = describeType(tensor.dtype, tensor.shape);
    const [code, wrong] =
      tensor.dtype === dtype ? (['INPUT_SHAPE', 'shape'] as const) : (['INPUT_DTYPE', 'dtype'] as const);
    ensure(found === expected, code, `the input has the wrong ${wrong}`, { where, found, expected });
    check(tensor, where);
    return tensor;
  });
}

/**
 * The weight itself. Throws WEIGHT_MISSING where there is none, WEIGHT_INVALID where it is not what `spec` says. Its shape
 * may be another one, since a pass may have merged a reshape into the weight; its number of elements may not.
 */
export function checkWeight({ id, dtype, shape }: WeightSpec, tensor: TensorData | undefined): TensorData {
  const where = `weight ${JSON.stringify(id)}`;
  const expected = describeType(dtype, shape);
  if (tensor === undefined)
    throw new HeddleError('WEIGHT_MISSING', 'a weight was not given', { where, expected });
  const fits = tensor.dtype === dtype && elementCount(tensor.shape) === elementCount(shape);
  const found = describeType(tensor.dtype, tensor.shape);
  ensure(fits, 'WEIGHT_INVALID', 'the weight is not what the graph says', { where, found, expected });
  checkElements(tensor, where, 'WEIGHT_INVALID', 'WEIGHT_INVALID');
  return tensor;
}
