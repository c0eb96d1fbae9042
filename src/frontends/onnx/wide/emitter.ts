/**
 * Emits ops on values of ONNX's types: on those of 64 bits by way of others, on all others as they are. Compositions and
 * operators are written against it as against any emitter, and see a wide value as one of 32 bits.
 */
import type { DType } from '../../../base/dtype.js';
import { HeddleError } from '../../../base/errors.js';
import { integerOps } from '../../../compose/wide/u32.js';
import type { Words } from '../../../compose/wide/words.js';
import { takeAlongAxis } from '../../../compose/indexing.js';
import type { GraphBuilder, GraphValue } from '../../../ir/builder.js';
import { Emitter, type Value } from '../../../ir/emitter.js';
import { isBinary, isCompare, isMovement, isUnary, type Op, type OpAttrs } from '../../../ir/ops.js';
import type { Shape } from '../../../ir/types.js';
import { DoubleRules } from './doubles.js';
import { IntegerRules } from './integers.js';
import { FULL, rangeOf, Ranges, union } from './range.js';
import { NarrowValue, PairValue, refuse, WideValue, type WideDType, type WideInteger } from './value.js';
import { elementOf, WideWords } from './words.js';

export class WideEmitter extends Emitter<Value> {
  readonly ranges: Ranges;
  readonly words: WideWords;
  readonly integers: IntegerRules;
  readonly doubles: DoubleRules;

  /** @param note told of an op on doubles that is computed in f32 */
  constructor(
    readonly graph: GraphBuilder,
    readonly note: (op: string) => void = () => undefined,
  ) {
    super();
    this.ranges = new Ranges(graph);
    this.words = new WideWords(graph, this.ranges);
    this.integers = new IntegerRules(graph, this.words);
    this.doubles = new DoubleRules(graph, this.words, note);
  }

  override emit<K extends Op>(op: K, inputs: readonly Value[], attrs: OpAttrs[K]): Value {
    const wide = inputs.find((input) => input instanceof WideValue);
    return wide === undefined
      ? this.graph.emit(op, inputs, attrs)
      : this.emitWide({ op, attrs } as unknown as Emission, inputs, this.typeOf(op, inputs, wide));
  }

  override constant(dtype: DType, shape: Shape, value: number | readonly number[]): GraphValue {
    return this.graph.constant(dtype, shape, value);
  }

  /** A constant of the type of `like`, of another shape. */
  constantLike(like: Value, shape: Shape, value: number): Value {
    const constant = this.graph.constant(like.type.dtype, shape, value);
    return like instanceof WideValue ? this.words.promoted(like.dtype, constant) : constant;
  }

  within<T>(name: string | undefined, body: () => T): T {
    return this.graph.within(name, body);
  }

  /** A value as i32, to be an index: what is beyond 32 bits is beyond any tensor, and stays so. */
  index(x: Value): Value {
    if (!(x instanceof WideValue)) return this.graph.cast(x, 'i32');
    return x.dtype === 'double' ? this.doubles.cast(x, 'i32') : this.integers.cast(x.dtype, x, 'i32');
  }

  /** The wide type of an op: that of the data, not of indices; doubles before integers. */
  private typeOf(op: Op, inputs: readonly Value[], first: WideValue): WideDType {
    const places = DATA_PLACES[op];
    const data = places === undefined ? inputs : places.map((place) => inputs[place]);
    const wide = data.filter((input) => input instanceof WideValue);
    return (wide.find(({ dtype }) => dtype === 'double') ?? wide[0] ?? first).dtype;
  }

