/** The values of an ONNX model while it is imported. */
import type { TensorData } from '../../base/tensor.js';
import { HeddleError } from '../../base/errors.js';
import { constantWords } from '../../compose/wide/words.js';
import type { GraphBuilder } from '../../ir/builder.js';
import type { Value } from '../../ir/emitter.js';
import type { Shape } from '../../ir/types.js';
import type { OnnxDType } from './dtype.js';
import { shorten } from './limits.js';
import { irNumbers, toTensorData, type HostTensor } from './host.js';
import { packedWeight, type PackedWeight } from './packed.js';
import type { WideEmitter } from './wide/emitter.js';
import { needsWords, rangeOfTensor, storedTensor, wordsOf } from './wide/storage.js';
import { isWideDType, PairValue, WideValue, wideValue, type WideDType } from './wide/value.js';

/** Elements up to which a known tensor enters the graph as a literal, which passes see through, and not as a weight. */
const MAX_LITERAL = 4;

/** What a value is computed of as (x - zero) * scale. */
export interface Dequantized {
  readonly x: OnnxValue;
  readonly scale: OnnxValue;
  readonly zero: OnnxValue | undefined;
  /** That of scales and zero points, if they are several; it may be negative. */
  readonly axis: number;
  /** 0: they belong to slices, not to blocks. */
  readonly blockSize: number;
}

/** One value of the model: known while importing, or computed by the graph, or both when it is asked for as both. */
export interface OnnxValue {
  readonly name: string;
  readonly dtype: OnnxDType;
  readonly shape: Shape;
  /** The elements, where they are known while importing. */
  readonly known: HostTensor | undefined;
  /** The value in the graph, if it is there already. */
  readonly entered: Value | undefined;
  /** Of a sequence, its elements; it is resolved while importing, and has no place in the graph. */
  readonly elements?: readonly OnnxValue[];
  /** Of a result of DequantizeLinear. */
  readonly dequantized?: Dequantized | undefined;
  /** Set for an optional value that is none. */
  readonly isAbsent?: true;
  /** The value in the graph. A known tensor enters the graph (and Program.weights) when this is first asked for. */
  readonly value: Value;
}

export function graphValue(
  name: string,
  dtype: OnnxDType,
  given: Value,
  dequantized?: Dequantized,
): OnnxValue {
  const value = wideValue(dtype, given);
  return { name, dtype, shape: value.type.shape, known: undefined, entered: value, value, dequantized };
}

/** A sequence. Asked for what only tensors have, it throws ONNX_UNSUPPORTED_FEATURE. */
export const sequenceValue = (name: string, dtype: OnnxDType, elements: readonly OnnxValue[]): OnnxValue => {
  const refuse = (): never => {
    throw new HeddleError('ONNX_UNSUPPORTED_FEATURE', 'a sequence cannot be used here', {
      found: `"${shorten(name)}", a sequence of ${elements.length}`,
      expected: 'a tensor',
    });
  };
  return {
    name,
    dtype,
    elements,
    known: undefined,
    entered: undefined,
    get shape() {
      return refuse();
    },
    get value() {
      return refuse();
    },
  };
};

/** An optional value that is none. Asked for what a value has, it throws ONNX_INVALID. */
export const absentValue = (name: string, dtype: OnnxDType): OnnxValue => {
  const refuse = (): never => {
    throw new HeddleError('ONNX_INVALID', 'an optional value that is none has no element', {
      found: `"${shorten(name)}"`,
    });
  };
  return {
    name,
    dtype,
    isAbsent: true,
    known: undefined,
    entered: undefined,
    get shape() {
      return refuse();
    },
    get value() {
      return refuse();
    },
  };
};

/**
 * How a known tensor enters the graph, where it is more than a literal: `stored` is the tensor of that name, `seen` its
 * elements in the shape of the value. Elements of 64 bits come as they are stored, or as a wide value.
 */
export type EnterWeight = (name: string, stored: HostTensor, seen: HostTensor) => Value;

