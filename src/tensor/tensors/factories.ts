/** Tensors from numbers. */
import { allocateHost, copyHost, hostArrayName, type DType, type HostArray } from '../../base/dtype.js';
import { describeValue } from '../../base/describe.js';
import { HeddleError } from '../../base/errors.js';
import { checkElements, describeType, tensorData, type TensorData } from '../../base/tensor.js';
import { MAX_RANK } from '../../ir/infer-checks.js';
import { tensorType } from '../../ir/types.js';
import { preserveLang } from '../../numerics/js-lang.js';
import { toHalf } from '../../numerics/math/index.js';
import { numbers } from '../../base/kinds.js';
import { isTyped } from '../../base/values.js';
import type { OptionTable } from '../../base/options.js';
import { checkNumber, checkShape, checkTensors, dtypeKind, optionsOf } from '../arguments.js';
import { checkDType } from './dtype.js';
import { asExpr, Expr, EXPRS } from '../expressions/expr.js';
import { HostStorage } from './host.js';
import { exprOf, named, TensorCore, type Nested } from './core.js';
import { Tensor } from './tensor.js';

export interface TensorOptions {
  /** Default: that of a typed array; bool for booleans; else f32. */
  readonly dtype?: DType;
  /** Default: that of the nesting, or one axis. */
  readonly shape?: readonly number[];
}

const TENSOR_OPTIONS: OptionTable<TensorOptions> = { dtype: dtypeKind, shape: numbers };

/**
 * A tensor of the given elements: a number, nested arrays of equal lengths, a typed array (with its shape), or data of a
 * dataset or a run. They are copied: what happens to them afterwards does not change the tensor.
 * Throws INPUT_SHAPE where the nesting is ragged or the shape does not fit, DTYPE_MISMATCH for a dtype that is none of
 * f32, f16, i32, u32, bool.
 */
export function tensor(
  values: Nested | HostArray | Float64Array | TensorData,
  options?: TensorOptions,
): Tensor {
  const { dtype, shape } = optionsOf('tensor', options, TENSOR_OPTIONS);
  if (dtype !== undefined) checkDType(dtype);
  if (isTensorData(values)) return fromOwn(values, options);
  if (ArrayBuffer.isView(values)) return fromTyped(values, dtype, shape);
  const { flat, extents } = named('tensor', () => unnest(values));
  const kind =
    dtype ?? (flat.length > 0 && flat.every((value) => typeof value === 'boolean') ? 'bool' : 'f32');
  return fromData(tensorData(kind, [...(shape ?? extents)], convert(kind, flat.map(Number))));
}

/** Wraps host data that nobody else can change, without copying it. */
export const fromData = (data: TensorData): Tensor =>
  new Tensor(new Expr(tensorType(data.dtype, data.shape), { kind: 'data', storage: new HostStorage(data) }));

/** Data with a type of its own, which the options cannot change. */
function fromOwn(data: TensorData, options: TensorOptions | undefined): Tensor {
  named('tensor', () => {
    const given = Object.entries(options ?? {}).find(([, value]) => value !== undefined);
    if (data instanceof TensorCore || given !== undefined)
      throw new HeddleError('USAGE', 'the data already has a dtype and a shape', {
        found:
          data instanceof TensorCore
            ? 'a tensor'
            : `${describeType(data.dtype, data.shape)}, and ${given![0]}`,
        hint: 'x.cast(dtype) and x.reshape(shape) make others',
      });
    checkElements(data);
  });
  return fromData({ ...data, shape: [...data.shape], data: copyHost(data.dtype, data.data) });
}

const isTensorData = (values: object | number | boolean | null): values is TensorData =>
  typeof values === 'object' && values !== null && 'dtype' in values && 'data' in values;

function fromTyped(
  values: HostArray | Float64Array,
  dtype: DType | undefined,
  shape: readonly number[] = [values.length],
): Tensor {
  if (typeof values[0] !== 'number' && values.length !== 0)
    named('tensor', () => {
      throw new HeddleError('DTYPE_MISMATCH', 'elements are numbers or booleans', {
        found: describeValue(values),
        expected: 'an array of numbers, such as Int32Array.from(values, Number)',
      });
    });
  const natural = naturalDType(values);
  const wanted = dtype ?? natural ?? 'f32';
  const data = natural === wanted ? copyHost(wanted, values as HostArray) : convert(wanted, values);
  return fromData(tensorData(wanted, [...shape], data));
}

/** The dtype whose host array this is. Uint16Array holds numbers here, not halfs: f16 has to be asked for. */
function naturalDType(values: ArrayBufferView): DType | undefined {
  return (['f32', 'i32', 'u32'] as const).find((dtype) => isTyped(values, hostArrayName(dtype)));
}

/** Numbers as a host array, converted as `cast` converts f64. */
function convert(dtype: DType, values: ArrayLike<number>): HostArray {
  const out = allocateHost(dtype, values.length);
  for (let i = 0; i < values.length; i++) out[i] = CONVERT[dtype](values[i]);
  return out;
}

const CONVERT: Readonly<Record<DType, (value: number) => number>> = {
  f32: (value) => value,
  f16: (value) => toHalf(preserveLang, Math.fround(value)),
  i32: (value) => Math.min(Math.max(Math.trunc(value) || 0, -0x80000000), 0x7fffffff),
  u32: (value) => Math.min(Math.max(Math.trunc(value) || 0, 0), 0xffffffff),
  bool: (value) => (value === 0 ? 0 : 1),
};

