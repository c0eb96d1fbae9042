/** The weights of a program while it is rewritten: those it came with, and those that folding makes. */
import { tensorBytes, type TensorData } from '../../base/tensor.js';
import type { Graph, Weights } from '../../ir/graph.js';
import { contentId } from '../content-id.js';

export class WeightStore {
  private readonly added = new Map<string, TensorData>();
  /** Work that folding may still do, in elements; it keeps compilation quick whatever the model. */
  budget: number;

  constructor(
    private readonly given: Weights,
    budget: number,
  ) {
    this.budget = budget;
  }

  get(id: string): TensorData | undefined {
    return this.added.get(id) ?? this.given.get(id);
  }

  /** The id of a weight that holds `tensor`: a function of its content. */
  intern(tensor: TensorData): string {
    let id = contentId(tensor);
    for (;;) {
      const known = this.get(id);
      if (known === undefined) break;
      if (sameBytes(known, tensor)) return id;
      id += '+';
    }
    this.added.set(id, tensor);
    return id;
  }

  /** The weights that `graph` names. */
  usedBy(graph: Graph): Weights {
    const used = new Map<string, TensorData>();
    for (const node of graph.nodes) {
      if (node.op !== 'weight') continue;
      const tensor = this.get(node.attrs.id);
      if (tensor !== undefined) used.set(node.attrs.id, tensor);
    }
    return used;
  }
}

function sameBytes(a: TensorData, b: TensorData): boolean {
  const [x, y] = [tensorBytes(a), tensorBytes(b)];
  return a.dtype === b.dtype && x.length === y.length && x.every((byte, i) => byte === y[i]);
}
