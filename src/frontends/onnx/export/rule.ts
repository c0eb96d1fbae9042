/** What an export rule is: the ONNX nodes for one node of the IR. */
import type { HeddleError, ErrorFacts } from '../../../base/errors.js';
import type { Graph, Node } from '../../../ir/graph.js';
import type { Op, OpAttrs } from '../../../ir/ops.js';
import type { Shape, TensorType } from '../../../ir/types.js';
import type { OnnxBuilder, Ref } from './builder.js';

/**
 * A value that still has to be repeated to the shape of its type by ONNX's broadcasting. Elementwise operators take it
 * as it is; everything else gets it expanded.
 */
export interface Thin {
  readonly ref: Ref;
  /** The shape it has. */
  readonly shape: Shape;
  /** Of an op that has several results: all of them. */
  readonly parts?: readonly Ref[];
}

/** An operand of the node. */
export interface Operand {
  readonly type: TensorType;
  /** With the shape of its type. */
  readonly full: () => Ref;
  readonly thin: Thin;
  /** The elements, if they are written in the graph: all of them, or the one that they all are. */
  readonly constant: readonly number[] | undefined;
  /** The node that makes it, for what is made of several nodes. */
  readonly node: Node;
  readonly inputs: readonly Operand[];
  /** Whether something else needs it as well. */
  readonly shared: boolean;
}

/** A node of the IR, and where to put what it becomes. */
export interface Site<K extends Op> {
  readonly g: OnnxBuilder;
  readonly attrs: OpAttrs[K];
  readonly type: TensorType;
  readonly inputs: readonly Operand[];
}

export interface ExportCall<K extends Op> extends Site<K> {
  /** The operands of an elementwise operator, as small as they may be for a result of the right shape. */
  readonly aligned: () => readonly Ref[];
  /** Emits the nodes of a graph into `g`, with `given` for its params: its outputs. */
  readonly emitGraph: (g: OnnxBuilder, graph: Graph, given: readonly Ref[]) => readonly Ref[];
  /** ONNX_UNSUPPORTED_OP, with the place. */
  readonly unsupported: (message: string, facts: ErrorFacts) => HeddleError;
}

export type ExportRule<K extends Op> = (call: ExportCall<K>) => Ref | Thin;