/** Enters tensors as weights of the graph of `b`, under their names; `weights` receives them. */
export function weightOf(b: GraphBuilder, weights: Map<string, TensorData>): EnterWeight {
  const enter = idsOf(weights);
  return (name, stored, seen) => {
    const tensor = storedTensor(stored, `value "${name}"`);
    return b.weight(enter(name, tensor), tensor.dtype, needsWords(stored) ? [...seen.shape, 2] : seen.shape);
  };
}

/** The same, with small integers packed into words. */
export function packedWeightOf(b: GraphBuilder, weights: Map<string, TensorData>): EnterWeight {
  const [enter, plain] = [idsOf(weights), weightOf(b, weights)];
  const known = new Map<HostTensor, PackedWeight | undefined>();
  return (name, stored, seen) => {
    if (!known.has(stored)) known.set(stored, packedWeight(stored));
    const packed = known.get(stored);
    if (packed === undefined) return plain(name, stored, seen);
    const { words } = packed;
    return packed.unpack(b, b.weight(enter(name, words), words.dtype, words.shape), seen.shape);
  };
}

/** Adds tensors to `weights`, and gives the name that each has there. */
const idsOf =
  (weights: Map<string, TensorData>) =>
  (name: string, tensor: TensorData): string => {
    let id = name;
    // Graphs that nodes hold may give a name again.
    for (let i = 2, known = weights.get(id); known !== undefined && !sameData(known, tensor); i++) {
      id = `${name}_${i}`;
      known = weights.get(id);
    }
    weights.set(id, weights.get(id) ?? tensor);
    return id;
  };

function sameData(a: TensorData, b: TensorData): boolean {
  const [left, right]: readonly ArrayLike<number>[] = [a.data, b.data];
  if (a.dtype !== b.dtype || a.shape.join() !== b.shape.join()) return false;
  return left === right || Array.from(left).every((element, i) => Object.is(element, right[i]));
}

/** A known tensor. One that only reads another with a shape of its own, `source`, is no weight of its own. */
export class KnownValue implements OnnxValue {
  private inGraph: Value | undefined;

  constructor(
    readonly name: string,
    readonly known: HostTensor,
    private readonly b: WideEmitter,
    private readonly enterWeight: EnterWeight,
    private readonly source?: KnownValue,
  ) {}

  private get stored(): KnownValue {
    return this.source?.stored ?? this;
  }

  get dtype(): OnnxDType {
    return this.known.dtype;
  }

  get shape(): readonly number[] {
    return this.known.shape;
  }

  get value(): Value {
    return (this.inGraph ??= this.enter());
  }

  get entered(): Value | undefined {
    return this.inGraph;
  }

  private enter(): Value {
    const { known } = this;
    const isLiteral = known.data.length <= MAX_LITERAL;
    if (isWideDType(known.dtype)) return this.enterWide(known as HostTensor<WideDType>, isLiteral);
    return isLiteral ? this.literal() : this.weight();
  }

  private enterWide(known: HostTensor<WideDType>, isLiteral: boolean): Value {
    const { b } = this;
    const { dtype, shape } = known;
    const range = rangeOfTensor(known);
    const held = isLiteral ? undefined : this.weight();
    if (held instanceof WideValue) return held;
    if (dtype !== 'double' && !needsWords(known)) return b.words.narrow(dtype, held ?? this.literal(), range);
    if (held !== undefined) {
      const { words } = b.loaded(dtype, held);
      return new PairValue(dtype, words, range);
    }
    const { data } = wordsOf(known);
    const values = Array.from({ length: data.length / 2 }, (_, i) => (BigInt(data[2 * i + 1]) << 32n) | BigInt(data[2 * i])); // prettier-ignore
    return new PairValue(dtype, constantWords(b.graph, shape, values.length === 0 ? 0n : values), range);
  }

  private weight(): Value {
    return this.enterWeight(this.stored.name, this.stored.known, this.known);
  }

  private literal(): Value {
    const tensor = toTensorData(this.known, `value "${this.name}"`);
    return this.b.constant(tensor.dtype, tensor.shape, tensor.data.length === 0 ? 0 : irNumbers(tensor));
  }
}
