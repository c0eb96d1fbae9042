import { HeddleError } from '../base/errors.js';
import type { TensorSpec } from '../base/check-tensors.js';
import type { TensorData } from '../base/tensor.js';
import type { DType } from '../base/dtype.js';
import type { DimBindings } from './dim.js';
import { isCanonical, type CanonicalOp, type Op, type OpAttrs } from './ops.js';
import { staticShape, type Shape, type TensorType } from './types.js';

/** A value is named by the position of its node in {@link Graph.nodes}. */
export type ValueId = number;

interface NodeOf<K extends Op> {
  readonly op: K;
  readonly inputs: readonly ValueId[];
  readonly attrs: OpAttrs[K];
  readonly type: TensorType;
  /** Where the value comes from in the user's program, for messages. Not part of its identity. */
  readonly name?: string;
}

/** One operation with one result; a union discriminated by `op`. */
export type Node<K extends Op = Op> = { [P in K]: NodeOf<P> }[K];

/** `node` with `inputs` as its operands; the same object where these are its own. */
export function withInputs(node: Node, inputs: readonly ValueId[]): Node {
  const own = node.inputs;
  if (sameIds(own, inputs)) return node;
  // Spelled out: copies of nodes are most of what passes make, and nodes of few shapes are quick to read.
  const { op, attrs, type, name } = node;
  return (name === undefined ? { op, inputs, attrs, type } : { op, inputs, attrs, type, name }) as Node;
}

const sameIds = (a: readonly ValueId[], b: readonly ValueId[]): boolean => {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
};

/** `node` where each of its operands has moved, `moved[id]` being the new id of `id`; the same object where none has. */
export function withMovedInputs(node: Node, moved: readonly ValueId[]): Node {
  for (const input of node.inputs)
    if (moved[input] !== input) return withInputs(node, node.inputs.map((id) => moved[id])); // prettier-ignore
  return node;
}

/** For passes that run before the legal stage: the op, or IR_INVALID where only that stage makes it. */
export function canonicalOp<K extends Op>(op: K): K & CanonicalOp {
  if (isCanonical(op)) return op;
  throw new HeddleError('IR_INVALID', `${op} in a graph that is not in its canonical form`, {
    found: 'a graph that `optimize` has made',
    expected: 'the graph before that',
  });
}

export interface GraphOutput {
  readonly name: string;
  readonly value: ValueId;
}

/** How people know the values of a graph: by the names in its file. No pass looks at it; one that renumbers nodes drops it. */
export interface ValueNames {
  /** Values by name. A value may have several names; the first is its own. */
  readonly values: ReadonlyMap<string, ValueId>;
  /** Names of values that the frontend computed itself, so that no node is left of them. */
  readonly folded: ReadonlySet<string>;
  /** Names of values that the graph may share with another value of the file, which is equal. */
  readonly merged: ReadonlySet<string>;
  /** Ids that stay with the values while a graph is edited, by position. Without it, ids are positions. */
  readonly ids?: readonly number[];
}

/**
 * A pure data-flow graph: an immutable value. Nodes stand in topological order, every input before its use; a node's
 * position is the id of its result.
 */
export interface Graph {
  readonly name: string;
  readonly nodes: readonly Node[];
  readonly outputs: readonly GraphOutput[];
  /** Only where a file has named the values. */
  readonly names?: ValueNames;
}

/** Weights by id. They live beside the graph; no pass copies them. */
export type Weights = ReadonlyMap<string, TensorData>;

/** A graph with the weights that it names. */
export interface Program {
  readonly graph: Graph;
  readonly weights: Weights;
  /** Where shapes have symbols, and the frontend knows more of them than the graph: how they get their values. */
  readonly free?: FreeDims;
}

/** An input as it is before dimensions have values: its shape may have symbols. */
export interface SymbolicSpec {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
}

/** Sizes that a dimension may have: both ends belong to it, and between them every `step`-th from `min` on. */
export interface DimRange {
  readonly min: number;
  readonly max: number;
  /** Default: 1. */
  readonly step?: number;
}

/** The free dimensions of a program, and how the program of given sizes comes about. */
export interface FreeDims {
  /** Their symbols. */
  readonly symbols: readonly string[];
  readonly inputs: readonly SymbolicSpec[];
  /** By symbol, of those that have one. */
  readonly ranges: Readonly<Record<string, DimRange>>;
  /** The program of these sizes, one for each symbol: all its shapes are numbers. Throws where its rules refuse them. */
  bind(sizes: DimBindings): Program;
}

/** The params in order of appearance, with their ids. */
export function paramsOf(graph: Graph): { readonly id: ValueId; readonly node: Node<'param'> }[] {
  const params: { readonly id: ValueId; readonly node: Node<'param'> }[] = [];
  graph.nodes.forEach((node, id) => {
    if (node.op === 'param') params.push({ id, node });
  });
  return params;
}

/** What a run of the graph has to be given: its params, used or not. Throws DIM_UNBOUND where a shape is symbolic. */
export const inputSpecs = (graph: Graph): TensorSpec[] =>
  paramsOf(graph).map(({ node: { attrs, type } }) => ({
    name: attrs.name,
    dtype: type.dtype,
    shape: staticShape(type.shape),
  }));

/** For each value, how often live nodes and outputs use it; 0 means that nothing needs it. */
export function liveUses(graph: Graph): number[] {
  const uses = graph.nodes.map(() => 0);
  for (const output of graph.outputs) uses[output.value]++;
  for (let id = graph.nodes.length - 1; id >= 0; id--)
    if (uses[id] > 0) for (const input of graph.nodes[id].inputs) uses[input]++;
  return uses;
}

/** For each value, the ids of the nodes that use it (once for each use). Outputs of the graph are not uses. */
export function usersOf(graph: Graph): readonly (readonly ValueId[])[] {
  const users: ValueId[][] = graph.nodes.map(() => []);
  graph.nodes.forEach((node, id) => {
    for (const input of node.inputs) users[input].push(id);
  });
  return users;
}
