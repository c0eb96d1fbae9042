/**
 * Builds graphs node by node: infers every type, shares equal nodes (so two spellings of one computation are one
 * value) and never holds an ill-typed graph.
 */
import { HeddleError } from '../base/errors.js';
import type { DType } from '../base/dtype.js';
import type { Graph, GraphOutput, Node, ValueId } from './graph.js';
import { inferType } from './infer.js';
import { nodeKey } from './key.js';
import type { BinaryOp, CompareOp, Op, OpAttrs, Reducer, UnaryOp } from './ops.js';
import type { Shape, TensorType } from './types.js';

/** A value under construction. It belongs to the builder that made it. */
export interface Value {
  readonly id: ValueId;
  readonly type: TensorType;
}

const NO_ATTRS = {} as const;

export class GraphBuilder {
  private readonly nodes: Node[] = [];
  private readonly ids = new Map<string, ValueId>();
  private readonly paramNames = new Set<string>();
  private readonly outputs: GraphOutput[] = [];
  private scope: string | undefined;

  constructor(readonly name: string) {}

  /** Adds a node, or finds the equal one that is there already. Throws as {@link inferType} does. */
  emit<K extends Op>(op: K, inputs: readonly Value[], attrs: OpAttrs[K], name = this.scope): Value {
    const types = inputs.map((value) => this.own(value, op).type);
    const type = inferType(op, types, attrs);
    const node = {
      op,
      inputs: inputs.map((value) => value.id),
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
  value(id: ValueId): Value {
    return { id, type: this.nodes[id].type };
  }

  /** The node behind a value. */
  node(value: Value): Node {
    return this.nodes[value.id];
  }

  param(name: string, dtype: DType, shape: Shape): Value {
    if (this.paramNames.has(name))
      throw new HeddleError('IR_INVALID', 'two params of one name', { found: name });
    this.paramNames.add(name);
    return this.emit('param', [], { name, dtype, shape });
  }

  weight(id: string, dtype: DType, shape: Shape): Value {
    return this.emit('weight', [], { id, dtype, shape });
  }

  /** A constant of `shape` filled with `value`, or holding `value` as its row-major elements. */
  constant(dtype: DType, shape: Shape, value: number | readonly number[]): Value {
    return this.emit('constant', [], { dtype, shape, values: typeof value === 'number' ? [value] : value });
  }

  /** A constant of the dtype and shape of `like`. */
  full(like: Value, value: number): Value {
    return this.constant(like.type.dtype, like.type.shape, value);
  }

  unary(op: UnaryOp, x: Value): Value {
    return this.emit(op, [x], NO_ATTRS);
  }

  binary(op: BinaryOp | CompareOp, a: Value, b: Value): Value {
    return this.emit(op, [a, b], NO_ATTRS);
  }

  select(condition: Value, whenTrue: Value, whenFalse: Value): Value {
    return this.emit('select', [condition, whenTrue, whenFalse], NO_ATTRS);
  }

  cast(x: Value, dtype: DType): Value {
    return x.type.dtype === dtype ? x : this.emit('cast', [x], { dtype });
  }

  reshape(x: Value, shape: Shape): Value {
    return this.emit('reshape', [x], { shape });
  }

  permute(x: Value, permutation: readonly number[]): Value {
    return this.emit('permute', [x], { permutation });
  }

  broadcast(x: Value, shape: Shape): Value {
    return this.emit('broadcast', [x], { shape });
  }

  reduce(kind: Reducer, x: Value, axes: readonly number[]): Value {
    return this.emit('reduce', [x], { kind, axes: [...axes].sort((a, b) => a - b) });
  }

  output(name: string, value: Value): void {
    if (this.outputs.some((output) => output.name === name))
      throw new HeddleError('IR_INVALID', 'two outputs of one name', { found: name });
    this.outputs.push({ name, value: this.own(value, 'output').id });
  }

  /** The finished graph. The builder can go on; graphs are snapshots. */
  build(): Graph {
    return { name: this.name, nodes: [...this.nodes], outputs: [...this.outputs] };
  }

  private own(value: Value, user: string): Value {
    if (this.nodes[value.id]?.type !== undefined && value.id < this.nodes.length) return value;
    throw new HeddleError('IR_INVALID', `${user}: an operand does not belong to this graph`);
  }
}
