/** Operators of ai.onnx.ml that prepare features. */
import { normalizeAxis } from '../../../../compose/axes.js';
import { binaryBroadcast, withScalar } from '../../../../compose/broadcast.js';
import { isNaN } from '../../../../compose/math.js';
import { concat, sliceAxis } from '../../../../compose/movement.js';
import { padConstant } from '../../../../compose/pad.js';
import { euclideanNorm, maximum, minimum, sumOfAbsolutes } from '../../../../compose/reduce.js';
import type { Value } from '../../../../ir/emitter.js';
import { typed, type NodeContext, type TypedValue } from '../../context.js';
import { ONNX_DTYPES, type OnnxDType } from '../../dtype.js';
import { toNumbers } from '../../host.js';
import type { OpEntry, OpTable } from '../../registry.js';
import { convertWide } from '../../wide/convert.js';
import { indicesFromStart } from '../indices.js';
import { featureCount, integers, numbers, refuseStrings } from './table.js';

const entry = (op: string, since: readonly number[], emit: OpEntry['emit']): OpEntry => ({
  op,
  domain: 'ai.onnx.ml',
  since,
  emit,
});

const asFloat = (ctx: NodeContext, i = 0): Value =>
  convertWide(ctx.b, ctx.value(i), ctx.input(i).dtype, 'float');

/** One number for all features, or one for each, as f32 that broadcasts to input 0. */
function perFeature(ctx: NodeContext, name: string, otherwise: number): Value {
  const given = ctx.attr.floats(name) ?? [otherwise];
  const count = featureCount(ctx);
  if (given.length !== 1 && given.length !== count)
    ctx.fail('ONNX_INVALID', `attribute ${name} has one number, or one for each feature`, {
      found: `${given.length} for ${count} features`,
    });
  return numbers(ctx, 'float', given.length === 1 ? [] : [count], given);
}

/** x divided by the norm of its row; rows of norm 0 stay. */
function normalizer(ctx: NodeContext): TypedValue {
  const { b } = ctx;
  const x = asFloat(ctx);
  const norms = { MAX: maximum, L1: sumOfAbsolutes, L2: euclideanNorm };
  const norm = ctx.attr.choice('norm', ['MAX', 'L1', 'L2'], 'MAX');
  const length = norms[norm](b, x, { axes: [ctx.rank(0) - 1], keepDims: true });
  const divisor = b.select(withScalar(b, 'eq', length, 0), b.full(length, 1), length);
  return typed(binaryBroadcast(b, 'div', x, divisor), 'float');
}

/** Features that have the replaced value, which may be NaN, as the imputed one. */
function imputer(ctx: NodeContext): Value {
  const { b, attr } = ctx;
  const { dtype, value: x } = ctx.input(0);
  const isInteger = ONNX_DTYPES[dtype].integer !== undefined;
  const name = isInteger ? 'imputed_value_int64s' : 'imputed_value_floats';
  const given = isInteger ? attr.ints(name) : attr.floats(name);
  const imputed = attr.required(name, given);
  const count = featureCount(ctx);
  if (imputed.length !== 1 && imputed.length !== count)
    ctx.fail('ONNX_INVALID', `attribute ${name} has one value, or one for each feature`, {
      found: `${imputed.length} for ${count} features`,
    });
  const replaced = isInteger ? attr.int('replaced_value_int64', 0) : attr.float('replaced_value_float', 0);
  const isReplaced = Number.isNaN(replaced) ? isNaN(b, x) : withScalar(b, 'eq', x, replaced);
  const shape = imputed.length === 1 ? [] : [count];
  const held = isInteger ? b.reshape(integers(ctx, imputed), shape) : numbers(ctx, 'float', shape, imputed);
  const value = convertWide(b, held, isInteger ? 'int32' : 'float', dtype);
  return b.select(isReplaced, b.broadcast(padTo(ctx, value), x.type.shape), x);
}

/** With axes of extent 1 in front, as many as input 0 has. */
const padTo = (ctx: NodeContext, value: Value): Value =>
  ctx.b.reshape(value, [
    ...new Array<number>(ctx.rank(0) - value.type.shape.length).fill(1),
    ...value.type.shape,
  ]);

/** The first `size` columns of a matrix or row; zeros where it has fewer. */
function columns(ctx: NodeContext, i: number, size: number): Value {
  const x = asFloat(ctx, i);
  const rows = ctx.rank(i) === 1 ? ctx.b.reshape(x, [1, ...x.type.shape]) : x;
  const [own] = ctx.extents(rows.type.shape.slice(1, 2));
  return own >= size
    ? sliceAxis(ctx.b, rows, 1, 0, size)
    : padConstant(ctx.b, rows, { low: [0, 0], high: [0, size - own] }, 0);
}

function featureVectorizer(ctx: NodeContext): TypedValue {
  const sizes = ctx.attr.ints('inputdimensions') ?? ctx.inputs.map((_, i) => ctx.extents(ctx.input(i).shape.slice(-1))[0]); // prettier-ignore
  if (sizes.length !== ctx.inputs.length)
    ctx.fail('ONNX_INVALID', 'inputdimensions has a number for each input', { found: `${sizes.length} for ${ctx.inputs.length}` }); // prettier-ignore
  return typed(concat(ctx.b, sizes.map((size, i) => columns(ctx, i, size)), 1), 'float'); // prettier-ignore
}

