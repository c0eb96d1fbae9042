/** What integers of a graph are between, as far as their ops say. */
import type { GraphBuilder, GraphValue } from '../../../ir/builder.js';
import { isStatic, type Dim } from '../../../ir/dim.js';
import type { Value } from '../../../ir/emitter.js';
import type { Node } from '../../../ir/graph.js';
import { MAX_ELEMENTS } from '../../../ir/infer-checks.js';
import { isMovement } from '../../../ir/ops.js';

/** Both ends are in it. */
export interface Range {
  readonly least: bigint;
  readonly most: bigint;
}

export const rangeOf = (least: bigint, most: bigint): Range => ({ least, most });

const INT32 = rangeOf(-(2n ** 31n), 2n ** 31n - 1n);
const UINT32 = rangeOf(0n, 2n ** 32n - 1n);

/** All that a type can hold. Doubles have no range. */
export const FULL = {
  i32: INT32,
  u32: UINT32,
  int64: rangeOf(-(2n ** 63n), 2n ** 63n - 1n),
  uint64: rangeOf(0n, 2n ** 64n - 1n),
  double: rangeOf(0n, 0n),
} as const;

export const fits = (range: Range, bounds: Range): boolean =>
  range.least >= bounds.least && range.most <= bounds.most;

const smaller = (x: bigint, y: bigint): bigint => (x < y ? x : y);
const larger = (x: bigint, y: bigint): bigint => (x > y ? x : y);

export const union = (ranges: readonly Range[]): Range =>
  ranges.reduce((x, y) => rangeOf(smaller(x.least, y.least), larger(x.most, y.most)));

const hull = (values: readonly bigint[]): Range => rangeOf(values.reduce(smaller), values.reduce(larger));

/** The largest magnitude. */
export const reach = ({ least, most }: Range): bigint =>
  larger(least < 0n ? -least : least, most < 0n ? -most : most);

const bitsCover = (bound: bigint): bigint => 2n ** BigInt(bound.toString(2).length) - 1n;

type RangeRule = (x: Range, y: Range) => Range;

/** Those of the IR's shifts. */
const COUNTS = rangeOf(0n, 31n);

/** A shift by more than this leaves nothing to bound. */
const SHIFTS = rangeOf(0n, 63n);

/** Of exact results, whatever the type can hold: division is towards zero, and by zero gives the dividend, the remainder 0. */
export const BINARY_RANGES: Readonly<Partial<Record<string, RangeRule>>> = {
  add: (x, y) => rangeOf(x.least + y.least, x.most + y.most),
  sub: (x, y) => rangeOf(x.least - y.most, x.most - y.least),
  mul: (x, y) => hull([x.least * y.least, x.least * y.most, x.most * y.least, x.most * y.most]),
  min: (x, y) => rangeOf(smaller(x.least, y.least), smaller(x.most, y.most)),
  max: (x, y) => rangeOf(larger(x.least, y.least), larger(x.most, y.most)),
  div: (x, y) => {
    if (y.least > 0n) return hull([x.least / y.least, x.least / y.most, x.most / y.least, x.most / y.most]);
    const most = reach(x);
    return x.least >= 0n && y.least >= 0n ? rangeOf(0n, most) : rangeOf(-most, most);
  },
  rem: (x, y) => {
    const most = smaller(reach(x), larger(reach(y) - 1n, 0n));
    return rangeOf(x.least < 0n ? -most : 0n, x.most > 0n ? most : 0n);
  },
  and: (x, y) => {
    if (x.least >= 0n && y.least >= 0n) return rangeOf(0n, smaller(x.most, y.most));
    if (x.least >= 0n || y.least >= 0n) return rangeOf(0n, x.least >= 0n ? x.most : y.most);
    const most = bitsCover(larger(reach(x), reach(y)));
    return rangeOf(-most - 1n, most);
  },
  or: (x, y) => ofBits(x, y),
  xor: (x, y) => ofBits(x, y),
  shl: (x, y) => {
    if (!fits(y, SHIFTS)) return FULL.int64;
    const [few, many] = [2n ** y.least, 2n ** y.most];
    return hull([x.least * few, x.least * many, x.most * few, x.most * many]);
  },
  shr: (x, y) =>
    fits(y, SHIFTS) ? hull([x.least >> y.least, x.least >> y.most, x.most >> y.least, x.most >> y.most]) : hull([x.least, x.most, 0n, -1n]), // prettier-ignore
};

