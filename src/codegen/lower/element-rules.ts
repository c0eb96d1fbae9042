/** The rule of every op that is not a plain scalar op: its element at an index. Exhaustive by type. */
import { fault } from '../../base/errors.js';
import { dimAdd, dimMul, dimSub, type Dim } from '../../ir/dim.js';
import { dilated } from '../../ir/extents.js';
import type { Node } from '../../ir/graph.js';
import { mapIndex } from '../../ir/index-map.js';
import {
  IDENTITY_OPS,
  tableOf,
  type BinaryOp,
  type CompareOp,
  type Op,
  type UnaryOp,
  type ViewOp,
} from '../../ir/ops.js';
import { threefry } from '../../numerics/threefry.js';
import { indexAdd, indexConst, linearize, stridesOf, type Index } from '../../ir/index-expr.js';
import type { Ref } from '../ssa/instr.js';
import {
  argreduceElement,
  convElement,
  dotElement,
  reduceElement,
  scatterElement,
  windowElement,
} from './loops.js';
import { clampIndex, inRange, lastOf } from './bounds.js';
import type { ElementContext, ElementRule } from './element.js';
import { lowerBitcast, lowerCast, lowerConstant, lowerSelect, scalarTypeOf } from './scalar-rules.js';

type StructuralOp = Exclude<Op, UnaryOp | BinaryOp | CompareOp>;

/** Sources, and what is always the heart of its kernel, are in buffers before a kernel that uses them starts. */
const materialised = (_: ElementContext, node: Node): never =>
  fault('an op without an element rule is not stored', node.op);

const allOf = (e: ElementContext, conditions: readonly (Ref | undefined)[]): Ref | undefined =>
  conditions.reduce((a, b) => (a === undefined ? b : b === undefined ? a : e.s.band(a, b)), undefined);

function padElement(e: ElementContext, node: Node<'pad'>, index: readonly Index[]): Ref {
  const [operand] = node.inputs;
  const { low, interior, value } = node.attrs;
  const shape = e.shape(operand);
  const conditions: (Ref | undefined)[] = [];
  const inner = index.map((i, axis) => {
    const step = interior[axis] + 1;
    const shifted = indexAdd(i, indexConst(-low[axis]));
    if (step === 1) {
      conditions.push(inRange(e, shifted, shape[axis]));
      return clampIndex(e, operand, axis, shifted);
    }
    // Wrapped negative positions must not look like multiples of the step, so the range is checked first.
    const position = e.indices.emit(shifted);
    const extent = dilated(shape[axis], step);
    conditions.push(e.s.ltu(position, extent), e.s.ieq(e.s.urem(position, e.s.iconst(step)), 0));
    return e.indexOf(e.s.umin(e.s.udiv(position, step), lastOf(shape[axis])), shape[axis]);
  });
  const fill = lowerConstant(e.s, node.type.dtype, value);
  if (shape.includes(0)) return fill;
  const inside = allOf(e, conditions);
  if (inside === undefined) return e.at(operand, inner);
  return lowerSelect(e.s, scalarTypeOf(node.type.dtype), inside, e.at(operand, inner), fill);
}

function concatElement(e: ElementContext, node: Node<'concat'>, index: readonly Index[]): Ref {
  const { axis } = node.attrs;
  let start: Dim = 0;
  const parts = node.inputs
    .map((id) => {
      const extent = e.shape(id)[axis];
      const part = { id, start, extent };
      start = dimAdd(start, extent);
      return part;
    })
    .filter((part) => part.extent !== 0);
  // Of an empty array no element is ever used, but a loop of no steps may still ask for one.
  if (parts.length === 0) return lowerConstant(e.s, node.type.dtype, 0);
  const read = (part: (typeof parts)[number]): Ref => {
    const local = clampIndex(e, part.id, axis, indexAdd(index[axis], indexConst(dimMul(-1, part.start))));
    return e.at(part.id, index.map((i, at) => (at === axis ? local : i))); // prettier-ignore
  };
  const position = e.indices.emit(index[axis]);
  const type = scalarTypeOf(node.type.dtype);
  // From the last part backwards: value = position < end(part) ? part : value.
  return parts
    .slice(0, -1)
    .reduceRight(
      (rest, part) =>
        lowerSelect(e.s, type, e.s.ltu(position, dimAdd(part.start, part.extent)), read(part), rest),
      read(parts[parts.length - 1]),
    );
}

