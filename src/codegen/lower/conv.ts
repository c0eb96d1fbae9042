/**
 * Convolutions as contractions: rows m are the output channels of a group, columns n the output positions. The columns of
 * a tile are neighbours in a row of the output, so that their loads fall into the same cache lines.
 */
import { isFloat } from '../../base/dtype.js';
import { elementCount } from '../../base/tensor.js';
import { DOT_BLOCK } from '../../ir/accumulation.js';
import type { Node } from '../../ir/graph.js';
import { delinearize, indexAdd, indexConst, indexMul, type Index } from '../../ir/index-expr.js';
import { staticShape } from '../../ir/types.js';
import type { Ref } from '../ssa/instr.js';
import type { KernelContext } from './context.js';
import { chooseTile, limit, sizeOf, type Contraction, type Coordinate } from './contract.js';
import { lowerSelect, scalarTypeOf } from './scalar-rules.js';

export function convContraction(k: KernelContext, node: Node<'conv'>): Contraction {
  const { evaluator, s } = k;
  const [x, w] = node.inputs;
  const { groups } = node.attrs;
  const [xs, ws] = [evaluator.shape(x), evaluator.shape(w)];
  const [images, , ...outSpatial] = staticShape(node.type.shape);
  const perGroup = ws[0] / groups;
  const [, channels, ...kernel] = ws;
  const { dtype } = node.type;

  // A pointwise convolution knows no rows: all positions are neighbours.
  const pointwise = isPointwise(node, kernel);
  const width = pointwise ? elementCount(outSpatial) : outSpatial[outSpatial.length - 1];
  const lines = pointwise ? [] : outSpatial.slice(0, -1);
  const extents = { batch: images * groups, m: perGroup, n: elementCount(outSpatial) };
  const tile = chooseTile(extents, width, k.target);
  const tilesInLine = Math.ceil(width / tile.n);
  const [sizeLine, sizeAlong, inLine] = [
    sizeOf(k, elementCount(lines)),
    sizeOf(k, width),
    s.literal(tilesInLine),
  ];
  const column = (tileN: Ref, j: Index): Coordinate<readonly Index[]> => {
    const line = limit(k, s.udiv(tileN, inLine), sizeLine);
    const first = s.imul(s.urem(tileN, inLine), tile.n);
    const along = limit(k, s.iadd(first, evaluator.indices.emit(j)), sizeAlong);
    const index = pointwise
      ? delinearize(along.index, outSpatial)
      : [...delinearize(line.index, lines), along.index];
    return { index, fits: s.band(line.fits, along.fits) };
  };

  const split = (batch: Index): Index[] => delinearize(batch, [images, groups]);
  const zero = isFloat(dtype) ? s.fconst(0) : s.iconst(0);
  const read = pointwise ? readPoint : reader(k, node, xs);
  const sizeK = sizeOf(k, channels * elementCount(kernel));
  return {
    extents,
    tile,
    tilesN: elementCount(lines) * tilesInLine,
    column,
    result: (batch, m, position) => {
      const [sample, group] = split(batch);
      return [sample, indexAdd(indexMul(group, perGroup), m), ...position];
    },
    terms: (batch, m, columns, block) => {
      const [sample, group] = split(batch);
      const rows = m.map((mi) => indexAdd(indexMul(group, perGroup), mi));
      const term = (channel: Index, tap: readonly Index[]): [Ref[], Ref[]] => {
        const source = indexAdd(indexMul(group, channels), channel);
        const values = columns.map((position) => {
          const { index, inside } = read(position, tap);
          const value = evaluator.at(x, [sample, source, ...index]);
          return inside === undefined ? value : lowerSelect(s, scalarTypeOf(dtype), inside, value, zero);
        });
        const at = pointwise ? kernel.map(() => indexConst(0)) : tap;
        return [rows.map((row) => evaluator.at(w, [row, channel, ...at])), values];
      };
      const counter = new TapCounter(k, pointwise ? [] : kernel, channels);
      s.for(0, s.prim('iopaque', sizeK.end), DOT_BLOCK, (start) =>
        block((emit) => {
          const end = s.prim('umin', s.iadd(start, DOT_BLOCK), sizeK.end);
          s.for(start, end, 1, () => {
            const { channel, tap } = counter.now();
            emit(...term(channel, tap));
            counter.advance();
          });
        }),
      );
    },
  };
}

function isPointwise({ attrs }: Node<'conv'>, kernel: readonly number[]): boolean {
  const ones = [...kernel, ...attrs.strides].every((extent) => extent === 1);
  return ones && [...attrs.padLow, ...attrs.padHigh].every((pad) => pad === 0);
}

/**
 * The number of a term as channel and tap, kept up to date by counting: cheaper than dividing, and one loop over all terms
 * is cheaper than a nest of short ones. Never unrolled: the body is large.
 */
class TapCounter {
  private readonly channel: Ref;
  private readonly axes: readonly { readonly at: Ref; readonly extent: number; readonly end: Ref }[];

  constructor(
    private readonly k: KernelContext,
    kernel: readonly number[],
    private readonly channels: number,
  ) {
    const { s } = k;
    this.channel = s.variable(s.iconst(0));
    this.axes = kernel.map((extent) => ({ at: s.variable(s.iconst(0)), extent, end: s.literal(extent) }));
  }

  now(): { channel: Index; tap: readonly Index[] } {
    const { s, evaluator } = this.k;
    const tap = this.axes.map(({ at, extent }) => evaluator.indexOf(s.get(at), Math.max(extent, 2)));
    return { channel: evaluator.indexOf(s.get(this.channel), this.channels), tap };
  }

  /** Goes to the next term: the last axis runs fastest, and carries into the one before it. */
  advance(): void {
    const { s } = this.k;
    let carry = s.iconst(1);
    for (const { at, end } of [...this.axes].reverse()) {
      const next = s.iadd(s.get(at), carry);
      const wraps = s.ieq(next, end);
      s.set(at, s.iselect(wraps, 0, next));
      carry = s.iselect(wraps, 1, 0);
    }
    s.set(this.channel, s.iadd(s.get(this.channel), carry));
  }
}

/** Where a result reads x for a tap, and whether that lies in x and not in the padding. */
interface Reading {
  readonly index: readonly Index[];
  readonly inside: Ref | undefined;
}

type Reader = (position: readonly Index[], tap: readonly Index[]) => Reading;

const readPoint: Reader = (position) => ({ index: position, inside: undefined });

/** Strides, dilations and pads are spelled out even where they are 1 or 0: one form for all. */
function reader(k: KernelContext, { attrs }: Node<'conv'>, xs: readonly number[]): Reader {
  const { evaluator, s } = k;
  const axes = attrs.strides.map((stride, axis) => ({
    stride: s.literal(stride),
    dilation: s.literal(attrs.rhsDilation[axis]),
    pad: s.literal(attrs.padLow[axis]),
    size: sizeOf(k, xs[axis + 2]),
  }));
  return (position, tap) => {
    const coordinates = axes.map(({ stride, dilation, pad, size }, axis) => {
      const [i, t] = [evaluator.indices.emit(position[axis]), evaluator.indices.emit(tap[axis])];
      const dilated = s.prim('iadd', s.prim('imul', i, stride), s.prim('imul', t, dilation));
      return limit(k, s.prim('isub', dilated, pad), size);
    });
    const inside = coordinates.map(({ fits }) => fits).reduce((a, b) => s.band(a, b));
    return { index: coordinates.map(({ index }) => index), inside };
  };
}
