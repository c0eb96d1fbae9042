/** The loss of texts under a model with an adapter, and its gradient by the adapter, as one program. */
import { mean } from '../../compose/reduce.js';
import { sparseCrossEntropy } from '../../compose/cross-entropy.js';
import { GraphBuilder, type GraphValue } from '../../ir/builder.js';
import type { Graph, ValueId } from '../../ir/graph.js';
import { vjp } from '../../passes/differentiate/vjp.js';
import type { Hyperparameters } from '../model/hyper.js';
import { cacheShape, cachesOf } from '../model/cache.js';
import { emitStep } from '../model/transformer.js';
import { WeightParams, type WeightSpec } from '../model/weights.js';
import { emitChange, type Adapter } from './adapter.js';

/** Texts of a step, and tokens of each that are predicted. */
export interface TextShape {
  readonly batch: number;
  readonly tokens: number;
}

/**
 * Params, in this order: tokens and labels, i32 [batch, tokens]; the planes of the weights; down and up of each matrix of the adapter; f32[]
 * by which gradients are multiplied. Outputs: the mean of -log(probability of the label), f32[]; the gradients of down and up.
 */
export function lossGraph(
  hyper: Hyperparameters,
  specs: readonly WeightSpec[],
  { rank, alpha, factors }: Adapter,
  { batch, tokens }: TextShape,
): Graph {
  const b = new GraphBuilder('loss');
  const own = b.param('tokens', 'i32', [batch, tokens]);
  const labels = b.param('labels', 'i32', [batch, tokens]);
  const changes = new Map<string, GraphValue>();
  const scale = Math.fround(alpha / rank);
  // The weights are declared before the adapter: what is added is known when a weight is asked for.
  const weights = new WeightParams(b, specs, changes);
  const wrt: ValueId[] = [];
  const param = (name: string, shape: readonly number[]): GraphValue => {
    const value = b.param(name, 'f32', shape);
    wrt.push(value.id);
    return value;
  };
  for (const [name, { down, up }] of factors) {
    const a = param(`${name}.down`, [rank, down.length / rank]);
    changes.set(name, emitChange(b, a, param(`${name}.up`, [up.length / rank, rank]), scale) as GraphValue);
  }
  const { layers, vocabulary } = hyper;
  const { logits } = emitStep(
    b,
    hyper,
    { batch, tokens, capacity: tokens, all: true },
    {
      tokens: own,
      starts: b.constant('i32', [batch], 0),
      last: undefined,
      caches: new Map(cachesOf(layers, batch).map(({ name, kind }) => [name, b.constant('f32', cacheShape(kind, hyper, tokens), 0)])), // prettier-ignore
      weights,
    },
  );
  const rows = b.reshape(logits, [batch, tokens, vocabulary]);
  b.output('loss', mean(b, sparseCrossEntropy(b, rows, labels), { axes: [0, 1], keepDims: false }));
  return vjp(b.build(), wrt).graph;
}
