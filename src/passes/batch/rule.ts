/** What a rule of the batching pass is given, and the moves that rules share. */
import { broadcastTo } from '../../compose/broadcast.js';
import { orderMoving } from '../../compose/axes.js';
import { transpose } from '../../compose/movement.js';
import type { Emitter, Value } from '../../ir/emitter.js';
import type { GraphBuilder } from '../../ir/builder.js';
import type { Graph, Node } from '../../ir/graph.js';
import type { Op, OpAttrs } from '../../ir/ops.js';

/** A value of the graph under construction; where `batched`, axis 0 goes through the elements of the batch. */
export interface Operand {
  readonly value: Value;
  readonly batched: boolean;
  /** Of a tuple that is batched: its parts. Its own value is none of theirs. */
  readonly parts?: readonly Operand[];
}

/** One node of the graph that is to be batched, with the operands that it has in the batched graph. */
export interface BatchCall<K extends Op> {
  readonly b: Emitter;
  readonly node: Node<K>;
  readonly operands: readonly Operand[];
  /** Elements of the batch, at least 1. */
  readonly size: number;
}

/**
 * The results of a node for all elements of the batch, [size, ...shape of the node]; bit for bit those of the node for
 * each element on its own. At least one operand is batched.
 */
export type BatchRule<K extends Op> = (call: BatchCall<K>) => Value;

/** Ops with graphs inside, whose values are tuples. */
export type SubgraphOp = 'loop' | 'cond';

export interface SubgraphCall<K extends SubgraphOp> {
  readonly b: GraphBuilder;
  readonly node: Node<K>;
  readonly operands: readonly Operand[];
  /** Elements of the batch, at least 1. */
  readonly size: number;
  /** The outputs of a graph, batched and emitted into `b`, given its params. */
  nested(b: GraphBuilder, graph: Graph, given: readonly Operand[]): readonly Operand[];
}

/** The parts of the result, each of which may be batched: then it has the axis of the batch. At least one operand is batched. */
export type SubgraphRule<K extends SubgraphOp> = (call: SubgraphCall<K>) => readonly Operand[];

/** The operand with the axis of the batch: an unbatched one is repeated. */
export const spread = (
  { b, size }: { readonly b: Emitter; readonly size: number },
  operand: Operand,
): Value =>
  operand.batched ? operand.value : broadcastTo(b, operand.value, [size, ...operand.value.type.shape]);

/** All operands with the axis of the batch. */
export const spreadAll = <K extends Op>(call: BatchCall<K>): Value[] =>
  call.operands.map((operand) => spread(call, operand));

/** The node's op on operands that all have the axis of the batch, with attributes that know of it. */
export const emitBatched = <K extends Op>(call: BatchCall<K>, attrs: OpAttrs[K]): Value =>
  call.b.emit<K>(call.node.op, spreadAll(call), attrs);

/** Axes of an unbatched value, as axes of the batched one. */
export const shifted = (axes: readonly number[]): number[] => axes.map((axis) => axis + 1);

/** `x` with its axis `from` at the place `to`; the others keep their order. */
export const moveAxis = (b: Emitter, x: Value, from: number, to: number): Value =>
  transpose(b, x, orderMoving(x.type.shape.length, from, to));
