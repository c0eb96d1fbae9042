/**
 * Elementwise kernels for engines whose lanes run in step, where elements are read by their places along an axis: padding, pooling,
 * broadcasts, views. A quad goes along a line of the results, four neighbours at a time, so that what it reads there lies side by
 * side as well, and the index of the line is computed once.
 */
import { elementCount, rowMajorStrides } from '../../base/tensor.js';
import type { Dim } from '../../ir/dim.js';
import type { Node } from '../../ir/graph.js';
import { delinearize, linearize, type Index } from '../../ir/index-expr.js';
import { isIdentity, traitsOf } from '../../ir/ops.js';
import { staticShape } from '../../ir/types.js';
import { WORKGROUP_SIZE, type LoweredKernel } from '../kernel/body.js';
import type { Ref } from '../ssa/instr.js';
import type { View } from './access.js';
import type { KernelContext } from './context.js';
import { staticElementCost } from './cost.js';

/** The length of the lines of a kernel of `count` elements; undefined where neighbours of all that it reads are neighbours anyway. */
export function lineLength({ form, graph, spec, target }: KernelContext, count: number): number | undefined {
  if (target.lanesInStep === 1) return undefined;
  const lengths = [
    ...form.members.map((id) => ofNode(graph.nodes[id], staticShape(graph.nodes[graph.nodes[id].inputs[0] ?? id].type.shape))), // prettier-ignore
    ...[...spec.sources, ...spec.results].map(({ view }) => ofView(view)),
  ].flatMap(({ elements, length }) => (elements === count && length < count ? [length] : []));
  const length = lengths.reduce((a, b) => Math.min(a, b), Infinity);
  return length >= target.minLine && length < Infinity ? length : undefined;
}

interface Line {
  readonly elements: number;
  /** Elements that are computed from neighbours, or from one. */
  readonly length: number;
}

function ofNode({ op, type }: Node, operand: readonly number[]): Line {
  const shape = staticShape(type.shape);
  const elements = elementCount(shape);
  const isPlain = traitsOf(op).class === 'scalar' || isIdentity(op) || op === 'reshape' || op === 'constant';
  if (isPlain) return { elements, length: elements };
  if (op !== 'broadcast') return { elements, length: shape.findLast((extent) => extent !== 1) ?? 1 };
  return { elements, length: trailing(shape, (axis) => operand[axis] === 1) };
}

function ofView(view: View<Dim>): Line {
  const [shape, strides] = [view.shape, view.strides].map(staticShape);
  const wanted = rowMajorStrides(shape);
  return { elements: elementCount(shape), length: trailing(shape, (axis) => strides[axis] === wanted[axis]) };
}

/** Elements of the last axes that are of one kind. */
function trailing(shape: readonly number[], kind: (axis: number) => boolean): number {
  const axes = shape.map((_, axis) => axis).filter((axis) => shape[axis] !== 1);
  const last = axes[axes.length - 1];
  const other = axes.findLastIndex((axis) => kind(axis) !== kind(last));
  return elementCount(axes.slice(other + 1).map((axis) => shape[axis]));
}

/** The kernel of `count` elements in lines of `length`. */
export function lowerLines(k: KernelContext, count: number, length: number): LoweredKernel {
  const { s, evaluator, form } = k;
  const { lanesInStep: lanes, maxLinePiece } = k.target;
  const lines = count / length;
  const pieces = Math.ceil(length / maxLinePiece);
  const piece = lanes * Math.ceil(length / (pieces * lanes));
  const rest = length % lanes;
  const quads = WORKGROUP_SIZE / lanes;
  const cost = count * staticElementCost(k, form.members);
  return k.kernel(Math.ceil((lines * pieces) / quads), cost, (group) => {
    const quad = s.iadd(s.imul(group, quads), s.ishr(k.lane, Math.log2(lanes)));
    const lane = s.iand(k.lane, lanes - 1);
    s.if(s.ltu(quad, lines * pieces), () => {
      const [line, part] = delinearize(evaluator.indexOf(quad, lines * pieces), [lines, pieces]);
      const store = (first: Ref | number): void => {
        const column = evaluator.laneIndex(s.iadd(lane, first), length);
        const place = linearize([line, column], [length, 1]);
        k.store(form.results.map((id) => [id, delinearize(place, evaluator.sizes(id))]));
      };
      const from = s.imul(evaluator.indices.emit(part), piece);
      const whole = length - rest;
      s.for(from, pieces === 1 ? whole : s.umin(s.iadd(from, piece), whole), lanes, store);
      if (rest > 0) s.if(isLast(k, part, pieces), () => lastOf(k, lane, length, store));
    });
  });
}

const isLast = ({ s, evaluator }: KernelContext, part: Index, pieces: number): Ref =>
  s.ieq(evaluator.indices.emit(part), pieces - 1);

/** The last four of a line, some of which are done: what they were computed from may be overwritten by now. */
function lastOf(k: KernelContext, lane: Ref, length: number, store: (first: number) => void): void {
  const { s, spec } = k;
  const { lanesInStep: lanes } = k.target;
  const written = new Set(spec.results.map(({ buffer }) => buffer));
  const inPlace = spec.sources.some(({ buffer }) => written.has(buffer));
  if (!inPlace) return store(length - lanes);
  s.if(s.bnot(s.ltu(lane, lanes - (length % lanes))), () => store(length - lanes));
}
