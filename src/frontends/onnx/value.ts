/** The values of an ONNX model while it is imported. */
import type { TensorData } from '../../base/tensor.js';
import type { GraphBuilder } from '../../ir/builder.js';
import type { Value } from '../../ir/emitter.js';
import type { Shape } from '../../ir/types.js';
import type { OnnxDType } from './dtype.js';
import { irNumbers, toTensorData, type HostTensor } from './host.js';

/** Elements up to which a known tensor enters the graph as a literal, which passes see through, and not as a weight. */
const MAX_LITERAL = 4;

/** One value of the model: known while importing, or computed by the graph, or both when it is asked for as both. */
export interface OnnxValue {
  readonly name: string;
  readonly dtype: OnnxDType;
  readonly shape: Shape;
  /** The elements, where they are known while importing. */
  readonly known: HostTensor | undefined;
  /** The value in the graph, if it is there already. */
  readonly entered: Value | undefined;
  /** The value in the graph. A known tensor enters the graph (and Program.weights) when this is first asked for. */
  readonly value: Value;
}

export const graphValue = (name: string, dtype: OnnxDType, value: Value): OnnxValue => ({
  name,
  dtype,
  shape: value.type.shape,
  known: undefined,
  entered: value,
  value,
});

/**
 * A known tensor; `weights` receives it under its name if it enters the graph as a weight. One that only reads another with a
 * shape of its own, `source`, is no weight of its own: the graph reads that one.
 */
export class KnownValue implements OnnxValue {
  private inGraph: Value | undefined;

  constructor(
    readonly name: string,
    readonly known: HostTensor,
    private readonly b: GraphBuilder,
    private readonly weights: Map<string, TensorData>,
    private readonly source?: KnownValue,
  ) {}

  get dtype(): OnnxDType {
    return this.known.dtype;
  }

  get shape(): readonly number[] {
    return this.known.shape;
  }

  /** Throws ONNX_UNSUPPORTED_DTYPE where a 64-bit integer does not fit into 32 bits. */
  get value(): Value {
    return (this.inGraph ??= this.enter());
  }

  get entered(): Value | undefined {
    return this.inGraph;
  }

  private enter(): Value {
    const tensor = toTensorData(this.known, `value "${this.name}"`);
    const { dtype, shape, data } = tensor;
    if (data.length > 0 && data.length <= MAX_LITERAL)
      return this.b.constant(dtype, shape, irNumbers(tensor));
    if (data.length === 0) return this.b.constant(dtype, shape, 0);
    return this.b.weight(this.stored(tensor), dtype, shape);
  }

  /** The id of the weight that has the elements of `tensor`, this value's own; it is stored if it is not yet. */
  private stored(tensor: TensorData): string {
    if (this.source !== undefined) return this.source.stored({ ...tensor, shape: this.source.shape });
    if (!this.weights.has(this.name)) this.weights.set(this.name, tensor);
    return this.name;
  }
}
