/** The inputs and outputs that a model declares, with its symbolic dimensions bound or named. */
import type { TensorData } from '../../base/tensor.js';
import { HeddleError } from '../../base/errors.js';
import { dimSubstitute, dimSymbols, isStatic, symbol, type Dim } from '../../ir/dim.js';
import { nearestName } from '../../base/nearest.js';
import { describeRange, isInRange } from '../../ir/dim-range.js';
import type { DimRange } from '../../ir/graph.js';
import { printShape, type Shape, type TensorType } from '../../ir/types.js';
import { dtypeOfCode, irDType, type OnnxDType } from './dtype.js';
import { checkedCount, MAX_RANK, shorten } from './limits.js';
import type { MapKeys } from './maps.js';
import type { DimensionProto, ValueInfoProto } from './proto/onnx.js';
import { isWideDType } from './wide/value.js';

/** An input or output of a model. */
export interface OnnxPort {
  readonly name: string;
  /** The declared element type; `type.dtype` is the IR dtype that stands for it. */
  readonly dtype: OnnxDType;
  readonly type: TensorType;
  /**
   * Whether an element takes two of the program's: its words, u32[..., 2], the lower first, as in the memory of a Float64Array,
   * a BigInt64Array or a BigUint64Array. So it is for doubles, for outputs of 64-bit integers for which 32 bits are not proved to
   * be enough, and for the inputs that `wideInputs` names.
   */
  readonly paired?: true;
  /** Of a tensor that is one of a sequence: the name of the sequence, and its place there. */
  readonly element?: { readonly of: string; readonly index: number };
  /** Of an output that stands for a sequence of maps: the keys, of which its columns hold the values. */
  readonly keys?: MapKeys;
  /** Of an initializer that was made an input: what the model gives for it. */
  readonly initial?: TensorData;
}

/** The shapes of the tensors of a sequence; null for an optional value that is none. */
export type SequenceShapes = readonly (readonly number[])[] | null;

export interface DimOptions {
  /** Values of symbolic dimensions, or the range that they stay in, by the name in the file. */
  readonly dims?: Readonly<Record<string, number | DimRange>>;
  /** Whole shapes of inputs; they have to agree with what the file fixes, and bind the symbols there. */
  readonly inputShapes?: Readonly<Record<string, readonly number[]>>;
  /** Inputs of type int64 or uint64 whose elements may not fit into 32 bits: they are given as words. */
  readonly wideInputs?: readonly string[];
  /**
   * The shapes of the tensors of inputs that are sequences or optional values; null for one that is none. Tensor i of sequence
   * x is the input x[i] of the program.
   */
  readonly sequences?: Readonly<Record<string, SequenceShapes>>;
}

/** A dimension as the file has it: a number, a name, or neither. */
export type DeclaredDim = number | string | undefined;
export interface Declared {
  readonly name: string;
  readonly dtype: OnnxDType;
  /** undefined: not even the rank is declared. */
  readonly dims: readonly DeclaredDim[] | undefined;
}

/** Reads what `info` declares. Throws ONNX_UNSUPPORTED_FEATURE where it is not a tensor, ONNX_UNSUPPORTED_DTYPE, ONNX_INVALID. */
function declared(info: ValueInfoProto, where: string): Declared {
  const { name, type } = info;
  if (name === '') throw new HeddleError('ONNX_INVALID', 'an input or output has no name', { where });
  const place = `${where}, "${shorten(name)}"`;
  if (type?.tensorType === undefined) {
    const kind = type?.sequenceType
      ? 'sequence'
      : type?.mapType
        ? 'map'
        : type?.optionalType
          ? 'optional value'
          : type?.sparseTensorType
            ? 'sparse tensor'
            : undefined;
    if (kind === undefined)
      throw new HeddleError('ONNX_INVALID', 'an input or output has no type', { where: place });
    throw new HeddleError('ONNX_UNSUPPORTED_FEATURE', 'inputs and outputs have to be tensors', {
      where: place,
      found: `a ${kind}`,
    });
  }
  const { elemType, shape } = type.tensorType;
  if (shape !== undefined && shape.dim.length > MAX_RANK)
    throw new HeddleError('LIMIT_EXCEEDED', 'the tensor has too many axes', {
      where: place,
      found: `${shape.dim.length}`,
    });
  return {
    name,
    dtype: dtypeOfCode(elemType, place),
    dims: shape && declaredDims(shape.dim),
  };
}

/** Exporters write -1 (and, long ago, an empty name) for a dimension that they do not know. */
export const declaredDims = (dims: readonly DimensionProto[]): readonly DeclaredDim[] =>
  dims.map(({ dimValue, dimParam }) =>
    dimValue !== undefined && dimValue >= 0n ? Number(dimValue) : dimParam === '' ? undefined : dimParam,
  );