function oneHotEncoder(ctx: NodeContext): TypedValue {
  const { b, attr } = ctx;
  if (attr.strings('cats_strings')?.length) refuseStrings(ctx, 'cats_strings');
  const categories = attr.required('cats_int64s', attr.ints('cats_int64s'));
  if (!attr.flag('zeros', true))
    ctx.fail('ONNX_UNSUPPORTED_FEATURE', 'categories that are not known give zeros: nothing can be refused at run time', { found: 'zeros = 0' }); // prettier-ignore
  const { value, dtype, shape } = ctx.input(0);
  const x = convertWide(b, value, dtype, 'int32');
  const apart = b.broadcast(b.reshape(x, [...shape, 1]), [...shape, categories.length]);
  return typed(b.cast(binaryBroadcast(b, 'eq', apart, integers(ctx, categories)), 'f32'), 'float');
}

/** Elements along the last axis, at known or computed places. */
function arrayFeatureExtractor(ctx: NodeContext): Value {
  const { b } = ctx;
  const x = ctx.value(0);
  const axis = normalizeAxis(-1, ctx.rank(0));
  const [extent] = ctx.extents([x.type.shape[axis]]);
  const places = b.reshape(indicesFromStart(ctx, 1, [extent]), [ctx.extents(ctx.input(1).shape).reduce((n, dim) => n * dim, 1)]); // prettier-ignore
  const taken = b.emit('gather', [x, places], { axis });
  return ctx.rank(0) === 1 ? b.reshape(taken, [1, ...taken.type.shape]) : taken;
}

/** Numbers of an attribute of LabelEncoder in one of its three forms, with their type. */
interface Side {
  readonly dtype: OnnxDType;
  readonly values: readonly number[];
}

function side(ctx: NodeContext, which: 'keys' | 'values'): Side {
  const { attr } = ctx;
  if (attr.strings(`${which}_strings`)?.length) refuseStrings(ctx, `${which}_strings`);
  const tensor = attr.tensor(`${which}_tensor`);
  if (tensor !== undefined) return { dtype: tensor.dtype, values: toNumbers(tensor) };
  const ints = attr.ints(`${which}_int64s`, []);
  if (ints.length > 0) return { dtype: 'int64', values: ints };
  const floats = attr.floats(`${which}_floats`) ?? [];
  if (floats.length > 0) return { dtype: 'float', values: floats };
  return ctx.fail('ONNX_INVALID', `the ${which} of the encoder are missing`);
}

/** The value of the first key that an element equals; a NaN is one key. */
function labelEncoder(ctx: NodeContext): TypedValue {
  const { b, attr } = ctx;
  if (attr.strings('classes_strings')?.length) refuseStrings(ctx, 'classes_strings');
  const [keys, values] = [side(ctx, 'keys'), side(ctx, 'values')];
  const { value: x, dtype, shape } = ctx.input(0);
  if (keys.values.length !== values.values.length || keys.dtype !== dtype)
    ctx.fail('ONNX_INVALID', 'an encoder has as many keys as values, of the type of its input', {
      found: `${keys.values.length} keys of ${keys.dtype}, ${values.values.length} values, input of ${dtype}`,
    });
  const given = attr.tensor('default_tensor');
  const otherwise =
    given !== undefined
      ? toNumbers(given)[0]
      : values.dtype === 'int64'
        ? attr.int('default_int64', -1)
        : attr.float('default_float', -0);
  const count = keys.values.length;
  const table = (all: readonly number[], type: OnnxDType): Value =>
    type === 'double' || type === 'float'
      ? numbers(ctx, type, [all.length], all)
      : convertWide(b, integers(ctx, all), 'int32', type);
  const apart = b.broadcast(b.reshape(x, [...shape, 1]), [...shape, count]);
  const key = table(keys.values, dtype);
  const equal = binaryBroadcast(b, 'eq', apart, key);
  const isKey = keys.values.some(Number.isNaN)
    ? b.binary('or', equal, b.binary('and', isNaN(b, apart), b.broadcast(padLast(b, isNaN(b, key), shape.length), apart.type.shape))) // prettier-ignore
    : equal;
  const place = b.emit('iota', [], { dtype: 'i32', shape: [...shape, count], axis: shape.length });
  const first = minimum(b, b.select(isKey, place, b.full(place, count)), { axes: [shape.length], keepDims: false }); // prettier-ignore
  const found = b.emit('gather', [table([...values.values, otherwise], values.dtype), first], { axis: 0 });
  return typed(found, values.dtype);
}

const padLast = (b: NodeContext['b'], x: Value, rank: number): Value =>
  b.reshape(x, [...new Array<number>(rank).fill(1), ...x.type.shape]);

export const features: OpTable = [
  entry('Binarizer', [1], (ctx) => {
    const { b } = ctx;
    const x = ctx.value(0);
    const isAbove = b.binary('lt', b.full(x, ctx.attr.float('threshold', 0)), x);
    return b.select(isAbove, b.full(x, 1), b.full(x, 0));
  }),
  entry('ArrayFeatureExtractor', [1], arrayFeatureExtractor),
  entry('Scaler', [1], (ctx) => {
    const centered = binaryBroadcast(ctx.b, 'sub', asFloat(ctx), perFeature(ctx, 'offset', 0));
    return typed(binaryBroadcast(ctx.b, 'mul', centered, perFeature(ctx, 'scale', 1)), 'float');
  }),
  entry('Normalizer', [1], normalizer),
  entry('Imputer', [1], imputer),
  entry('FeatureVectorizer', [1], featureVectorizer),
  entry('OneHotEncoder', [1], oneHotEncoder),
  entry('LabelEncoder', [1, 2, 4], labelEncoder),
];