function ofBits(x: Range, y: Range): Range {
  const most = bitsCover(larger(reach(x), reach(y)));
  return x.least >= 0n && y.least >= 0n ? rangeOf(0n, most) : rangeOf(-most - 1n, most);
}

export const UNARY_RANGES: Readonly<Partial<Record<string, (x: Range) => Range>>> = {
  neg: ({ least, most }) => rangeOf(-most, -least),
  abs: (x) => rangeOf(x.least > 0n ? x.least : x.most < 0n ? -x.most : 0n, reach(x)),
  sign: ({ least, most }) =>
    rangeOf(least > 0n ? 1n : least === 0n ? 0n : -1n, most > 0n ? 1n : most === 0n ? 0n : -1n),
  not: ({ least, most }) => rangeOf(-most - 1n, -least - 1n),
};

const extentOf = (dim: Dim | undefined): bigint =>
  BigInt(dim === undefined ? 1 : isStatic(dim) ? dim : MAX_ELEMENTS);

const below = (extent: bigint): Range => rangeOf(0n, larger(extent - 1n, 0n));

/** The ranges of the 32-bit integers of a graph under construction. */
export class Ranges {
  private readonly known = new Map<number, Range>();

  constructor(private readonly graph: GraphBuilder) {}

  /** Of a value of which more is known than its op says. */
  set(value: Value, range: Range): void {
    this.known.set((value as GraphValue).id, range);
  }

  of(value: Value): Range {
    return this.ofId((value as GraphValue).id);
  }

  private ofId(id: number): Range {
    const known = this.known.get(id);
    if (known !== undefined) return known;
    const node = this.graph.node(this.graph.value(id));
    const { dtype } = node.type;
    const full = dtype === 'u32' ? UINT32 : dtype === 'bool' ? rangeOf(0n, 1n) : INT32;
    const found = dtype === 'f32' || dtype === 'f16' ? full : (this.compute(node) ?? full);
    const range = fits(found, full) ? found : full;
    this.known.set(id, range);
    return range;
  }

  /** What the op says; results beyond the dtype wrap around, so that nothing is known of them. */
  private compute(node: Node): Range | undefined {
    const operand = (i: number): Range => this.ofId(node.inputs[i]);
    const binary = BINARY_RANGES[node.op];
    // The IR shifts by the count modulo 32.
    if ((node.op === 'shl' || node.op === 'shr') && !fits(operand(1), COUNTS)) return undefined;
    if (binary !== undefined) return binary(operand(0), operand(1));
    if (isMovement(node.op)) return union(node.inputs.map((_, i) => operand(i)));
    switch (node.op) {
      case 'constant': {
        const values = node.attrs.values.filter((value) => Number.isFinite(value));
        return values.length === node.attrs.values.length && values.length > 0
          ? hull(values.map((value) => BigInt(Math.trunc(value))))
          : undefined;
      }
      case 'iota':
        return below(extentOf(node.attrs.shape[node.attrs.axis]));
      case 'argreduce':
      case 'argsort': {
        const { type } = this.graph.node(this.graph.value(node.inputs[0]));
        return below(extentOf(type.shape[node.attrs.axis]));
      }
      case 'select':
        return union([operand(1), operand(2)]);
      case 'gather':
        return operand(0);
      case 'updateSlice':
        return union([operand(0), operand(1)]);
      case 'scatter':
        return node.attrs.kind === 'set' ? union([operand(0), operand(2)]) : undefined;
      case 'pad':
        return union([
          operand(0),
          rangeOf(BigInt(Math.trunc(node.attrs.value)), BigInt(Math.trunc(node.attrs.value))),
        ]);
      case 'cast':
      case 'bitcast': {
        const { dtype } = this.graph.node(this.graph.value(node.inputs[0])).type;
        return dtype === 'f32' || dtype === 'f16' ? undefined : operand(0);
      }
      case 'neg':
      case 'abs':
      case 'sign':
        return UNARY_RANGES[node.op]!(operand(0));
      case 'reduce': {
        const { shape } = this.graph.node(this.graph.value(node.inputs[0])).type;
        const isExtreme = node.attrs.kind === 'min' || node.attrs.kind === 'max';
        return isExtreme && node.attrs.axes.every((axis) => shape[axis] !== 0) ? operand(0) : undefined;
      }
      default:
        return undefined;
    }
  }
}
