/** Reductions, arg-extremes and running sums. */
import { normalizeAxes, normalizeAxis, range } from '../../../compose/axes.js';
import * as compose from '../../../compose/reduce.js';
import type { Value } from '../../../ir/emitter.js';
import { ONNX_DTYPES } from '../dtype.js';
import { typed, type NodeContext } from '../context.js';
import { isWide, type Exact } from '../fold/exact.js';
import { fromBigInts, toBigInts, type HostTensor } from '../host.js';
import type { OpEntry, OpTable } from '../registry.js';

/** The axes stand among the attributes in older definitions, as an input in newer ones. */
function reduceOptions(ctx: NodeContext): compose.ReduceOptions {
  const given = ctx.optionalInts(1) ?? ctx.attr.ints('axes') ?? [];
  const rank = ctx.rank(0);
  const none = given.length === 0 && ctx.attr.flag('noop_with_empty_axes', false);
  const axes = given.length === 0 && !none ? range(0, rank) : normalizeAxes(given, rank);
  return { axes, keepDims: ctx.attr.flag('keepdims', true) };
}

type Join = (x: bigint, y: bigint) => bigint;

/** Reductions of all elements of a known 64-bit integer tensor, as in "number of elements from a shape". */
const exactAll =
  (join: Join): Exact =>
  (ctx): HostTensor | undefined => {
    const { known } = ctx.input(0);
    if (known === undefined || !isWide(known.dtype) || known.data.length === 0) return undefined;
    const { axes, keepDims } = reduceOptions(ctx);
    if (axes.length !== known.shape.length || !ctx.mayFold(known.shape)) return undefined;
    return fromBigInts(known.dtype, keepDims ? axes.map(() => 1) : [], [toBigInts(known).reduce(join)]);
  };

/** The extremes of small integers, which the IR holds in 32 bits, where there is nothing to reduce. */
function ofNothing(ctx: NodeContext, op: string, options: compose.ReduceOptions): Value | undefined {
  const { shape, dtype } = ctx.input(0);
  const { integer } = ONNX_DTYPES[dtype];
  const isExtreme = op === 'ReduceMin' || op === 'ReduceMax';
  if (!isExtreme || integer === undefined || integer.bits >= 32) return undefined;
  if (!options.axes.some((axis) => shape[axis] === 0)) return undefined;
  const like = compose.sum(ctx.b, ctx.value(0), options);
  const values = 2 ** integer.bits;
  const [least, most] = integer.signed ? [-values / 2, values / 2 - 1] : [0, values - 1];
  return ctx.b.full(like, op === 'ReduceMin' ? most : least);
}

const reduction = (op: string, since: readonly number[], f: compose.Reduction, join?: Join): OpEntry => ({
  op,
  since,
  emit: (ctx) => ofNothing(ctx, op, reduceOptions(ctx)) ?? f(ctx.b, ctx.value(0), reduceOptions(ctx)),
  ...(join === undefined ? {} : { exact: exactAll(join) }),
});

const argExtreme = (op: string, kind: 'max' | 'min'): OpEntry => ({
  op,
  since: [1, 11, 12, 13],
  emit: (ctx) => {
    const axis = normalizeAxis(ctx.attr.int('axis', 0), ctx.rank(0));
    const keepDims = ctx.attr.flag('keepdims', true);
    const last = ctx.attr.flag('select_last_index', false);
    return typed(compose.argExtreme(ctx.b, kind, ctx.value(0), axis, { keepDims, last }), 'int64');
  },
});

const running = (op: string, since: readonly number[], kind: 'sum' | 'prod'): OpEntry => ({
  op,
  since,
  emit: (ctx) => {
    const axis = normalizeAxis(
      ctx.optionalNumber(1) ?? ctx.fail('ONNX_INVALID', 'the axis is missing'),
      ctx.rank(0),
    );
    const [exclusive, reverse] = [ctx.attr.flag('exclusive', false), ctx.attr.flag('reverse', false)];
    return ctx.b.emit('scan', [ctx.value(0)], { kind, axis, exclusive, reverse });
  },
});

const SINCE = [1, 11, 13, 18];

export const reductions: OpTable = [
  reduction('ReduceSum', [1, 11, 13], compose.sum, (x, y) => x + y),
  reduction('ReduceProd', SINCE, compose.prod, (x, y) => x * y),
  reduction('ReduceMax', [1, 11, 12, 13, 18, 20], compose.maximum, (x, y) => (x > y ? x : y)),
  reduction('ReduceMin', [1, 11, 12, 13, 18, 20], compose.minimum, (x, y) => (x < y ? x : y)),
  reduction('ReduceMean', SINCE, compose.mean),
  reduction('ReduceL1', SINCE, compose.sumOfAbsolutes),
  reduction('ReduceL2', SINCE, compose.euclideanNorm),
  reduction('ReduceSumSquare', SINCE, compose.sumOfSquares),
  reduction('ReduceLogSum', SINCE, compose.logSum),
  reduction('ReduceLogSumExp', SINCE, compose.logSumExp),
  argExtreme('ArgMax', 'max'),
  argExtreme('ArgMin', 'min'),
  running('CumSum', [11, 14], 'sum'),
  running('CumProd', [26], 'prod'),
];
