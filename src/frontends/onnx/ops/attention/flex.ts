/** FlexAttention of ai.onnx.preview: onnx.ai/onnx/operators/onnx_aionnxpreview_FlexAttention.html */
import { attentionScores, attentionValues } from '../../../../compose/attention.js';
import { withScalar } from '../../../../compose/broadcast.js';
import { softmax } from '../../../../compose/softmax.js';
import { isFloat } from '../../../../base/dtype.js';
import type { Value } from '../../../../ir/emitter.js';
import { printShape } from '../../../../ir/types.js';
import type { NodeContext } from '../../context.js';
import { dtypeOfCode, irDType, type OnnxDType } from '../../dtype.js';
import { inputsOf } from '../../subgraphs.js';
import { graphValue } from '../../value.js';
import { demand } from '../checks.js';
import { checkDeclared, counted, printValue, sameType } from '../control/body.js';
import { checkHeads } from './heads.js';

/** softmax(score_mod(q k' * scale)), of which prob_mod makes the weights of the values. Graphs see the tensor as a whole. */
export function flexAttention(ctx: NodeContext): Value {
  const { b, attr } = ctx;
  const operands = [0, 1, 2].map((i) => ctx.value(i));
  demand(
    ctx,
    operands.every(({ type }) => type.shape.length === 4),
    'three operands [B, heads, T, D]',
    operands.map(({ type }) => printShape(type.shape)).join(', '),
  );
  for (const { type } of operands) ctx.extents(type.shape);
  const [q, k, v] = operands;
  checkHeads(ctx, q, k, v);
  const precision = precisionOf(ctx);
  const scale = attr.float('scale') ?? 1 / Math.sqrt(Number(q.type.shape[3]));
  const wide = (x: Value): Value => b.cast(x, irDType(precision));
  const scores = withScalar(b, 'mul', attentionScores(b, wide(q), wide(k)), scale);
  const probabilities = softmax(b, modified(ctx, 'score_mod', scores, precision), 3);
  const weights = modified(ctx, 'prob_mod', probabilities, precision);
  return b.cast(attentionValues(b, weights, wide(v)), q.type.dtype);
}

/** The type in which scores and weights are computed. */
function precisionOf(ctx: NodeContext): OnnxDType {
  const code = ctx.attr.int('softmax_precision');
  if (code === undefined) return ctx.input(0).dtype === 'double' ? 'double' : 'float';
  const dtype = dtypeOfCode(code, 'attribute softmax_precision');
  demand(ctx, isFloat(irDType(dtype)), 'softmax_precision is a type of floats', dtype);
  return dtype;
}

/** What the graph of an attribute makes of a tensor; the tensor where there is no graph. */
function modified(ctx: NodeContext, name: string, x: Value, dtype: OnnxDType): Value {
  if (!ctx.attr.has(name)) return x;
  const graph = ctx.graph(name);
  const given = graphValue(name, dtype, x);
  counted(ctx, 'inputs', inputsOf(graph).length, 1, 'the tensor that is modified');
  counted(ctx, 'outputs', graph.output.length, 1, 'the tensor as it is modified');
  checkDeclared(ctx, graph, [given]);
  const [result] = ctx.importGraph(name, [given]);
  demand(
    ctx,
    sameType(result, given),
    `a result of ${name} of type ${printValue(given)}`,
    printValue(result),
  );
  return result.value;
}
