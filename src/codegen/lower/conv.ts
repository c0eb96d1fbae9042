/**
 * Convolutions as contractions: rows m are the output channels of a group, columns n the output positions of all images, one
 * image after the other: small images fill the lanes of a workgroup together, and the columns of a tile, which are
 * neighbours, mostly fall into the same cache lines.
 */
import { isSplit, type ConvOp } from '../../ir/contraction.js';
import { isFloat } from '../../base/dtype.js';
import { elementCount } from '../../base/tensor.js';
import type { Node } from '../../ir/graph.js';
import { convAxes, coversAll } from '../../ir/coverage.js';
import { delinearize, indexAdd, indexConst, indexMul, type Index } from '../../ir/index-expr.js';
import { staticShape } from '../../ir/types.js';
import type { Ref } from '../ssa/instr.js';
import type { KernelContext } from './context.js';
import type { Contraction } from './contract.js';
import type { PanelWork } from './panels.js';
import { lowerSelect, scalarTypeOf } from './scalar-rules.js';

export function convContraction(k: KernelContext, node: Node<ConvOp>): Contraction {
  const { evaluator, s } = k;
  const [x, w] = node.inputs;
  const { groups } = node.attrs;
  const [xs, ws] = [evaluator.sizes(x), evaluator.sizes(w)];
  const perGroup = ws[0] / groups;
  const [, channels, ...kernel] = ws;
  const images = xs[0];
  const outSpatial = staticShape(node.type.shape).slice(-kernel.length);
  const { dtype } = node.type;

  const pointwise = isPointwise(node, kernel);
  const positions = [images, ...outSpatial];
  const zero = isFloat(dtype) ? s.fconst(0) : s.iconst(0);
  const read = pointwise ? readPoint : reader(k, node, xs);
  return {
    extents: { batch: groups, m: perGroup, n: elementCount(positions) },
    depth: channels * elementCount(kernel),
    column: (n) => delinearize(n, positions),
    ...coverage(k, node, xs, ws, outSpatial),
    result: (group, m, [image, ...position]) => [image, indexAdd(indexMul(group, perGroup), m), ...position],
    terms: (group, m, columns, from) => {
      const rows = m.map((mi) => indexAdd(indexMul(group, perGroup), mi));
      const reads = columns.map(([image, ...position]) => ({ image, read: read(position) }));
      const counter = new TapCounter(k, pointwise ? [] : kernel, channels, from);
      return () => {
        const { channel, tap } = counter.now();
        const source = indexAdd(indexMul(group, channels), channel);
        const values = reads.map(({ image, read: readTap }) => {
          const { index, inside } = readTap(tap);
          const value = evaluator.at(x, [image, source, ...index]);
          return inside === undefined ? value : lowerSelect(s, scalarTypeOf(dtype), inside, value, zero);
        });
        const at = pointwise ? kernel.map(() => indexConst(0)) : tap;
        const weights = rows.map((row) => evaluator.at(w, [row, channel, ...at]));
        counter.advance();
        return [weights, values];
      };
    },
  };
}

/** Contraction.covered, by the coordinates of a result. The axes are contiguous: lower.ts sees to that. */
function coverage(
  { evaluator, s }: KernelContext,
  { op, attrs, type }: Node<ConvOp>,
  xs: readonly number[],
  ws: readonly number[],
  space: readonly number[],
): Pick<Contraction, 'covered'> {
  if (isSplit(op) || !isFloat(type.dtype)) return {};
  if (ws[1] === 0) return { covered: () => s.bconst(false) };
  const axes = convAxes(attrs, xs, ws, space);
  if (axes.every(coversAll)) return {};
  return {
    covered: ([, ...position]) =>
      axes
        .map(({ extent, window, stride, dilation, padLow }, i) => {
          const reach = (window - 1) * dilation;
          const last = indexAdd(indexMul(position[i], stride), indexConst(reach - padLow));
          return s.ltu(evaluator.indices.emit(last), s.iconst(extent + reach));
        })
        .reduce((a, b) => s.band(a, b)),
  };
}

/**
 * A convolution without padding as panels: the columns are the positions of a line of the result, or of a whole image where each
 * reads one position of the operand. Undefined where there is padding: what reads it has no address.
 */
