/** Operators of com.microsoft that ai.onnx has as well, or that are a line of others. */
import { gelu, geluTanh } from '../../../../compose/activation.js';
import { normalizeAxis } from '../../../../compose/axes.js';
import { binaryBroadcast } from '../../../../compose/broadcast.js';
import { matmul } from '../../../../compose/matmul.js';
import { sliceAxis, unsqueeze } from '../../../../compose/movement.js';
import { sum } from '../../../../compose/reduce.js';
import type { Value } from '../../../../ir/emitter.js';
import { printShape } from '../../../../ir/types.js';
import { typed, type NodeContext } from '../../context.js';
import type { OpEntry, OpTable, Result } from '../../registry.js';
import { causalConv } from '../attention/conv.js';
import { rowsAt } from '../attention/rotary.js';
import { checkInput, demand } from '../checks.js';
import { rangeOf } from '../constant.js';
import { gatherNd } from '../indexing.js';
import { triluOf } from '../mask.js';
import { padOf } from '../padding.js';
import { gridSampleOf } from '../sampling.js';
import { uniqueOf } from '../sizes.js';

const last = ({ type }: Value): number => type.shape.length - 1;

function biasAdd(ctx: NodeContext): Value {
  const { shape } = ctx.value(0).type;
  demand(ctx, shape.length === 3, '[N, S, C]', printShape(shape));
  checkInput(ctx, 1, 'one for each channel', [shape[2]]);
  checkInput(ctx, 2, 'as the operand', shape);
  return ctx.b.binary('add', binaryBroadcast(ctx.b, 'add', ctx.value(0), ctx.value(1)), ctx.value(2));
}

/** The left half of the features times Gelu of the right one. */
function biasSplitGelu(ctx: NodeContext): Value {
  const { b } = ctx;
  const x = ctx.value(0);
  checkInput(ctx, 1, 'one for each feature', [x.type.shape[last(x)]]);
  const [features] = ctx.extents(x.type.shape.slice(last(x))) as [number];
  demand(ctx, features % 2 === 0, 'an even number of features', `${features}`);
  const whole = binaryBroadcast(b, 'add', x, ctx.value(1));
  const half = (from: number): Value => sliceAxis(b, whole, last(x), from, features / 2);
  return b.binary('mul', half(0), gelu(b, half(features / 2)));
}

/** data + bias + residual, of which nothing is dropped. */
function biasDropout(ctx: NodeContext): readonly Result[] {
  const { b } = ctx;
  const training = ctx.inputs[4] !== undefined && ctx.knownInts(4)[0] !== 0;
  if (training)
    ctx.fail('ONNX_UNSUPPORTED_FEATURE', 'the operator is not supported in training', { found: 'training_mode' }); // prettier-ignore
  const whole = binaryBroadcast(b, 'add', ctx.value(0), ctx.value(1));
  const residual = ctx.optional(2);
  return [
    residual === undefined ? whole : b.binary('add', whole, residual),
    b.constant('bool', whole.type.shape, 1),
  ];
}

/** Distances of the rows of A from those of B. */
function cdist(ctx: NodeContext): Value {
  const { b } = ctx;
  const metric = ctx.attr.choice('metric', ['sqeuclidean', 'euclidean'], 'sqeuclidean');
  for (const i of [0, 1]) demand(ctx, ctx.rank(i) === 2, 'matrices', printShape(ctx.input(i).shape));
  checkInput(ctx, 1, 'rows as long as those of A', [undefined, ctx.input(0).shape[1]]);
  const apart = binaryBroadcast(b, 'sub', unsqueeze(b, ctx.value(0), [1]), unsqueeze(b, ctx.value(1), [0]));
  const squares = sum(b, b.binary('mul', apart, apart), { axes: [2], keepDims: false });
  return metric === 'euclidean' ? b.unary('sqrt', squares) : squares;
}

function expandDims(ctx: NodeContext): Value {
  const [axis = 0, ...more] = ctx.knownInts(1);
  demand(ctx, more.length === 0, 'one axis', `${more.length + 1}`);
  return unsqueeze(ctx.b, ctx.value(0), [normalizeAxis(axis, ctx.rank(0) + 1)]);
}

/** In ONNX it has neither a dilation, nor other layouts, nor a window of states. */
function plainCausalConv(ctx: NodeContext): readonly Result[] {
  const { attr } = ctx;
  const options = [attr.int('ndim', 1), attr.int('dilation', 1), attr.int('channels_last', 0), attr.int('state_window', 0)]; // prettier-ignore
  if (options.join() !== '1,1,0,0')
    ctx.fail('ONNX_UNSUPPORTED_FEATURE', 'this form of the convolution is not supported', {
      found: `ndim, dilation, channels_last, state_window: ${options.join(', ')}`,
      expected: '1, 1, 0, 0',
    });
  return causalConv(ctx);
}

const row = (op: string, emit: OpEntry['emit']): OpEntry => ({ op, domain: 'com.microsoft', since: [1], emit }); // prettier-ignore

/** The opsets of ai.onnx whose definitions these have. */
const [PAD, GRID_SAMPLE] = [11, 16];

export const standard: OpTable = [
  row('BiasAdd', biasAdd),
  row('BiasSplitGelu', biasSplitGelu),
  row('BiasDropout', biasDropout),
  row('CausalConvWithState', plainCausalConv),
  row('CDist', cdist),
  row('ExpandDims', expandDims),
  row('GatherND', gatherNd),
  row('GemmFastGelu', (ctx) => {
    const product = matmul(ctx.b, ctx.value(0), ctx.value(1));
    const bias = ctx.optional(2);
    return geluTanh(ctx.b, bias === undefined ? product : binaryBroadcast(ctx.b, 'add', product, bias));
  }),
  row('GridSample', (ctx) => gridSampleOf(ctx, GRID_SAMPLE)),
  row('MatMulInteger16', (ctx) => typed(matmul(ctx.b, ctx.value(0), ctx.value(1)), 'int32')),
  row('Pad', (ctx) => padOf(ctx, PAD)),
  row('Range', rangeOf),
  row('TorchEmbedding', (ctx) => rowsAt(ctx.b, ctx.value(0), ctx.value(1))),
  row('Trilu', triluOf),
  row('Unique', (ctx) => {
    demand(ctx, ctx.rank(0) === 1, 'one axis', printShape(ctx.input(0).shape));
    const [elements, , inverse, counts] = uniqueOf(ctx, false);
    return [elements, inverse, counts];
  }),
];
