/**
 * One element of the ops that combine many elements, computed by one invocation: correct for every shape, and fast
 * enough where the work for each element is small. The templates (row.ts, contract.ts, ...) follow the same order.
 */
import { dotIndices } from '../../ir/contraction.js';
import { isFloat, type DType } from '../../base/dtype.js';
import { elementCount } from '../../base/tensor.js';
import { DOT_BLOCK, REDUCE_LANES } from '../../ir/accumulation.js';
import { dimProduct, isStatic } from '../../ir/dim.js';
import type { Node } from '../../ir/graph.js';
import { delinearize, indexAdd, indexConst, indexDiv, indexMul, type Index } from '../../ir/index-expr.js';
import { convAxes, coversAll, windowAxes } from '../../ir/coverage.js';
import { staticShape } from '../../ir/types.js';
import { mergeAxes } from '../../passes/fusion/group.js';
import type { Ref } from '../ssa/instr.js';
import { clampIndex, inRange } from './bounds.js';
import type { ElementContext } from './element.js';
import { combine, emptyResult, identity } from './reducers.js';
import { lowerBinary, lowerCompare, lowerSelect, roundTo, scalarTypeOf } from './scalar-rules.js';

/** Calls `emit` with an index that runs over [from, to): unrolled where short. */
function forEach(
  e: ElementContext,
  from: number,
  to: number,
  emit: (i: Index) => void,
  unroll = to - from <= e.target.unroll,
): void {
  if (unroll) for (let i = from; i < to; i++) emit(indexConst(i));
  else e.s.for(from, to, 1, (ref) => emit(e.indexOf(ref, to)));
}

/** Folds 64 lanes by halving, as src/ir/accumulation.ts says; only the first `count` lanes hold elements. */
export function foldLanes(lanes: Ref[], merge: (a: Ref, b: Ref) => Ref): Ref {
  const live = [...lanes];
  for (let stride = REDUCE_LANES / 2; stride >= 1; stride /= 2)
    for (let lane = 0; lane < stride; lane++)
      if (lane + stride < live.length) live[lane] = merge(live[lane], live[lane + stride]);
  return live[0];
}

export function reduceElement(e: ElementContext, node: Node<'reduce'>, index: readonly Index[]): Ref {
  const [operand] = node.inputs;
  const { kind, axes } = node.attrs;
  const { dtype } = node.type;
  const shape = e.shape(operand);
  const inner = axes.map((axis) => shape[axis]);
  const count = dimProduct(inner);
  const element = (i: Index): Ref =>
    e.at(operand, mergeAxes(shape.length, axes, index, delinearize(i, inner)));
  const merge = (a: Ref, b: Ref): Ref => combine(e.s, kind, dtype, a, b);
  const neutral = identity(e.s, kind, dtype);
  if (count === 0) return emptyResult(e.s, kind, dtype);
  if (count === 1) return roundTo(e.s, dtype, merge(neutral, element(indexConst(0))));
  if (isStatic(count) && count <= Math.min(e.target.unroll, REDUCE_LANES)) {
    const lanes = e.costly(operand)
      ? inLoop(e, dtype, count, element)
      : Array.from({ length: count }, (_, i) => element(indexConst(i)));
    return roundTo(e.s, dtype, foldLanes(lanes, merge));
  }
  const lanes = e.s.array({
    name: `lanes${e.s.arrays.length}`,
    type: scalarTypeOf(dtype),
    length: REDUCE_LANES,
    space: 'private',
  });
  const type = scalarTypeOf(dtype);
  e.s.for(0, REDUCE_LANES, 1, (lane) => {
    const sum = e.s.variable(neutral);
    e.s.for(lane, count, REDUCE_LANES, (i) => {
      const value = element(e.indexOf(i, count));
      e.s.update(sum, (old) => merge(old, value));
    });
    e.s.arrayStore(lanes, lane, e.s.get(sum));
  });
  e.s.for(1, Math.log2(REDUCE_LANES) + 1, 1, (level) => {
    const stride = e.s.ishr(REDUCE_LANES, level);
    e.s.for(0, stride, 1, (lane) => {
      const [a, b] = [e.s.arrayLoad(lanes, type, lane), e.s.arrayLoad(lanes, type, e.s.iadd(lane, stride))];
      e.s.arrayStore(lanes, lane, merge(a, b));
    });
  });
  return roundTo(e.s, dtype, e.s.arrayLoad(lanes, type, 0));
}

