/** What random graphs grow from: a stream of decisions, and the values that are there already. */
import type { DType } from '../../src/base/dtype.js';
import { elementCount, type TensorData } from '../../src/base/tensor.js';
import { GraphBuilder } from '../../src/ir/builder.js';
import type { GraphValue } from '../../src/ir/builder.js';
import { staticShape } from '../../src/ir/types.js';
import type { Tensors } from '../../src/runtime/inputs.js';
import { tensorOf, type Flavour } from './tensors.js';

/** Values have at most this many elements. */
const MOST_ELEMENTS = 3000;

/** Plain extents first; zeros are rare, as they make most of a graph empty. */
const EXTENTS = [
  2, 3, 1, 4, 5, 7, 8, 13, 16, 17, 31, 33, 63, 64, 65, 127, 128, 129, 130, 257, 300, 1, 2, 3, 4, 6, 17, 65, 0,
];
const RANKS = [2, 1, 3, 4, 0, 2, 3];
const DTYPES: readonly DType[] = ['f32', 'f32', 'f32', 'i32', 'f16', 'f32', 'u32', 'bool'];

/** A finite stream of decisions; when it has run out, every decision is the plainest one. */
export class Choices {
  private at = 0;

  constructor(private readonly numbers: readonly number[]) {}

  /** A number in [0, n). */
  below(n: number): number {
    return n <= 1 ? 0 : (this.numbers[this.at++] ?? 0) % n;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)];
  }

  /** True in one case of `n`, and not where in doubt. */
  oneIn(n: number): boolean {
    return this.below(n) === n - 1;
  }
}

export const shapeOf = (value: GraphValue): readonly number[] => staticShape(value.type.shape);
export const countOf = (value: GraphValue): number => elementCount(shapeOf(value));

/** A graph as it grows. */
export class World {
  readonly b = new GraphBuilder('fuzz');
  readonly values: GraphValue[] = [];
  readonly weights = new Map<string, TensorData>();
  private readonly params = new Map<string, { dtype: DType; shape: readonly number[]; flavour: Flavour }>();

  /**
   * @param level how many graphs this one is inside of
   * @param unbounded whether there may be whiles without a bound
   */
  constructor(
    private readonly seed: number,
    readonly level = 0,
    readonly unbounded = false,
  ) {}

  /** Whether a value of `shape` is small enough to be made. */
  fits(shape: readonly number[]): boolean {
    return elementCount(shape) <= MOST_ELEMENTS;
  }

  extent(c: Choices, most = 300): number {
    return Math.min(c.pick(EXTENTS), most);
  }

  shape(c: Choices, rank = c.pick(RANKS)): number[] {
    let room = MOST_ELEMENTS;
    return Array.from({ length: rank }, () => {
      const extent = this.extent(c, room);
      room = Math.floor(room / Math.max(extent, 1));
      return extent;
    });
  }

  /** A value that is there already and passes `accept`, later ones more often; or a new one of `dtype`. */
  value(
    c: Choices,
    accept: (value: GraphValue) => boolean,
    dtype: () => DType = () => c.pick(DTYPES),
  ): GraphValue {
    const found = this.values.filter(accept);
    if (found.length === 0 || c.oneIn(12)) return this.source(c, dtype(), this.shape(c));
    return found[found.length - 1 - Math.min(c.below(found.length), c.below(found.length))];
  }

  any(c: Choices): GraphValue {
    return this.value(c, () => true);
  }

  /** A value of exactly this type: one that is there, one that can be reshaped or broadcast to it, or a new one. */
  like(c: Choices, dtype: DType, shape: readonly number[]): GraphValue {
    const found = this.values.filter((v) => v.type.dtype === dtype && stretches(shapeOf(v), shape));
    const picked = c.below(found.length + 2);
    if (picked >= found.length) return this.source(c, dtype, shape);
    return this.stretch(found[found.length - 1 - picked], shape);
  }

  private stretch(value: GraphValue, shape: readonly number[]): GraphValue {
    const own = shapeOf(value);
    if (own.join() === shape.join()) return value;
    if (countOf(value) === elementCount(shape)) return this.b.reshape(value, shape);
    const padded = [...shape.slice(own.length).map(() => 1), ...own];
    return this.b.broadcast(own.length === shape.length ? value : this.b.reshape(value, padded), shape);
  }

  /** A new param, weight, constant or iota. */
  source(c: Choices, dtype: DType, shape: readonly number[]): GraphValue {
    const kind = c.below(8);
    const flavour = c.pick<Flavour>(['plain', 'usual', 'hostile', 'usual', 'tiny']);
    if (kind === 7) return this.constant(c, dtype, shape);
    if (kind === 6 && (dtype === 'i32' || dtype === 'u32') && shape.length > 0)
      return this.b.emit('iota', [], { dtype, shape, axis: c.below(shape.length) });
    if (kind === 5) {
      const id = `w${this.weights.size}`;
      this.weights.set(id, tensorOf(dtype, shape, this.seed + 1000 + this.weights.size, flavour));
      return this.b.weight(id, dtype, shape);
    }
    const name = `p${this.params.size}`;
    this.params.set(name, { dtype, shape, flavour });
    return this.b.param(name, dtype, shape);
  }

  protected constant(c: Choices, dtype: DType, shape: readonly number[]): GraphValue {
    const number = (): number => this.number(c, dtype);
    const count = elementCount(shape);
    const list = count > 1 && count <= 6 && c.oneIn(2);
    return this.b.constant(dtype, shape, list ? Array.from({ length: count }, number) : number());
  }

  /** An attribute or element of a constant. */
  number(c: Choices, dtype: DType): number {
    if (dtype === 'bool') return c.below(2);
    if (dtype === 'i32') return c.pick([1, 0, -1, 3, 7, -(2 ** 31), 2 ** 31 - 1, 31]);
    if (dtype === 'u32') return c.pick([1, 0, 2, 5, 2 ** 32 - 1, 2 ** 31, 33]);
    return c.pick([
      1,
      0,
      -1,
      2,
      0.5,
      -0,
      0.1,
      1 / 3,
      -2.5,
      1e-40,
      3e38,
      Infinity,
      -Infinity,
      NaN,
      65519,
      1e-7,
    ]);
  }

  inputs(seed = this.seed): Tensors {
    const tensors = [...this.params].map(
      ([name, { dtype, shape, flavour }], i) => [name, tensorOf(dtype, shape, seed + i, flavour)] as const,
    );
    return Object.fromEntries(tensors);
  }
}

/** Whether a value of shape `from` becomes one of shape `to` by a reshape or a broadcast. */
function stretches(from: readonly number[], to: readonly number[]): boolean {
  if (elementCount(from) === elementCount(to)) return true;
  const lead = to.length - from.length;
  return lead >= 0 && from.every((extent, axis) => extent === 1 || extent === to[lead + axis]);
}

/** Some axes of a value, in order, at least one. */
export function someAxes(c: Choices, rank: number): number[] {
  const axes = Array.from({ length: rank }, (_, axis) => axis).filter(() => c.oneIn(2));
  return axes.length > 0 || rank === 0 ? axes : [c.below(rank)];
}

/** Adds to the graph and gives the new value; undefined where nothing fits. */
export type GrowStep = (w: World, c: Choices) => GraphValue | undefined;
