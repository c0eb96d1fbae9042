/**
 * Builds graphs node by node: infers every type, shares equal nodes (so two spellings of one computation are one
 * value) and never holds an ill-typed graph.
 */
import { checkArguments } from '../base/arguments.js';
import { describeValue } from '../base/describe.js';
import { HeddleError } from '../base/errors.js';
import { func, list, required, text } from '../base/kinds.js';
import type { DType } from '../base/dtype.js';
import { checkAttrs } from './attrs.js';
import { Emitter, type Value } from './emitter.js';
import type { Graph, GraphOutput, Node, ValueId } from './graph.js';
import { inferType } from './infer.js';
import { HashTable, NodeHasher, nodesEqual } from './key.js';
import type { Op, OpAttrs } from './ops.js';
import { inspectedGraph } from './summary.js';
import { printType, typesEqual, type Shape, type TensorType } from './types.js';

/** A value of a graph under construction. */
export interface GraphValue extends Value {
  readonly id: ValueId;
}

export class GraphBuilder extends Emitter<GraphValue> {
  private readonly nodes: Node[] = [];
  /** What the nodes make, in their order. */
  private readonly values: GraphValue[] = [];
  private readonly hasher = new NodeHasher();
  /** The first `keyed` of the nodes. */
  private readonly ids = new HashTable<Node, ValueId>((node) => this.hasher.hash(node), nodesEqual);
  private keyed = 0;
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
    if (!list.accepts(inputs))
      throw new HeddleError('USAGE', 'the operands of an op are a list', { found: describeValue(inputs) });
    checkAttrs(op, attrs);
    const operands = inputs.map((value) => this.own(value, op));
    const type = inferType(
      op,
      operands.map((operand) => operand.type),
      attrs,
    );
    const own = name === undefined ? {} : { name };
    return this.add({ op, inputs: operands.map(({ id }) => id), attrs, type, ...own } as unknown as Node);
  }

  /** Adds a node that is known to be well typed, or finds the equal one that is there already. */
  protected add(node: Node): GraphValue {
    for (; this.keyed < this.nodes.length; this.keyed++) this.ids.intern(this.nodes[this.keyed], this.keyed);
    const id = this.ids.intern(node, this.keyed);
    if (id < this.keyed) return this.values[id];
    this.keyed++;
    return this.append(node);
  }

  /** Adds a node that is known to be well typed and to equal none that is there. */
  protected append(node: Node): GraphValue {
    const value = { id: this.nodes.push(node) - 1, type: node.type };
    this.values.push(value);
    return value;
  }

  /**
   * Gives the loop behind a value more stacked outputs, which stand behind those that it has: the parts of its value keep
   * their places.
   */
  extendLoop(value: Value, attrs: OpAttrs['loop']): void {
    const { id } = this.own(value, 'loop');
    const { inputs } = this.nodes[id];
    const type = inferType('loop', inputs.map((input) => this.nodes[input].type), attrs); // prettier-ignore
    const node = { ...this.nodes[id], attrs, type } as unknown as Node;
    this.nodes[id] = node;
    this.values[id] = { id, type };
    this.ids.intern(node, id);
  }

  /** Runs `body` with `name` as the origin of the nodes it emits, for messages and inspection. */
  within<T>(name: string | undefined, body: () => T): T {
    checkArguments('within', { name, body }, { name: text, body: required(func) });
    return this.inScope(name, body);
  }

  protected inScope<T>(name: string | undefined, body: () => T): T {
    const outer = this.scope;
    this.scope = name ?? outer;
    try {
      return body();
    } finally {
      this.scope = outer;
    }
  }

  /** How many nodes there are. */
  protected get size(): number {
    return this.nodes.length;
  }

  /** The value that the node at position `id` makes. */
  value(id: ValueId): GraphValue {
    const value = typeof id === 'number' ? (this.values[id] as GraphValue | undefined) : undefined;
    if (value === undefined)
      throw new HeddleError('IR_INVALID', 'the graph has no such value', { found: describeValue(id) });
    return value;
  }

  /** Node number `id`, which must be one. */
  protected at(id: ValueId): Node {
    return this.nodes[id];
  }

  /** The node behind a value. */
  node(value: Value): Node {
    return this.nodes[this.own(value, 'node').id];
  }

  param(name: string, dtype: DType, shape: Shape): GraphValue {
    checkAttrs('param', { name, dtype, shape });
    if (this.paramNames.has(name))
      throw new HeddleError('IR_INVALID', 'two params of one name', { found: name });
    this.paramNames.add(name);
    return this.emit('param', [], { name, dtype, shape: [...shape] });
  }

  weight(id: string, dtype: DType, shape: Shape): GraphValue {
    checkAttrs('weight', { id, dtype, shape });
    return this.emit('weight', [], { id, dtype, shape: [...shape] });
  }

  output(name: string, value: Value): void {
    checkArguments('output', { name }, { name: required(text) });
    if (this.outputs.has(name))
      throw new HeddleError('IR_INVALID', 'two outputs of one name', { found: name });
    const { id, type } = this.own(value, 'output');
    if (type.parts !== undefined)
      throw new HeddleError('IR_INVALID', 'an output is a tensor', { where: name, found: printType(type) });
    this.outputs.set(name, id);
  }

  /** The finished graph. The builder can go on; graphs are snapshots. */
  build(): Graph {
    const outputs = Array.from(this.outputs, ([name, value]): GraphOutput => ({ name, value }));
    return inspectedGraph({ name: this.name, nodes: [...this.nodes], outputs });
  }

  private own(value: Value, user: string): GraphValue {
    const { id, type } = (value as Partial<GraphValue> | null | undefined) ?? {};
    const known = typeof id === 'number' ? (this.nodes[id] as Node | undefined) : undefined;
    // A value of another graph may have the number of one of this.
    if (known !== undefined && (type === known.type || (isType(type) && typesEqual(known.type, type))))
      return value as GraphValue;
    throw new HeddleError('IR_INVALID', 'an operand does not belong to this graph', {
      where: describeValue(user),
      found: describeValue(value),
    });
  }
}

/** Whether a value that anybody made has a type. */
const isType = (type: unknown): type is TensorType =>
  typeof type === 'object' && type !== null && Array.isArray((type as Partial<TensorType>).shape);
