/** What a handler sees of the node that it imports. */
import { HeddleError, type ErrorCode, type ErrorFacts } from '../../base/errors.js';
import type { Value } from '../../ir/emitter.js';
import { isStatic } from '../../ir/dim.js';
import { printShape, type Shape } from '../../ir/types.js';
import { Attributes } from './attributes.js';
import type { OnnxDType } from './dtype.js';
import type { ExternalReader } from './external.js';
import { toNumbers, type HostTensor } from './host.js';
import {
  checkedCount,
  FOLD_BUDGET,
  INNER_NODES,
  MAX_FOLDED_ELEMENTS,
  MAX_FOLDED_WORK,
  shorten,
  WORK_BUDGET,
} from './limits.js';
import { at } from './place.js';
import type { GraphProto, NodeProto } from './proto/onnx.js';
import type { Body } from './loops.js';
import type { Dequantized, OnnxValue } from './value.js';
import type { WideEmitter } from './wide/emitter.js';

/** What is computed while importing, over a whole model: how much may be, and what need not be once more. */
export class FoldBudget {
  private left = FOLD_BUDGET;
  private work = WORK_BUDGET;
  private nodes = INNER_NODES;
  /** Positions that nodes which only move elements have given, by what they depend on. */
  readonly moved = new Map<string, readonly HostTensor[]>();

  spend(elements: number): void {
    this.left -= elements;
    if (this.left < 0)
      throw new HeddleError('LIMIT_EXCEEDED', 'the model computes too much from constants alone', {
        expected: `at most ${FOLD_BUDGET} elements in all`,
      });
  }

  /** Takes nodes of a graph that a node holds, before they are imported. */
  takeNodes(count: number): void {
    this.nodes -= Math.max(1, count);
    if (this.nodes < 0)
      throw new HeddleError('LIMIT_EXCEEDED', 'the graphs inside of the nodes are too much to import', {
        expected: `at most ${INNER_NODES} nodes in all`,
      });
  }

  /** Takes work of the interpreter, if it is not too much: else the graph computes what depends on constants alone. */
  mayWork(work: number): boolean {
    const may = work <= Math.min(this.work, MAX_FOLDED_WORK);
    if (may) this.work -= work;
    return may;
  }
}

/** Imports the graphs that a node holds. The values given are those of their inputs, in order. */
export interface Subgraphs {
  decode(bytes: Uint8Array, attribute: string): GraphProto;
  /** Into the graph of the node itself: its outputs. */
  inline(graph: GraphProto, given: readonly OnnxValue[]): readonly OnnxValue[];
  /** Into a graph of its own: its outputs there. */
  into(body: Body, graph: GraphProto, given: readonly OnnxValue[]): readonly OnnxValue[];
  /** A value from outside in a body. */
  captured(body: Body, value: OnnxValue): OnnxValue;
}

/** What the model around a node says, and is told. */
export interface Surroundings {
  /** The extents that the model declares of a value, where all are numbers. */
  declaredShape(name: string): readonly number[] | undefined;
  /** Tells whoever imports the model. */
  note(text: string): void;
}

export class NodeContext {
  readonly attr: Attributes;

  constructor(
    readonly b: WideEmitter,
    readonly node: NodeProto,
    /** The version of the operator set that the node's domain is imported with. */
    readonly opset: number,
    /** An input that is left out is undefined. */
    readonly inputs: readonly (OnnxValue | undefined)[],
    readonly budget: FoldBudget,
    private readonly subgraphs: Subgraphs,
    private readonly around: Surroundings,
    /** Reads the data of tensors that lie in other files. */
    external?: ExternalReader,
  ) {
    this.attr = new Attributes(node.attribute, external);
  }

  /** The extents that the model declares of output `i`, where all are numbers. */
  declaredShape(i: number): readonly number[] | undefined {
    const name = this.node.output[i];
    return name === undefined || name === '' ? undefined : this.around.declaredShape(name);
  }

  note(text: string): void {
    this.around.note(`node ${labelOf(this.node)} (${shorten(this.node.opType)}): ${text}`);
  }

  /** The graph of an attribute. Throws ONNX_INVALID where it is missing. */
  graph(name: string): GraphProto {
    return this.subgraphs.decode(this.attr.required(name, this.attr.graph(name)), name);
  }

