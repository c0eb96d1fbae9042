/** Mixtures of experts (Mixtral, Qwen): each token goes through the networks that a router likes best, and in some models through one more. */
import { broadcastTo, withScalar } from '../../compose/broadcast.js';
import { softmax } from '../../compose/softmax.js';
import type { Emitter, Value } from '../../ir/emitter.js';
import type { Experts } from './hyper.js';
import { matmulRows } from './rows.js';
import type { WeightParams } from './weights.js';

/**
 * x [n, width] -> [n, width]: the sum of what the experts give, times the weights of the router, in the order of the experts. Those that
 * a token does not use have the weight 0. All are computed, for all tokens: the router is a function of values, and a step's
 * kernels are not.
 */
export function mixture(
  b: Emitter,
  w: WeightParams,
  x: Value,
  layer: number,
  experts: Experts,
  activated: (gate: Value) => Value,
): Value {
  const at = (name: string): string => `blk.${layer}.${name}.weight`;
  const shares = routed(b, matmulRows(b, x, w.matrix(at('ffn_gate_inp'))), experts);
  const network = (y: { readonly gate: Value; readonly up: Value; readonly down: Value }): Value =>
    matmulRows(b, b.binary('mul', activated(matmulRows(b, x, y.gate)), matmulRows(b, x, y.up)), y.down);
  const [count, width] = x.type.shape as readonly number[];
  let sum: Value | undefined;
  for (let i = 0; i < experts.count; i++) {
    const expert = (name: string): Value => w.part(at(name), i, experts.count);
    const [gate, up, down] = ['ffn_gate_exps', 'ffn_up_exps', 'ffn_down_exps'].map(expert);
    const result = network({ gate, up, down });
    const share = b.emit('slice', [shares], { starts: [0, i], sizes: [count, 1], strides: [1, 1] });
    const term = b.binary('mul', result, broadcastTo(b, share, [count, width]));
    sum = sum === undefined ? term : b.binary('add', sum, term);
  }
  const routedSum = sum ?? b.full(x, 0);
  if (!w.has(at('ffn_gate_inp_shexp'))) return routedSum;
  const [gate, up, down] = ['ffn_gate_shexp', 'ffn_up_shexp', 'ffn_down_shexp'].map((name) => w.matrix(at(name))); // prettier-ignore
  const share = b.unary('sigmoid', matmulRows(b, x, w.matrix(at('ffn_gate_inp_shexp'))));
  return b.binary('add', routedSum, b.binary('mul', network({ gate, up, down }), broadcastTo(b, share, [count, width]))); // prettier-ignore
}

/** Logits [n, experts] as the weights of those that are used; 0 for the others. Ties go to the expert that is first. */
function routed(b: Emitter, logits: Value, { count, used, normalized }: Experts): Value {
  const probabilities = softmax(b, logits, 1);
  const order = b.emit('argsort', [probabilities], { axis: 1, descending: true });
  const rank = b.emit('argsort', [order], { axis: 1, descending: false });
  const chosen = b.select(withScalar(b, 'lt', rank, used), probabilities, b.full(probabilities, 0));
  if (!normalized) return chosen;
  const total = b.reshape(b.reduce('sum', chosen, [1]), [Number(chosen.type.shape[0]), 1]);
  return b.binary('div', chosen, b.broadcast(total, [Number(chosen.type.shape[0]), count]));
}
