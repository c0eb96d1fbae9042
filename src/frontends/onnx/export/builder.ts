/** An ONNX graph under construction. Values are objects without names; names are given when the graph is complete. */
import type { DType } from '../../../base/dtype.js';
import { HeddleError } from '../../../base/errors.js';
import { quoted } from '../../../base/printable.js';
import { tensorBytes, type TensorData } from '../../../base/tensor.js';
import { literal } from '../../../interpreter/lanes.js';
import { dimEquals, isStatic, symbol, type Dim, type SymDim } from '../../../ir/dim.js';
import { shapesEqual, type Shape, type TensorType } from '../../../ir/types.js';
import { ONNX_DTYPES, type OnnxDType } from '../dtype.js';
import { fromNumbers } from '../host.js';
import { computeDim } from './dims.js';

/** A value of the ONNX graph; the object is its identity. */
export interface Ref {
  readonly dtype: OnnxDType;
}

/** An attribute: an int, ints, a string or a graph. */
export type Attribute = number | readonly number[] | string | Subgraph;
export type AttributeValues = Readonly<Record<string, Attribute>>;

export interface OnnxNode {
  readonly op: string;
  /** An input that is left out is undefined. */
  readonly inputs: readonly (Ref | undefined)[];
  readonly outputs: readonly Ref[];
  readonly attributes: AttributeValues;
  /** The place in the program that the node is for. */
  readonly scope: string;
}

/** An input or output of a graph that a node holds. */
export interface Port {
  readonly ref: Ref;
  readonly shape: Shape;
}

/** A graph that a node holds. It sees all values around it, and has no initializers of its own. */
export interface Subgraph {
  readonly name: string;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly nodes: readonly OnnxNode[];
}

/** The graphs that a node holds, by the names of the attributes. */
export const subgraphsOf = ({ attributes }: OnnxNode): readonly (readonly [string, Subgraph])[] =>
  Object.entries(attributes).filter((entry): entry is [string, Subgraph] => isSubgraph(entry[1]));

export const isSubgraph = (attribute: Attribute): attribute is Subgraph =>
  typeof attribute === 'object' && 'nodes' in attribute;

/** An input of the graph. */
export interface Input {
  readonly name: string;
  readonly type: TensorType;
  readonly ref: Ref;
}

export interface Initializer {
  readonly ref: Ref;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
  /** The name to give it, if it is free. */
  readonly label: string;
}

/** The element type that stands for an IR dtype; the importer turns each back into the same one. */
export const ONNX_OF: Readonly<Record<DType, OnnxDType>> = {
  f32: 'float',
  f16: 'float16',
  i32: 'int32',
  u32: 'uint32',
  bool: 'bool',
};

/** Longest list of numbers that is worth being an initializer's name. */
const MOST_IN_LABEL = 8;

export class OnnxBuilder {
  readonly nodes: OnnxNode[];
  readonly initializers: Initializer[];
  private readonly constants: Map<string, Ref>;
  private readonly dimRefs = new Map<string, Ref>();
  /** The weights that are initializers, by id, with their shape there. */
  private readonly stored = new Map<string, { readonly ref: Ref; readonly shape: Shape }>();
  private readonly inputs: ReadonlyMap<string, Input>;
  private scope = '';
  /** The scope of the node that holds the graph. */
  private prefix = '';

  /**
   * @param root the builder of the whole graph, where this one is for a graph that a node holds: constants and dimensions
   *   go there
   * @param nodes where nodes go
   */
  constructor(
    readonly opset: number,
    inputs: readonly Input[],
    private readonly weights: (id: string) => TensorData,
    private readonly root?: OnnxBuilder,
    nodes: OnnxNode[] = [],
  ) {
    this.inputs = new Map(inputs.map((input) => [input.name, input]));
    this.nodes = nodes;
    this.initializers = root?.initializers ?? [];
    this.constants = root?.constants ?? new Map<string, Ref>();
  }

  /** A builder for a graph that a node holds. */
  inside(): OnnxBuilder {
    return this.derived([], []);
  }

  /** This builder with other inputs. */
  given(inputs: readonly Input[]): OnnxBuilder {
    return this.derived(inputs, this.nodes);
  }

  private derived(inputs: readonly Input[], nodes: OnnxNode[]): OnnxBuilder {
    const made = new OnnxBuilder(this.opset, inputs, this.weights, this.root ?? this, nodes);
    made.prefix = made.scope = this.scope;
    return made;
  }

  /** What has been built, as a graph that a node holds. Each output is a value of its own. */
  subgraph(name: string, inputs: readonly Port[], outputs: readonly Port[]): Subgraph {
    const own = new Set(this.nodes.flatMap((node) => node.outputs));
    const ports = outputs.map(({ ref, shape }) => {
      return { ref: own.delete(ref) ? ref : this.like('Identity', [ref]), shape };
    });
    return { name, inputs, outputs: ports, nodes: this.nodes };
  }

  input(name: string): Ref {
    return this.inputs.get(name)!.ref;
  }

  /** A weight. One that the graph reads with several shapes is stored once. */
  weight(id: string, shape: readonly number[]): Ref {
    const known = this.stored.get(id);
    if (known !== undefined) return this.reshape(known.ref, known.shape, shape);
    const tensor = this.weights(id);
    const ref = this.initializer(ONNX_OF[tensor.dtype], shape, tensorBytes(tensor), id);
    this.stored.set(id, { ref, shape });
    return ref;
  }

  /** Runs `body`; the nodes that it adds are for `scope`. */
  within<T>(scope: string, body: () => T): T {
    const outer = this.scope;
    this.scope = this.prefix === '' ? scope : `${this.prefix}/${scope}`;
    try {
      return body();
    } finally {
      this.scope = outer;
    }
  }