/** Few elements, computed by code that stands only once. */
function inLoop(e: ElementContext, dtype: DType, count: number, element: (i: Index) => Ref): Ref[] {
  const type = scalarTypeOf(dtype);
  const array = e.s.array({ name: `terms${e.s.arrays.length}`, type, length: count, space: 'private' });
  e.s.for(0, count, 1, (i) => e.s.arrayStore(array, i, element(e.indexOf(i, count))));
  return Array.from({ length: count }, (_, i) => e.s.arrayLoad(array, type, i));
}

const isNaN32 = (e: ElementContext, dtype: DType, x: Ref): Ref =>
  isFloat(dtype) ? e.s.ltu(0x7f800000, e.s.iand(e.s.bits(x), 0x7fffffff)) : e.s.bconst(false);

/** Whether `a` is a better extreme than `b`: NaN first, then by IEEE comparison. Equal is not better. */
export function beats(e: ElementContext, kind: 'max' | 'min', dtype: DType, a: Ref, b: Ref): Ref {
  const [low, high] = kind === 'max' ? [b, a] : [a, b];
  const better = lowerCompare(e.s, 'lt', dtype, low, high);
  if (!isFloat(dtype)) return better;
  return e.s.band(e.s.bnot(isNaN32(e, dtype, b)), e.s.bor(isNaN32(e, dtype, a), better));
}

export function argreduceElement(e: ElementContext, node: Node<'argreduce'>, index: readonly Index[]): Ref {
  const [operand] = node.inputs;
  const { kind, axis } = node.attrs;
  const { dtype } = e.type(operand);
  const shape = e.sizes(operand);
  const element = (i: Index): Ref => e.at(operand, mergeAxes(shape.length, [axis], index, [i]));
  // The worst value of all does not beat itself, so it stands for the first element, too.
  const best = e.s.variable(identity(e.s, kind, dtype));
  const where = e.s.variable(e.s.iconst(0));
  e.s.for(0, shape[axis], 1, (i) => {
    const value = element(e.indexOf(i, shape[axis]));
    e.s.if(beats(e, kind, dtype, value, e.s.get(best)), () => {
      e.s.set(best, value);
      e.s.set(where, i);
    });
  });
  return e.s.get(where);
}

export function windowElement(e: ElementContext, node: Node<'reduceWindow'>, index: readonly Index[]): Ref {
  const [operand] = node.inputs;
  const { kind, window, strides, dilations, padLow } = node.attrs;
  const { dtype } = node.type;
  const shape = e.sizes(operand);
  const neutral = identity(e.s, kind, dtype);
  const type = scalarTypeOf(dtype);
  const total = e.s.variable(neutral);
  const covered = new Covered(
    e,
    kind === 'sum' &&
      isFloat(dtype) &&
      !windowAxes(node.attrs, shape, staticShape(node.type.shape)).every(coversAll),
  );
  const unroll = elementCount(window) <= e.target.unrollWindow;
  const visit = (axis: number, taps: readonly Index[]): void => {
    if (axis < window.length)
      return forEach(
        e,
        0,
        window[axis],
        (tap) => visit(axis + 1, [...taps, tap]),
        unroll || window[axis] === 1,
      );
    let inside: Ref | undefined;
    const position = index.map((i, at) => {
      const raw = indexAdd(
        indexAdd(indexMul(i, strides[at]), indexMul(taps[at], dilations[at])),
        indexConst(-padLow[at]),
      );
      const fits = inRange(e, raw, shape[at]);
      if (fits !== undefined) inside = inside === undefined ? fits : e.s.band(inside, fits);
      return clampIndex(e, operand, at, raw);
    });
    const value = e.at(operand, position);
    const safe = inside === undefined ? value : lowerSelect(e.s, type, inside, value, neutral);
    e.s.update(total, (old) => combine(e.s, kind, dtype, old, safe));
    covered.meet(inside);
  };
  if (!shape.includes(0)) visit(0, []);
  return roundTo(e.s, dtype, covered.resultOf(e.s.get(total)));
}