function viewElement(e: ElementContext, node: Node<ViewOp>, index: readonly Index[]): Ref {
  const [operand] = node.inputs;
  return e.at(operand, mapIndex(node, e.shape(operand), index));
}

function gatherElement(e: ElementContext, node: Node<'gather'>, index: readonly Index[]): Ref {
  const [operand, indices] = node.inputs;
  const { axis } = node.attrs;
  const rank = e.shape(indices).length;
  const extent = e.shape(operand)[axis];
  const picked = e.at(indices, index.slice(axis, axis + rank));
  const last = e.s.iconst(dimSub(extent, 1));
  const clamped = e.s.smin(e.s.smax(picked, 0), last);
  return e.at(operand, [...index.slice(0, axis), e.indexOf(clamped, extent), ...index.slice(axis + rank)]);
}

function updateSliceElement(e: ElementContext, node: Node<'updateSlice'>, index: readonly Index[]): Ref {
  const [operand, update, start] = node.inputs;
  const { axis } = node.attrs;
  const count = e.shape(update)[axis];
  if (count === 0) return e.at(operand, index);
  // Places before the start wrap to large words, so that one test does.
  const place = e.s.prim('isub', e.indices.emit(index[axis]), e.at(start, []));
  const inside = e.s.ltu(place, count);
  const row = e.indexOf(e.s.umin(place, dimSub(count, 1)), count);
  const value = e.at(update, index.with(axis, row));
  return lowerSelect(e.s, scalarTypeOf(node.type.dtype), inside, value, e.at(operand, index));
}

export const ELEMENT_RULES: { readonly [K in StructuralOp]: ElementRule<K> } = {
  param: materialised,
  weight: materialised,
  scan: materialised,
  argsort: materialised,
  splitKDot: materialised,
  splitKConv: materialised,
  loop: materialised,
  cond: materialised,
  result: materialised,
  constant: (e, node, index) => {
    const { values, dtype } = node.attrs;
    if (values.length === 1) return lowerConstant(e.s, dtype, values[0]);
    const position = linearize(index, stridesOf(node.type.shape));
    const type = scalarTypeOf(dtype);
    if (position.terms.length === 0) return lowerConstant(e.s, dtype, values[Number(position.constant)]);
    const at = e.indices.emit(position);
    return values
      .slice(0, -1)
      .reduceRight(
        (rest, value, i) => lowerSelect(e.s, type, e.s.ieq(at, i), lowerConstant(e.s, dtype, value), rest),
        lowerConstant(e.s, dtype, values[values.length - 1]),
      );
  },
  iota: (e, node, index) => e.indices.emit(index[node.attrs.axis]),
  trip: (e, node) => e.s.trip(node.attrs.level),
  random: (e, node, index) => {
    const [key] = node.inputs;
    const counter = e.indices.emit(linearize(index, stridesOf(node.type.shape)));
    const [high, low] = [e.at(key, [indexConst(0)]), e.at(key, [indexConst(1)])];
    return threefry<Ref>(e.s, high, low, counter, e.s.iconst(0))[0];
  },
  cast: (e, node, index) => {
    const [operand] = node.inputs;
    return lowerCast(e.s, e.type(operand).dtype, node.attrs.dtype, e.at(operand, index));
  },
  bitcast: (e, node, index) => {
    const [operand] = node.inputs;
    return lowerBitcast(e.s, e.type(operand).dtype, node.attrs.dtype, e.at(operand, index));
  },
  select: (e, node, index) => {
    const [cond, whenTrue, whenFalse] = node.inputs.map((id) => e.at(id, index));
    return lowerSelect(e.s, scalarTypeOf(node.type.dtype), cond, whenTrue, whenFalse);
  },
  reshape: viewElement,
  permute: viewElement,
  broadcast: viewElement,
  slice: viewElement,
  reverse: viewElement,
  ...tableOf(IDENTITY_OPS, () => viewElement),
  pad: padElement,
  concat: concatElement,
  gather: gatherElement,
  reduce: reduceElement,
  argreduce: argreduceElement,
  reduceWindow: windowElement,
  dot: dotElement,
  conv: convElement,
  scatter: scatterElement,
  updateSlice: updateSliceElement,
};
