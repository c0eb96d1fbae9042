/** Known numbers of ai.onnx.ml as values of the graph, and what several of its operators share. */
import { checkTable } from '../../../../compose/tables.js';
import { constantWords } from '../../../../compose/wide/words.js';
import type { Value } from '../../../../ir/emitter.js';
import { isStatic } from '../../../../ir/dim.js';
import { typed, type NodeContext, type TypedValue } from '../../context.js';
import { convertWide } from '../../wide/convert.js';
import { PairValue } from '../../wide/value.js';

/** Floats or doubles, of `shape`. */
export function numbers(
  { b }: NodeContext,
  dtype: 'float' | 'double',
  shape: readonly number[],
  values: readonly number[],
): Value {
  checkTable('a model of trees or lines', values.length);
  if (dtype === 'float') return b.constant('f32', shape, values.length === 0 ? 0 : values);
  const bits = Array.from(new BigUint64Array(Float64Array.from(values).buffer));
  return new PairValue('double', constantWords(b.graph, shape, bits.length === 0 ? 0n : bits));
}

export function integers({ b }: NodeContext, values: readonly number[]): Value {
  checkTable('a model of trees or lines', values.length);
  return b.constant('i32', [values.length], values);
}

/** Doubles stay such; all else that is taken is f32. */
export const inputDType = (ctx: NodeContext): 'float' | 'double' =>
  ctx.input(0).dtype === 'double' ? 'double' : 'float';

/** Input 0 as rows of features: a vector is one row. */
export function featureRows(ctx: NodeContext, dtype: 'float' | 'double'): Value {
  const { value, dtype: given, shape } = ctx.input(0);
  const x = convertWide(ctx.b, value, given, dtype);
  if (shape.length === 2) return x;
  if (shape.length === 1) return ctx.b.reshape(x, [1, ...shape]);
  return ctx.fail('SHAPE_MISMATCH', 'features are a matrix of rows, or one row', { found: `${shape.length} axes` }); // prettier-ignore
}

/** The number of features in a row. Throws ONNX_DYNAMIC_SHAPE. */
export function featureCount(ctx: NodeContext): number {
  const last = ctx.input(0).shape.at(-1) ?? 1;
  return isStatic(last) ? last : ctx.extents([last])[0];
}

/** Throws ONNX_UNSUPPORTED_FEATURE: the attribute asks for text. */
export const refuseStrings = (ctx: NodeContext, attribute: string): never =>
  ctx.fail('ONNX_UNSUPPORTED_FEATURE', 'the operator needs strings, which Heddle does not have', {
    found: `attribute ${attribute}`,
    hint: 'map text to numbers before the model, and labels after it',
  });

/** The integer labels of a classifier. Throws ONNX_UNSUPPORTED_FEATURE for text, ONNX_INVALID where there are none. */
export function classLabels(ctx: NodeContext, attribute: string): readonly number[] {
  if (ctx.attr.strings('classlabels_strings')?.length) return refuseStrings(ctx, 'classlabels_strings');
  const labels = ctx.attr.required(attribute, ctx.attr.ints(attribute));
  const outside = labels.find((label) => (label | 0) !== label);
  if (labels.length === 0 || outside !== undefined)
    ctx.fail(
      outside === undefined ? 'ONNX_INVALID' : 'ONNX_UNSUPPORTED_DTYPE',
      'labels are some integers of 32 bits',
      {
        // prettier-ignore
        found: outside === undefined ? 'none' : `${outside}`,
      },
    );
  return labels;
}

/** The labels at i32 indices, as int64. */
export function labelsAt(ctx: NodeContext, labels: readonly number[], index: Value): TypedValue {
  const plain = labels.every((label, i) => label === i);
  return typed(plain ? index : ctx.b.emit('gather', [integers(ctx, labels), index], { axis: 0 }), 'int64');
}