/** Whether a float sum has met an element: one of nothing is +0. Costs nothing where it is certain that it has. */
class Covered {
  private readonly met: Ref | undefined;

  constructor(
    private readonly e: ElementContext,
    doubtful: boolean,
  ) {
    this.met = doubtful ? e.s.variable(e.s.bconst(false)) : undefined;
  }

  /** Notes an element, if it is `inside` of the operand. */
  meet(inside: Ref | undefined): void {
    const { s } = this.e;
    if (this.met === undefined) return;
    s.update(this.met, (old) => (inside === undefined ? s.bconst(true) : s.bor(old, inside)));
  }

  resultOf(sum: Ref): Ref {
    const { s } = this.e;
    return this.met === undefined ? sum : s.select(s.get(this.met), sum, s.fconst(0));
  }
}

/** Multiply-accumulate of the dtype: floats round the product and the sum. */
export function multiplyAdd(e: ElementContext, dtype: DType, acc: Ref, a: Ref, b: Ref): Ref {
  return isFloat(dtype) ? e.s.mac(acc, a, b) : e.s.iadd(acc, e.s.imul(a, b));
}

/** Where dot products start: -0, so that a sum of -0 stays -0. */
export const zeroOf = (e: ElementContext, dtype: DType): Ref =>
  isFloat(dtype) ? e.s.fconst(-0) : e.s.iconst(0);

/** total + (block), with the block's sum made opaque: the driver must not merge the two sums. */
export function addBlock(e: ElementContext, dtype: DType, total: Ref, acc: Ref): Ref {
  return isFloat(dtype) ? e.s.add(total, e.s.opaque(acc)) : lowerBinary(e.s, 'add', dtype, total, acc);
}

export function dotElement(e: ElementContext, node: Node<'dot'>, index: readonly Index[]): Ref {
  const [lhs, rhs] = node.inputs;
  const { dtype } = node.type;
  const [a, b] = [e.sizes(lhs), e.sizes(rhs)];
  const depth = elementCount(node.attrs.lhsContract.map((axis) => a[axis]));
  if (depth === 0) return emptyResult(e.s, 'sum', dtype);
  const total = e.s.variable(zeroOf(e, dtype));
  const term = (acc: Ref, k: Index): void => {
    const [ai, bi] = dotIndices(node, a, b, index, k);
    const [x, y] = [e.at(lhs, ai), e.at(rhs, bi)];
    e.s.update(acc, (old) => multiplyAdd(e, dtype, old, x, y));
  };
  const block = (emit: (acc: Ref) => void): void => {
    const acc = e.s.variable(zeroOf(e, dtype));
    emit(acc);
    const sum = e.s.get(acc);
    e.s.update(total, (old) => addBlock(e, dtype, old, sum));
  };
  const whole = Math.floor(depth / DOT_BLOCK) * DOT_BLOCK;
  if (whole > 0)
    e.s.for(0, whole, DOT_BLOCK, (start) =>
      block((acc) => e.s.for(start, e.s.iadd(start, DOT_BLOCK), 1, (k) => term(acc, e.indexOf(k, whole)))),
    );
  if (whole < depth) block((acc) => forEach(e, whole, depth, (k) => term(acc, k)));
  return roundTo(e.s, dtype, e.s.get(total));
}