  /** Imports a graph of an attribute: into `body`, else among the nodes around this one. */
  importGraph(name: string, given: readonly OnnxValue[], body?: Body): readonly OnnxValue[] {
    const graph = this.graph(name);
    return at(name, () =>
      body === undefined ? this.subgraphs.inline(graph, given) : this.subgraphs.into(body, graph, given),
    );
  }

  /** A value from outside in a body. */
  captured(body: Body, value: OnnxValue): OnnxValue {
    return this.subgraphs.captured(body, value);
  }

  /** The i-th input. Throws ONNX_INVALID where the node does not have it. */
  input(i: number): OnnxValue {
    const input = this.inputs[i];
    return (
      input ?? this.fail('ONNX_INVALID', `input ${i} is missing`, { found: `${this.inputs.length} inputs` })
    );
  }

  /** The i-th input in the graph. */
  value(i: number): Value {
    return this.input(i).value;
  }

  /** The i-th input in the graph; undefined where it is left out. */
  optional(i: number): Value | undefined {
    return this.inputs[i]?.value;
  }

  /** All inputs in the graph. Throws ONNX_INVALID where there is none, or one is left out. */
  values(): [Value, ...Value[]] {
    return [this.value(0), ...this.inputs.slice(1).map((_, i) => this.value(i + 1))];
  }

  rank(i: number): number {
    return this.input(i).shape.length;
  }

  /** The i-th input's elements. Throws ONNX_DYNAMIC_SHAPE where they are not known while importing. */
  known(i: number): HostTensor {
    const { known, name } = this.input(i);
    return (
      known ??
      this.fail('ONNX_DYNAMIC_SHAPE', `input ${i} has to be known before the model runs`, {
        found: `"${name}", which the graph computes or is given`,
        hint: 'bind symbolic dimensions, or give the input as a constant',
      })
    );
  }

  /** The known elements of an integer input, as numbers; beyond 2^53 they come rounded. */
  knownInts(i: number): number[] {
    return toNumbers(this.known(i));
  }

  /** The same of an input that may be left out. */
  optionalInts(i: number): number[] | undefined {
    return this.inputs[i] === undefined ? undefined : this.knownInts(i);
  }

  /** The single known number of an input that may be left out. */
  optionalNumber(i: number): number | undefined {
    if (this.inputs[i] === undefined) return undefined;
    const numbers = toNumbers(this.known(i));
    if (numbers.length !== 1)
      this.fail('ONNX_INVALID', `input ${i} has to be a single number`, {
        found: `${numbers.length} elements`,
        expected: '1 element',
      });
    return numbers[0];
  }

  /** The extents of a shape. Throws ONNX_DYNAMIC_SHAPE while a symbol is left. */
  extents(shape: Shape): readonly number[] {
    if (shape.every(isStatic)) return shape;
    return this.fail('ONNX_DYNAMIC_SHAPE', 'this needs the dimensions as numbers', {
      found: printShape(shape),
      hint: 'bind symbolic dimensions: --dim name=value, or importOnnx(bytes, {dims: {name: value}})',
    });
  }

  /** Every input's elements, where all are known; else undefined. */
  allKnown(): readonly HostTensor[] | undefined {
    const known = this.inputs.map((input) => input?.known);
    return known.every((tensor) => tensor !== undefined) ? known : undefined;
  }

  /**
   * Whether a tensor of this shape may be computed while importing: not above the bound for one. Counts it against the
   * budget of the model.
   */
  mayFold(shape: readonly number[]): boolean {
    const count = checkedCount(shape, 'a constant');
    if (count > MAX_FOLDED_ELEMENTS) return false;
    // At least one, so that work on empty tensors counts too.
    this.budget.spend(Math.max(1, count));
    return true;
  }

  fail(code: ErrorCode, message: string, facts?: ErrorFacts): never {
    throw new HeddleError(code, message, facts);
  }
}

/** A result in the graph with the ONNX type that it has, where that is not the one of the first input alike. */
export interface TypedValue {
  readonly value: Value;
  readonly dtype: OnnxDType;
  readonly dequantized?: Dequantized | undefined;
}

const labelOf = ({ name, output }: NodeProto): string =>
  `"${shorten(name === '' ? (output[0] ?? '') : name)}"`;

export const typed = (value: Value, dtype: OnnxDType): TypedValue => ({ value, dtype });