  private emitWide(emission: Emission, inputs: readonly Value[], dtype: WideDType): Value {
    const { op, attrs } = emission;
    const operand = (i: number): WideValue => this.words.promoted(dtype, inputs[i]);
    if (isUnary(op)) {
      if (dtype === 'double') return this.doubles.unary(op, operand(0));
      if (op === 'neg' || op === 'abs' || op === 'sign' || op === 'not')
        return this.integers.unary(op, dtype, operand(0));
      return refuse(op, dtype);
    }
    if (isBinary(op))
      return dtype === 'double'
        ? this.doubles.binary(op, operand(0), operand(1))
        : this.integers.binary(op, dtype, operand(0), operand(1));
    if (isCompare(op))
      return dtype === 'double'
        ? this.doubles.compare(op, operand(0), operand(1))
        : this.integers.compare(op, dtype, operand(0), operand(1));
    if (isMovement(op)) return this.moved(dtype, inputs, (values) => this.graph.emit(op, values, attrs));
    switch (emission.op) {
      case 'cast':
        return dtype === 'double'
          ? this.doubles.cast(operand(0), emission.attrs.dtype)
          : this.integers.cast(dtype, operand(0), emission.attrs.dtype);
      case 'select': {
        const [condition, ...data] = inputs;
        return this.moved(dtype, data, ([x, y]) => this.graph.select(condition, x, y));
      }
      case 'gather': {
        const indices = this.index(inputs[1]);
        if (!(inputs[0] instanceof WideValue))
          return this.graph.emit('gather', [inputs[0], indices], emission.attrs);
        return this.moved(dtype, [inputs[0]], ([x]) =>
          this.graph.emit('gather', [x, indices], emission.attrs),
        );
      }
      case 'updateSlice': {
        const start = this.index(inputs[2]);
        const update = ([x, y]: readonly Value[]): Value =>
          this.graph.emit('updateSlice', [x, y, start], emission.attrs);
        const data = inputs.slice(0, 2);
        return data.some((x) => x instanceof WideValue) ? this.moved(dtype, data, update) : update(data);
      }
      case 'scatter':
        return this.scatter(emission.attrs, inputs, dtype);
      case 'pad':
        return this.pad(emission.attrs, operand(0), dtype);
      case 'reduce':
        return dtype === 'double'
          ? this.doubles.reduce(emission.attrs, operand(0))
          : this.integers.reduce(emission.attrs, dtype, operand(0));
      case 'scan':
        return dtype === 'double'
          ? this.doubles.scan(emission.attrs, operand(0))
          : this.integers.scan(emission.attrs, dtype, operand(0));
      case 'dot':
        return dtype === 'double'
          ? this.doubles.dot(emission.attrs, operand(0), operand(1))
          : this.integers.dot(emission.attrs, dtype, operand(0), operand(1));
      case 'reduceWindow':
        return dtype === 'double' ? this.doubles.reduceWindow(emission.attrs, operand(0)) : refuse(op, dtype);
      case 'conv':
        return dtype === 'double'
          ? this.doubles.conv(emission.attrs, operand(0), operand(1))
          : refuse(op, dtype);
      case 'argreduce':
        return this.argreduce(emission.attrs, operand(0));
      case 'argsort':
        return this.argsort(emission.attrs, operand(0));
      default:
        return refuse(op, dtype);
    }
  }

  /** Ops that move elements: on all words alike. */
  private moved(
    dtype: WideDType,
    inputs: readonly Value[],
    move: (values: readonly Value[]) => Value,
  ): WideValue {
    const operands = inputs.map((input) => this.words.promoted(dtype, input));
    const narrow = operands.filter((x) => x instanceof NarrowValue);
    if (narrow.length === operands.length)
      return new NarrowValue(dtype as WideInteger, move(narrow.map(({ value }) => value)));
    const words = operands.map((x) => this.words.of(x));
    const result = { lo: move(words.map(({ lo }) => lo)), hi: move(words.map(({ hi }) => hi)) };
    const range = dtype === 'double' ? undefined : union(operands.map((x) => this.words.rangeOf(x)));
    return new PairValue(dtype, result, range);
  }

  private pad(attrs: OpAttrs['pad'], x: WideValue, dtype: WideDType): WideValue {
    const { graph } = this;
    const fill = elementOf(dtype, attrs.value);
    const isNarrow = dtype !== 'double' && this.words.isNarrow(dtype, rangeOf(fill, fill));
    if (x instanceof NarrowValue && isNarrow)
      return new NarrowValue(x.dtype, graph.emit('pad', [x.value], { ...attrs, value: Number(fill) }));
    const words = this.words.of(x);
    const padded = (word: Value, value: bigint): Value =>
      graph.emit('pad', [word], { ...attrs, value: Number(value & 0xffffffffn) });
    const result = { lo: padded(words.lo, fill), hi: padded(words.hi, fill >> 32n) };
    const range = dtype === 'double' ? undefined : union([this.words.rangeOf(x), rangeOf(fill, fill)]);
    return new PairValue(dtype, result, range);
  }

  private scatter(attrs: OpAttrs['scatter'], inputs: readonly Value[], dtype: WideDType): Value {
    const { graph } = this;
    const indices = this.index(inputs[1]);
    const [data, updates] = [inputs[0], inputs[2]];
    if (!(data instanceof WideValue) && !(updates instanceof WideValue))
      return graph.emit('scatter', [data, indices, updates], attrs);
    if (attrs.kind === 'set')
      return this.moved(dtype, [data, updates], ([x, y]) => graph.emit('scatter', [x, indices, y], attrs));
    const [x, y] = [data, updates].map((value) => this.words.promoted(dtype, value));
    const isExtreme = attrs.kind === 'min' || attrs.kind === 'max';
    if (isExtreme && x instanceof NarrowValue && y instanceof NarrowValue)
      return new NarrowValue(x.dtype, graph.emit('scatter', [x.value, indices, y.value], attrs));
    return this.scatterOneByOne(attrs, dtype, x, indices, y);
  }