export function convElement(e: ElementContext, node: Node<'conv'>, index: readonly Index[]): Ref {
  const [x, w] = node.inputs;
  const { strides, padLow, lhsDilation, rhsDilation, groups } = node.attrs;
  const { dtype } = node.type;
  const [xs, ws] = [e.sizes(x), e.sizes(w)];
  const [batch, out, ...spatial] = index;
  const channels = ws[1];
  if (channels === 0) return emptyResult(e.s, 'sum', dtype);
  const axes = convAxes(node.attrs, xs, ws, staticShape(node.type.shape).slice(2));
  const covered = new Covered(e, isFloat(dtype) && !axes.every(coversAll));
  const kernel = ws.slice(2);
  const perGroup = ws[0] / groups;
  const group = indexDiv(out, perGroup);
  const total = e.s.variable(zeroOf(e, dtype));
  const zero = isFloat(dtype) ? e.s.fconst(0) : e.s.iconst(0);

  // Which taps exist depends on the result's place, so blocks of terms are counted as they come.
  const acc = e.s.variable(zeroOf(e, dtype));
  const count = e.s.variable(e.s.iconst(0));
  const endBlock = (): void => {
    const sum = e.s.get(acc);
    e.s.update(total, (old) => addBlock(e, dtype, old, sum));
    e.s.set(acc, zeroOf(e, dtype));
    e.s.set(count, e.s.iconst(0));
  };
  const tapTerm = (channel: Index, taps: readonly Index[]): void => {
    let exists: Ref | undefined; // not in a hole of lhsDilation
    let inside: Ref | undefined; // not in the padding
    const and = (a: Ref | undefined, b: Ref | undefined): Ref | undefined =>
      a === undefined ? b : b === undefined ? a : e.s.band(a, b);
    const position = spatial.map((i, at) => {
      const extent = xs[at + 2];
      const raw = indexAdd(
        indexAdd(indexMul(i, strides[at]), indexMul(taps[at], rhsDilation[at])),
        indexConst(-padLow[at]),
      );
      const holes = lhsDilation[at];
      if (holes === 1) {
        inside = and(inside, inRange(e, raw, extent));
        return clampIndex(e, x, at + 2, raw);
      }
      // Shifted up by a multiple of the dilation, so that the remainder is that of the signed position.
      const lift = Math.ceil(padLow[at] / holes) * holes;
      const lifted = e.indices.emit(indexAdd(raw, indexConst(lift)));
      exists = and(exists, e.s.ieq(e.s.urem(lifted, e.s.iconst(holes)), 0));
      const element = e.s.isub(e.s.udiv(lifted, holes), lift / holes);
      inside = and(inside, e.s.ltu(element, e.s.iconst(extent)));
      return e.indexOf(e.s.umin(element, Math.max(extent - 1, 0)), extent);
    });
    const emit = (): void => {
      const channelOfX = indexAdd(indexMul(group, channels), channel);
      const value = e.at(x, [batch, channelOfX, ...position]);
      const padded =
        inside === undefined ? value : lowerSelect(e.s, scalarTypeOf(dtype), inside, value, zero);
      const weight = e.at(w, [out, channel, ...taps]);
      e.s.update(acc, (old) => multiplyAdd(e, dtype, old, padded, weight));
      covered.meet(inside);
      e.s.update(count, (old) => e.s.iadd(old, 1));
      e.s.if(e.s.ieq(e.s.get(count), DOT_BLOCK), endBlock);
    };
    if (exists === undefined) emit();
    else e.s.if(exists, emit);
  };
  const visit = (axis: number, channel: Index, taps: readonly Index[]): void => {
    if (axis === kernel.length) return tapTerm(channel, taps);
    forEach(e, 0, kernel[axis], (tap) => visit(axis + 1, channel, [...taps, tap]));
  };
  forEach(e, 0, channels, (channel) => visit(0, channel, []));
  endBlock();
  return roundTo(e.s, dtype, covered.resultOf(e.s.get(total)));
}

const SCATTER_REDUCERS = { add: 'sum', mul: 'prod', min: 'min', max: 'max' } as const;

export function scatterElement(e: ElementContext, node: Node<'scatter'>, index: readonly Index[]): Ref {
  const [operand, indices, updates] = node.inputs;
  const { kind } = node.attrs;
  const { dtype } = node.type;
  const count = e.sizes(indices)[0];
  const here = e.indices.emit(index[0]);
  const value = e.s.variable(e.at(operand, index));
  e.s.for(0, count, 1, (i) => {
    const position = e.indexOf(i, count);
    e.s.if(e.s.ieq(e.at(indices, [position]), here), () => {
      const update = e.at(updates, [position, ...index.slice(1)]);
      if (kind === 'set') e.s.set(value, update);
      else e.s.update(value, (old) => combine(e.s, SCATTER_REDUCERS[kind], dtype, old, update));
    });
  });
  return roundTo(e.s, dtype, e.s.get(value));
}
