/** Expressions as programs: the tensors that they use become weights. */
import type { GraphBuilder, GraphValue } from '../../ir/builder.js';
import type { Graph, Program } from '../../ir/graph.js';
import { inspectedProgram } from '../../ir/summary.js';
import { Tensor } from '../tensors/tensor.js';
import { readAll } from '../trees/trees.js';
import type { Expr } from './expr.js';

/** The weights of one program, while its graph is made. */
export class CapturedWeights {
  private readonly tensors = new Map<string, Tensor>();

  get count(): number {
    return this.tensors.size;
  }

  /** The node of `expr` as the weight `id`. */
  node(b: GraphBuilder, id: string, expr: Expr): GraphValue {
    this.tensors.set(id, new Tensor(expr));
    return b.weight(id, expr.type.dtype, expr.type.shape);
  }

  /** The program of `graph`, with the weights' data. Rejects as `Tensor.data` does. */
  async program(graph: Graph): Promise<Program> {
    const data = await readAll([...this.tensors.values()]);
    const weights = new Map([...this.tensors.keys()].map((id, i) => [id, data[i]]));
    return inspectedProgram({ graph, weights });
  }
}