/** Gives symbolic dimensions their values, or leaves them as symbols. */
export class InputDims {
  /** Values by the name in the file. */
  private readonly bound: Map<string, number>;
  /** The ranges that are given, by the name in the file. */
  private readonly limits: ReadonlyMap<string, DimRange>;
  /** IR symbols by the name in the file. */
  private readonly symbols = new Map<string, string>();
  private readonly taken = new Set<string>();
  /** By name. */
  private readonly inputsDeclared: ReadonlyMap<string, Declared>;

  constructor(
    inputs: readonly ValueInfoProto[],
    private readonly options: DimOptions,
    private readonly file: string,
    /** Values that other inputs give. */
    also: ReadonlyMap<string, number> = new Map(),
  ) {
    const given = Object.entries(options.dims ?? {});
    this.bound = new Map(given.flatMap(([name, dim]) => (typeof dim === 'number' ? [[name, dim]] : [])));
    this.limits = new Map(given.flatMap(([name, dim]) => (typeof dim === 'number' ? [] : [[name, dim]])));
    this.inputsDeclared = new Map(inputs.map((info) => [info.name, declared(info, `${file}, inputs`)]));
    for (const [name, size] of also) this.bind(name, size);
    for (const name of Object.keys(options.inputShapes ?? {})) this.bindByShape(name);
  }

  /** The inputs, with their shapes. Throws ONNX_DYNAMIC_SHAPE for one without a declared rank. */
  inputs(): OnnxPort[] {
    const ports = Array.from(this.inputsDeclared.values(), (input) => this.input(input));
    this.rejectUnknownDims();
    return ports;
  }

  /** Whether the file lets an input have this shape: its symbols may have any values. */
  isDeclaredWith(name: string, shape: readonly number[]): boolean {
    const { dims } = this.inputsDeclared.get(name) ?? {};
    if (dims === undefined) return true;
    return (
      dims.length === shape.length && dims.every((dim, i) => typeof dim !== 'number' || dim === shape[i])
    );
  }

  /** Whether a value can have the declared shape: numbers, and names that inputs have too, say the same. */
  canHave({ dims }: Declared, shape: Shape): boolean {
    const fits = (dim: DeclaredDim, axis: number): boolean => {
      const known = typeof dim === 'string' ? (this.bound.get(dim) ?? this.symbols.get(dim)) : dim;
      return known === undefined || canEqual(typeof known === 'string' ? symbol(known) : known, shape[axis]);
    };
    return dims === undefined || (dims.length === shape.length && dims.every(fits));
  }

  /** The symbols left, as IR name to name in the file. */
  leftSymbols(): Readonly<Record<string, string>> {
    return Object.fromEntries([...this.symbols].map(([original, name]) => [name, original]));
  }

  /** The ranges of those, by IR name, that have one. */
  ranges(): Readonly<Record<string, DimRange>> {
    const symbols = [...this.symbols].map(([original, name]) => [name, this.limits.get(original)] as const);
    return Object.fromEntries(
      symbols.flatMap(([name, range]) => (range === undefined ? [] : [[name, range]])),
    );
  }

  private input({ name, dtype, dims }: Declared): OnnxPort {
    const given = ownValue(this.options.inputShapes, name);
    if (dims === undefined && given === undefined)
      throw new HeddleError('ONNX_DYNAMIC_SHAPE', 'an input is declared without a shape', {
        where: `${this.file}, input "${shorten(name)}"`,
        hint: `give it: importOnnx(bytes, {inputShapes: {${JSON.stringify(name)}: [...]}})`,
      });
    const shape: Shape = given ?? dims!.map((dim, axis) => this.resolve(dim, name, axis));
    checkedCount(
      shape.map((dim) => (isStatic(dim) ? dim : 1)),
      `${this.file}, input "${shorten(name)}"`,
    );
    const paired =
      dtype === 'double' || (isWideDType(dtype) && this.options.wideInputs?.includes(name) === true);
    const type: TensorType = paired
      ? { dtype: 'u32', shape: [...shape, 2] }
      : { dtype: irDType(dtype), shape };
    return { name, dtype, type, ...(paired ? { paired } : {}) };
  }

  private resolve(dim: DeclaredDim, input: string, axis: number): Dim {
    if (typeof dim === 'number') return dim;
    const name = dim ?? `${input}_${axis}`;
    const value = this.bound.get(name);
    if (value !== undefined) return value;
    const known = this.symbols.get(name);
    if (known !== undefined) return symbol(known);
    const fresh = this.freshSymbol(name);
    this.symbols.set(name, fresh);
    return symbol(fresh);
  }