  /** Updates that are combined with what is there, one after the other. */
  private scatterOneByOne(
    { kind }: OpAttrs['scatter'],
    dtype: WideDType,
    x: WideValue,
    indices: Value,
    updates: WideValue,
  ): Value {
    const { graph } = this;
    const count = updates.type.shape[0];
    if (typeof count !== 'number' || count > MAX_UPDATES)
      throw new HeddleError('ONNX_UNSUPPORTED_DTYPE', 'too many updates of 64-bit elements are combined', {
        found: `${String(count)} updates by ${kind} of ${dtype}`,
        expected: `at most ${MAX_UPDATES}`,
      });
    const op = ({ add: 'add', mul: 'mul', min: 'min', max: 'max', set: 'max' } as const)[kind];
    let result: Value = x;
    for (let i = 0; i < count; i++) {
      const at = graph.emit('slice', [indices], { starts: [i], sizes: [1], strides: [1] });
      const clamped = this.binary('max', this.binary('min', at, graph.full(at, Number(x.type.shape[0]) - 1)), graph.full(at, 0)); // prettier-ignore
      const sizes = [1, ...updates.type.shape.slice(1)];
      const zeros = sizes.map(() => 0);
      const update = this.emit('slice', [updates], {
        starts: zeros.with(0, i),
        sizes,
        strides: zeros.map(() => 1),
      });
      const old = this.emit('gather', [result, clamped], { axis: 0 });
      result = this.emit('scatter', [result, at, this.binary(op, old, update)], { kind: 'set' });
    }
    return result;
  }

  /** Words whose unsigned order is that of the elements. */
  private ordered(x: WideValue, isNaNFirst: boolean): Words {
    return x.dtype === 'double' ? this.doubles.ordered(x, isNaNFirst) : this.integers.ordered(x.dtype, x);
  }

  private argreduce(attrs: OpAttrs['argreduce'], x: WideValue): Value {
    const { graph } = this;
    if (x instanceof NarrowValue) return graph.emit('argreduce', [x.value], attrs);
    // The words with the extreme upper word, and among them those with the extreme lower one.
    const { lo, hi } = this.ordered(x, attrs.kind === 'min');
    const { axis, kind } = attrs;
    const spread = (word: Value): Value =>
      graph.broadcast(graph.reshape(word, x.type.shape.map((dim, i) => (i === axis ? 1 : dim))), x.type.shape); // prettier-ignore
    const best = spread(graph.reduce(kind, hi, [axis]));
    const isBest = graph.binary('eq', hi, best);
    const rest = graph.select(isBest, lo, graph.full(lo, kind === 'min' ? 0xffffffff : 0));
    const isLow = graph.binary('eq', rest, spread(graph.reduce(kind, rest, [axis])));
    return graph.emit('argreduce', [graph.cast(graph.binary('and', isBest, isLow), 'i32')], {
      kind: 'max',
      axis,
    });
  }

  private argsort(attrs: OpAttrs['argsort'], x: WideValue): Value {
    const { graph } = this;
    if (x instanceof NarrowValue) return graph.emit('argsort', [x.value], attrs);
    const { axis } = attrs;
    // Both sorts are stable, so the second keeps what the first did.
    const { lo, hi } = this.ordered(x, false);
    const byLow = graph.emit('argsort', [lo], attrs);
    const along = (word: Value, places: Value): Value => takeAlongAxis(graph, word, places, axis);
    const byHigh = graph.emit('argsort', [along(hi, byLow)], attrs);
    return along(byLow, byHigh);
  }

  /** The words of a value in one tensor, [..., 2], the lower first: as they lie in memory. */
  stored(value: Value): Value {
    if (value instanceof NarrowValue) return value.value;
    if (!(value instanceof PairValue)) return value;
    const parts = [value.words.lo, value.words.hi].map((word) =>
      this.graph.reshape(word, [...word.type.shape, 1]),
    );
    return this.graph.emit('concat', parts, { axis: value.type.shape.length });
  }

  /** The value whose words a tensor [..., 2] holds. */
  loaded(dtype: WideDType, pairs: Value): PairValue {
    const { shape } = pairs.type;
    const outer = shape.slice(0, -1);
    const word = (at: number): Value =>
      this.graph.reshape(
        this.graph.emit('slice', [pairs], {
          starts: shape.map((_, i) => (i === outer.length ? at : 0)),
          sizes: [...outer, 1],
          strides: shape.map(() => 1),
        }),
        outer,
      );
    return new PairValue(dtype, { lo: word(0), hi: word(1) }, FULL[dtype]);
  }

  /** An integer as words, whatever its range. */
  paired(x: WideValue): PairValue {
    return x instanceof PairValue ? x : new PairValue(x.dtype, this.words.of(x), FULL[x.dtype]);
  }

  bits(x: Value, dtype: 'u32' | 'i32' | 'f32'): Value {
    return integerOps(this.graph).bits(x, dtype);
  }
}

/** Updates that are spelled out. */
const MAX_UPDATES = 256;

/** An op with its attributes. */
/** The operands that are elements of the result; the others say which. Ops that are not here have elements only. */
const DATA_PLACES: Partial<Record<Op, readonly number[]>> = {
  gather: [0],
  scatter: [0, 2],
  updateSlice: [0, 1],
};

type Emission = { [K in Op]: { readonly op: K; readonly attrs: OpAttrs[K] } }[Op];