  /** Adds a node with one result. */
  node(
    op: string,
    inputs: readonly (Ref | undefined)[],
    dtype: OnnxDType,
    attributes: AttributeValues = {},
  ): Ref {
    return this.nodeWith(op, inputs, [dtype], attributes)[0];
  }

  /** Adds a node with several results. */
  nodeWith(
    op: string,
    inputs: readonly (Ref | undefined)[],
    dtypes: readonly OnnxDType[],
    attributes: AttributeValues = {},
  ): readonly Ref[] {
    const outputs = dtypes.map((dtype): Ref => ({ dtype }));
    this.nodes.push({ op, inputs, outputs, attributes, scope: this.scope });
    return outputs;
  }

  /** A node whose result has the type of its first input. */
  like(op: string, inputs: readonly [Ref, ...(Ref | undefined)[]], attributes: AttributeValues = {}): Ref {
    return this.node(op, inputs, inputs[0].dtype, attributes);
  }

  cast(x: Ref, dtype: OnnxDType): Ref {
    return x.dtype === dtype ? x : this.node('Cast', [x], dtype, { to: ONNX_DTYPES[dtype].code });
  }

  reshape(x: Ref, from: Shape, to: Shape): Ref {
    if (shapesEqual(from, to)) return x;
    // By itself 0 means "as before".
    return this.like('Reshape', [x, this.ints(to)], to.includes(0) ? { allowzero: 1 } : {});
  }

  transpose(x: Ref, permutation: readonly number[]): Ref {
    if (permutation.every((axis, i) => axis === i)) return x;
    return this.like('Transpose', [x], { perm: permutation });
  }

  /** A scalar constant. Equal constants are one. */
  scalar(dtype: OnnxDType, value: number): Ref {
    return this.tensor(dtype, [], [value]);
  }

  /** A constant tensor of numbers that `dtype` can hold; one number fills the shape of one element only. */
  tensor(dtype: OnnxDType, shape: readonly number[], values: readonly number[]): Ref {
    const { data } = fromNumbers(dtype, shape, values);
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const key = `${dtype}[${shape.join(',')}] ${bytes.join(',')}`;
    const known = this.constants.get(key);
    if (known !== undefined) return known;
    const text = values.map((value) => (Object.is(value, -0) ? '-0' : String(value))).join(',');
    const label = values.length > MOST_IN_LABEL ? `${this.scope}/constant` : text;
    const ref = this.initializer(
      dtype,
      shape,
      bytes,
      `${dtype}:${shape.length === 0 ? label : `[${label}]`}`,
    );
    this.constants.set(key, ref);
    return ref;
  }

  /** Numbers of the IR as a constant of the element type of `dtype`, converted as the interpreter converts them. */
  literals(dtype: DType, shape: readonly number[], values: readonly number[]): Ref {
    return this.tensor(
      ONNX_OF[dtype],
      shape,
      values.map((value) => literal(dtype, value)),
    );
  }

  initializer(dtype: OnnxDType, shape: readonly number[], bytes: Uint8Array, label: string): Ref {
    const ref: Ref = { dtype };
    this.initializers.push({ ref, shape, bytes, label });
    return ref;
  }

  /** An int64 vector of dimensions, as shapes and axes are given: a constant, or computed where symbols are left. */
  ints(dims: readonly Dim[]): Ref {
    if (dims.every(isStatic)) return this.tensor('int64', [dims.length], dims);
    const pieces: Ref[] = [];
    let run: number[] = [];
    const flush = (): void => {
      if (run.length > 0) pieces.push(this.tensor('int64', [run.length], run));
      run = [];
    };
    for (const dim of dims) {
      if (isStatic(dim)) run.push(dim);
      else {
        flush();
        pieces.push(this.dim(dim));
      }
    }
    flush();
    return pieces.length === 1 ? pieces[0] : this.node('Concat', pieces, 'int64', { axis: 0 });
  }

  /** A dimension as a scalar. */
  extent(dim: Dim, dtype: OnnxDType): Ref {
    if (isStatic(dim)) return this.scalar(dtype, dim);
    return this.cast(this.node('Reshape', [this.dim(dim), this.ints([])], 'int64'), dtype);
  }

  /** A symbolic dimension as an int64 vector of one element, computed once. */
  private dim(dim: SymDim): Ref {
    if (this.root !== undefined) return this.root.dim(dim);
    const known = this.dimRefs.get(dim.text);
    if (known !== undefined) return known;
    const ref = this.within(`dim/${dim.text}`, () =>
      computeDim<Ref>(dim, {
        number: (value) => this.tensor('int64', [1], [value]),
        symbol: (name) =>
          symbol(name).text === dim.text ? this.extentOfInput(name) : this.dim(symbol(name)),
        apply: (op, a, b) => this.like(op, [a, b]),
      }),
    );
    this.dimRefs.set(dim.text, ref);
    return ref;
  }

  /** Where an input has this symbol as an extent. */
  private extentOfInput(name: string): Ref {
    for (const { ref, type } of this.inputs.values()) {
      const axis = type.shape.findIndex((dim) => dimEquals(dim, symbol(name)));
      if (axis >= 0) return this.node('Shape', [ref], 'int64', { start: axis, end: axis + 1 });
    }
    throw new HeddleError('DIM_UNBOUND', 'no input has this symbolic dimension as an extent', {
      found: name,
      hint: `bind it before exporting: bindDims(graph, {${quoted(name)}: value})`,
    });
  }
}