  /** The name in the file, or a shorter one that is unlike all others. */
  private freshSymbol(name: string): string {
    const short = shorten(name);
    let fresh = short;
    for (let i = 2; this.taken.has(fresh); i++) fresh = `${short}_${i}`;
    this.taken.add(fresh);
    return fresh;
  }

  private bindByShape(name: string): void {
    const shape = this.options.inputShapes![name];
    const input = this.inputsDeclared.get(name);
    if (input === undefined)
      throw new HeddleError('INPUT_UNKNOWN', 'no input has that name', {
        where: this.file,
        found: name,
        expected: [...this.inputsDeclared.keys()].join(', '),
      });
    const fits = (dim: DeclaredDim, axis: number): boolean =>
      typeof dim === 'number' ? dim === shape[axis] : typeof dim !== 'string' || this.bind(dim, shape[axis]);
    if (input.dims !== undefined && !(input.dims.length === shape.length && input.dims.every(fits)))
      throw new HeddleError('INPUT_SHAPE', 'the shape does not fit what the model declares', {
        where: `${this.file}, input "${name}"`,
        found: printShape(shape),
        expected: printDeclared(input.dims),
        hint: this.boundHint(input.dims, shape),
      });
  }

  /** Why a named dimension cannot be what `shape` has there. */
  private boundHint(dims: readonly DeclaredDim[], shape: readonly number[]): string | undefined {
    if (dims.length !== shape.length) return undefined;
    const outside = dims.find(
      (dim, axis): dim is string => typeof dim === 'string' && !this.isWithin(dim, shape[axis]),
    );
    const range = outside === undefined ? undefined : this.limits.get(outside);
    if (range !== undefined) return `${shorten(outside!)} is from ${describeRange(range)}`;
    const name = dims.find(
      (dim, axis): dim is string => typeof dim === 'string' && this.bound.get(dim) !== shape[axis],
    );
    const value = name === undefined ? undefined : this.bound.get(name);
    if (name === undefined || value === undefined) return undefined;
    const isGiven = ownValue(this.options.dims, name) !== undefined;
    const whence = isGiven ? `--dim, or \`dims\` of importOnnx, says so` : 'it is that of another axis';
    return `${shorten(name)} is bound to ${value}: ${whence}`;
  }

  private bind(name: string, value: number): boolean {
    const known = this.bound.get(name);
    if (known === undefined && this.isWithin(name, value)) this.bound.set(name, value);
    return this.bound.get(name) === value;
  }

  private isWithin(name: string, value: number): boolean {
    const range = this.limits.get(name);
    return range === undefined || isInRange(range, value);
  }

  private rejectUnknownDims(): void {
    const named = new Set<string>();
    for (const { name, dims } of this.inputsDeclared.values())
      dims?.forEach((dim, axis) => typeof dim !== 'number' && named.add(dim ?? `${name}_${axis}`));
    for (const name of Object.keys(this.options.dims ?? {}))
      if (!named.has(name))
        throw new HeddleError('USAGE', 'the model has no dimension of that name', {
          where: this.file,
          found: name,
          expected: named.size === 0 ? 'none: all are fixed' : [...named].join(', '),
          hint: didYouMean(nearestName(name, [...named])),
        });
  }
}

const didYouMean = (name: string | undefined): string | undefined =>
  name === undefined ? undefined : `did you mean ${shorten(name)}?`;

/** Names come from files: one may be that of something which every object inherits. */
const ownValue = <T>(record: Readonly<Record<string, T>> | undefined, name: string): T | undefined =>
  record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;

/** What is declared of an input. */
export const declaredInput = (info: ValueInfoProto, file: string): Declared =>
  declared(info, `${file}, inputs`);

/** What is declared of an output. */
export const declaredOutput = (info: ValueInfoProto, file: string): Declared =>
  declared(info, `${file}, outputs`);

/** Sizes at which two expressions are compared: beyond small ones, where many are equal, and of every remainder. */
const SAMPLES = Array.from({ length: 64 }, (_, i) => 1000 + i);

/** Whether two dimensions can be one: equal numbers, or expressions over the same symbols that are equal somewhere. */
function canEqual(a: Dim, b: Dim): boolean {
  if (isStatic(a) || isStatic(b)) return !isStatic(a) || !isStatic(b) || a === b;
  const names = dimSymbols(a);
  if (names.length !== dimSymbols(b).length || !dimSymbols(b).every((name) => names.includes(name)))
    return true;
  return SAMPLES.some((size) => {
    const sizes = Object.fromEntries(names.map((name) => [name, size]));
    return dimSubstitute(a, sizes) === dimSubstitute(b, sizes);
  });
}

/** `[N,3,?]` */
export const printDeclared = (dims: readonly DeclaredDim[]): string =>
  `[${dims.map((dim) => shorten(String(dim ?? '?'), 40)).join(',')}]`;
