/**
 * Builds graphs node by node: infers every type, shares equal nodes (so two spellings of one computation are one
 * value) and never holds an ill-typed graph.
 */
import { HeddleError } from '../base/errors.js';
import type { DType } from '../base/dtype.js';
import { Emitter, type Value } from './emitter.js';
import type { Graph, GraphOutput, Node, ValueId } from './graph.js';
import { inferType } from './infer.js';
import { nodeKey } from './key.js';
import type { Op, OpAttrs } from './ops.js';
import type { Shape } from './types.js';

/** A value of a graph under construction. */
export interface GraphValue extends Value {
  readonly id: ValueId;
}

export class GraphBuilder extends Emitter<GraphValue> {
  private readonly nodes: Node[] = [];
  private readonly ids = new Map<string, ValueId>();
  private readonly paramNames = new Set<string>();
  private readonly outputs = new Map<string, ValueId>();
  private scope: string | undefined;

  constructor(readonly name: string) {
    super();
  }

  /** Adds a node, or finds the equal one that is there already. Throws as {@link inferType} does. */
  override emit<K extends Op>(
    op: K,
    inputs: readonly Value[],
    attrs: OpAttrs[K],
    name = this.scope,
  ): GraphValue {
    const operands = inputs.map((value) => this.own(value, op));
    const types = operands.map(({ type }) => type);
    const type = inferType(op, types, attrs);
    const node = {
      op,
      inputs: operands.map(({ id }) => id),
      attrs,
      type,
      ...(name === undefined ? {} : { name }),
    } as unknown as Node;
    const key = nodeKey(node);
    const known = this.ids.get(key);
    if (known !== undefined) return { id: known, type };
    const id = this.nodes.push(node) - 1;
    this.ids.set(key, id);
    return { id, type };
  }

  /** Runs `body` with `name` as the origin of the nodes it emits, for messages and inspection. */
  within<T>(name: string | undefined, body: () => T): T {
    const outer = this.scope;
    this.scope = name ?? outer;
    try {
      return body();
    } finally {
      this.scope = outer;
    }
  }

  /** The value that the node at position `id` makes. */
  value(id: ValueId): GraphValue {
    return { id, type: this.nodes[id].type };
  }

  /** The node behind a value. */
  node(value: Value): Node {
    return this.nodes[this.own(value, 'node').id];
  }

  param(name: string, dtype: DType, shape: Shape): GraphValue {
    if (this.paramNames.has(name))
      throw new HeddleError('IR_INVALID', 'two params of one name', { found: name });
    this.paramNames.add(name);
    return this.emit('param', [], { name, dtype, shape });
  }

  weight(id: string, dtype: DType, shape: Shape): GraphValue {
    return this.emit('weight', [], { id, dtype, shape });
  }

  output(name: string, value: Value): void {
    if (this.outputs.has(name))
      throw new HeddleError('IR_INVALID', 'two outputs of one name', { found: name });
    this.outputs.set(name, this.own(value, 'output').id);
  }

  /** The finished graph. The builder can go on; graphs are snapshots. */
  build(): Graph {
    const outputs = Array.from(this.outputs, ([name, value]): GraphOutput => ({ name, value }));
    return { name: this.name, nodes: [...this.nodes], outputs };
  }

  private own(value: Value, user: string): GraphValue {
    if (this.isOwn(value)) return value;
    throw new HeddleError('IR_INVALID', `${user}: an operand does not belong to this graph`);
  }

  private isOwn(value: Value): value is GraphValue {
    const { id } = value as Partial<GraphValue>;
    return id !== undefined && id in this.nodes;
  }
}