function unnest(values: Nested): { flat: (number | boolean)[]; extents: number[] } {
  const extents: number[] = [];
  for (let at = values; Array.isArray(at); at = at[0] as Nested)
    if (extents.push(at.length) > MAX_RANK)
      throw new HeddleError('LIMIT_EXCEEDED', 'the arrays are nested too deep', {
        found: `more than ${MAX_RANK} axes`,
        expected: `at most ${MAX_RANK} axes`,
        hint: 'axes of extent 1 can be left out; the limit is fixed',
      });
  const flat: (number | boolean)[] = [];
  const visit = (value: Nested, axis: number): void => {
    const isList = Array.isArray(value);
    if (isList !== axis < extents.length || (isList && value.length !== extents[axis]))
      throw new HeddleError('INPUT_SHAPE', 'the nested arrays are ragged', {
        found: isList
          ? `${value.length} elements on axis ${axis}`
          : `${describeValue(value)} on axis ${axis}`,
        expected: axis < extents.length ? `${extents[axis]} elements` : 'a number or boolean',
      });
    if (isList) for (const item of value as readonly Nested[]) visit(item, axis + 1);
    else if (typeof value === 'number' || typeof value === 'boolean') flat.push(value);
    else
      throw new HeddleError('DTYPE_MISMATCH', 'elements are numbers or booleans', {
        found: describeValue(value),
      });
  };
  visit(values, 0);
  return { flat, extents };
}

export interface FactoryOptions {
  /** Default f32. */
  readonly dtype?: DType;
}

const FACTORY_OPTIONS: OptionTable<FactoryOptions> = { dtype: dtypeKind };

/** `shape` filled with `value`. Takes no memory until it has to. */
export function full(shape: readonly number[], value: number | boolean, options?: FactoryOptions): Tensor {
  return filled('full', shape, value, options);
}

function filled(
  call: string,
  shape: readonly number[],
  value: number | boolean,
  options: FactoryOptions | undefined,
): Tensor {
  checkShape(call, shape);
  const { dtype } = optionsOf(call, options, FACTORY_OPTIONS);
  const kind = dtype ?? (typeof value === 'boolean' ? 'bool' : 'f32');
  checkDType(kind);
  return named(call, () => new Tensor(exprOf(value, kind, [...shape])));
}
export const zeros = (shape: readonly number[], options?: FactoryOptions): Tensor =>
  filled('zeros', shape, isBool(options) ? false : 0, options);
export const ones = (shape: readonly number[], options?: FactoryOptions): Tensor =>
  filled('ones', shape, isBool(options) ? true : 1, options);
export function zerosLike(x: Tensor): Tensor {
  checkTensors('zerosLike', { 'the operand': x });
  return zeros(x.shape, { dtype: x.dtype });
}
export function onesLike(x: Tensor): Tensor {
  checkTensors('onesLike', { 'the operand': x });
  return ones(x.shape, { dtype: x.dtype });
}

const isBool = (options: FactoryOptions | undefined): boolean =>
  (options as FactoryOptions | null | undefined)?.dtype === 'bool';

/** start, start + step, ... below (above, for a negative step) `end`; i32 where all three are integers. */
export function arange(start: number, end?: number, step = 1, options?: FactoryOptions): Tensor {
  for (const [name, value] of Object.entries({ start, end: end ?? start, step }))
    checkNumber('arange', name, value);
  const { dtype } = optionsOf('arange', options, FACTORY_OPTIONS);
  const [from, to] = end === undefined ? [0, start] : [start, end];
  if (step === 0) throw new HeddleError('ATTRIBUTE_INVALID', 'arange needs a step other than 0');
  const count = Math.max(0, Math.ceil((to - from) / step));
  const integers = [from, to, step].every(Number.isInteger);
  const places = asExpr(EXPRS.emit('iota', [], { dtype: 'i32', shape: [count], axis: 0 }));
  const kind = dtype ?? (integers ? 'i32' : 'f32');
  return new Tensor(places)
    .cast(integers ? 'i32' : 'f32')
    .mul(step)
    .add(from)
    .cast(kind);
}

/** Numbers that {@link linspace} makes, on the host. */
const MAX_LISTED = 2 ** 26;

/** `count` numbers from `start` to `end`, both included, f32. */
export function linspace(start: number, end: number, count: number): Tensor {
  if (!Number.isSafeInteger(count) || count < 0)
    throw new HeddleError('ATTRIBUTE_INVALID', 'linspace needs a number of elements', {
      found: describeValue(count),
    });
  if (count > MAX_LISTED)
    throw new HeddleError('LIMIT_EXCEEDED', 'linspace makes its numbers on the host, and not so many', {
      found: `${count} numbers`,
      expected: `at most ${MAX_LISTED}`,
      hint: 'arange(count).mul(step).add(start) makes them where they are used',
    });
  const values = Float32Array.from({ length: count }, (_, i) =>
    i === count - 1 ? end : start + (i * (end - start)) / Math.max(1, count - 1),
  );
  if (count === 1) values[0] = start;
  return tensor(values);
}

/** [n, m] with ones on the diagonal. */
export function eye(n: number, m = n, options?: FactoryOptions): Tensor {
  checkShape('eye', [n, m]);
  const { dtype = 'f32' } = optionsOf('eye', options, FACTORY_OPTIONS);
  const places = (axis: number): Tensor =>
    new Tensor(asExpr(EXPRS.emit('iota', [], { dtype: 'i32', shape: [n, m], axis })));
  return places(0).equal(places(1)).cast(dtype);
}