export function convPanels(k: KernelContext, node: Node<'conv'>): PanelWork | undefined {
  const { evaluator } = k;
  const [x, w] = node.inputs;
  const { groups, strides, padLow, padHigh, rhsDilation } = node.attrs;
  const [xs, ws] = [evaluator.sizes(x), evaluator.sizes(w)];
  const [, channels, ...kernel] = ws;
  if ([...padLow, ...padHigh].some((pad) => pad !== 0)) return undefined;
  const outSpatial = staticShape(node.type.shape).slice(-kernel.length);
  const perGroup = ws[0] / groups;
  const pointwise = isPointwise(node, kernel);
  const line = pointwise ? outSpatial : outSpatial.slice(-1);
  const lines = [groups, xs[0], ...(pointwise ? [] : outSpatial.slice(0, -1))];
  const depth = channels * elementCount(kernel);
  return {
    ...{ products: elementCount(lines), m: perGroup, n: elementCount(line), depth, isEmpty: depth === 0 },
    // Every other element is the half of two vectors.
    loads: strides[strides.length - 1] === 1 ? 1 : 2,
    result: (product, row, column) => {
      const [group, image, ...outer] = delinearize(product, lines);
      return [image, indexAdd(indexMul(group, perGroup), row), ...outer, ...delinearize(column, line)];
    },
    sum: (product, rows, columns, sums) => {
      const [group, image, ...outer] = delinearize(product, lines);
      const positions = columns.map((column) => [...outer, ...delinearize(column, line)]);
      const outputs = rows.map((row) => indexAdd(indexMul(group, perGroup), row));
      sums.overTaps(channels, kernel, (channel, tap) => {
        const source = indexAdd(indexMul(group, channels), channel);
        sums.add(
          (i) => evaluator.at(w, [outputs[i], channel, ...tap]),
          (j) => {
            const place = positions[j].map((position, axis) =>
              indexAdd(indexMul(position, strides[axis]), indexMul(tap[axis], rhsDilation[axis])),
            );
            return evaluator.at(x, [image, source, ...place]);
          },
        );
      });
    },
  };
}

function isPointwise({ attrs }: Node<ConvOp>, kernel: readonly number[]): boolean {
  const ones = [...kernel, ...attrs.strides].every((extent) => extent === 1);
  return ones && [...attrs.padLow, ...attrs.padHigh].every((pad) => pad === 0);
}

/**
 * The number of a term as channel and tap, from term `from` on, kept up to date by counting: cheaper than dividing, and
 * one loop over all terms is cheaper than a nest of short ones. Never unrolled: the body is large.
 */
class TapCounter {
  private readonly channel: Ref;
  private readonly axes: readonly { readonly at: Ref; readonly extent: number; readonly end: Ref }[];

  constructor(
    private readonly k: KernelContext,
    kernel: readonly number[],
    private readonly channels: number,
    from: Ref,
  ) {
    const { s, evaluator } = k;
    const first = delinearize(evaluator.indexOf(from, channels * elementCount(kernel)), [
      channels,
      ...kernel,
    ]);
    const [channel, ...tap] = first.map((i) => evaluator.indices.emit(i));
    this.channel = s.variable(channel);
    this.axes = kernel.map((extent, axis) => ({ at: s.variable(tap[axis]), extent, end: s.literal(extent) }));
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

/**
 * Where a result reads x for a tap, and whether that lies in x and not in the padding. Where it does not, the index is not
 * one of x: what a load finds there, which WebGPU allows, is not used.
 */
interface Reading {
  readonly index: readonly Index[];
  readonly inside: Ref | undefined;
}

/** For a result, called before the loop over the terms, where it reads for a tap, called inside. */
type Reader = (position: readonly Index[]) => (tap: readonly Index[]) => Reading;

const readPoint: Reader = (position) => () => ({ index: position, inside: undefined });

/** Strides, dilations and pads are spelled out even where they are 1 or 0: one form for all. */
function reader(k: KernelContext, { attrs }: Node<ConvOp>, xs: readonly number[]): Reader {
  const { evaluator, s } = k;
  const axes = attrs.strides.map((stride, axis) => ({
    stride: s.literal(stride),
    dilation: s.literal(attrs.rhsDilation[axis]),
    pad: s.literal(attrs.padLow[axis]),
    end: s.literal(xs[axis + 2]),
    extent: xs[axis + 2],
  }));
  // WebGPU answers reads outside of a buffer.
  const within = (at: Ref, extent: number): Ref =>
    k.target.code === 'wgsl' ? at : s.umin(at, Math.max(extent - 1, 0));
  return (position) => {
    const first = axes.map(({ stride, pad }, axis) =>
      s.prim('isub', s.prim('imul', evaluator.indices.emit(position[axis]), stride), pad),
    );
    return (tap) => {
      const at = axes.map(({ dilation }, axis) =>
        s.prim('iadd', first[axis], s.prim('imul', evaluator.indices.emit(tap[axis]), dilation)),
      );
      return {
        index: axes.map(({ extent }, axis) => evaluator.indexOf(within(at[axis], extent), extent)),
        inside: axes.map(({ end }, axis) => s.prim('ltu', at[axis], end)).reduce((a, b) => s.band(a, b)),
      };
    };
  };
}
