/** Networks as programs: what the command line runs, compiles and inspects. */
import { checkArguments, instanceOf } from '../../base/arguments.js';
import { integer, required, text } from '../../base/kinds.js';
import type { DType } from '../../base/dtype.js';
import type { Program } from '../../ir/graph.js';
import { tensorType } from '../../ir/types.js';
import { flattenTensors } from '../../tensor/expressions/call.js';
import { Expr, Trace } from '../../tensor/expressions/expr.js';
import { lower } from '../../tensor/expressions/lower.js';
import { CapturedWeights } from '../../tensor/expressions/program.js';
import { Tensor } from '../../tensor/tensors/tensor.js';
import { Chain } from './chain.js';
import { CheckedEmbedding } from './layers/embedding.js';

export const networkKind = instanceOf('a network, such as fromConfig(config)', Chain);

/** What a network takes: numbers of rows where it begins with an embedding, else f32. */
export function inputDType(network: Chain): DType {
  checkArguments('inputDType', { network }, { network: networkKind });
  const first = network.layers[network.names[0]] as unknown;
  if (first instanceof CheckedEmbedding) return 'i32';
  return first instanceof Chain ? inputDType(first) : 'f32';
}

/**
 * The program of a network for `batch` examples at a time: input `input` [batch, ...], output `output`, and the parameters
 * as weights by their names. Rejects as `Tensor.data` does.
 */
export async function networkProgram(network: Chain, batch = 1, name = 'network'): Promise<Program> {
  checkArguments('networkProgram', { network, batch, name }, { network: networkKind, batch: required(integer), name: required(text) }); // prettier-ignore
  const { leaves, paths } = flattenTensors(network);
  const ids = new Map(leaves.map(({ expr }, i) => [expr, paths[i]]));
  const type = tensorType(inputDType(network), [batch, ...network.input]);
  const input = new Expr(type, { kind: 'input', trace: new Trace(name), index: 0 });
  const output = network.call(new Tensor(input)).expr;
  const weights = new CapturedWeights();
  const { graph } = lower({
    name,
    params: [input],
    outputs: [output],
    names: { params: ['input'], outputs: ['output'] },
    capture: ({ origin }) => origin.kind !== 'op',
    // What is not a parameter is a key of random numbers.
    literal: (b, expr) => weights.node(b, ids.get(expr) ?? `constant.${weights.count}`, expr),
  });
  return weights.program(graph);
}
