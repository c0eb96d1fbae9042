/** Ops with graphs inside: their graphs run as programs do, on the values at hand. */
import { HeddleError } from '../base/errors.js';
import { elementCount } from '../base/tensor.js';
import { liveUses, paramsOf, type Graph, type Node, type ValueId } from '../ir/graph.js';
import { MAX_TRIPS } from '../ir/ops.js';
import { graphIn, loopOperands, loopOutputs } from '../ir/subgraphs.js';
import { staticShape, type TensorType } from '../ir/types.js';
import { allocateLanes, type Operand } from './lanes.js';
import type { Sources } from './rule.js';

/** The value of a node, given its operands. */
export type Evaluate = (node: Node, operands: readonly Operand[], sources: Sources) => Operand;

/** Runs `graph`, whose params are `given` in order: its outputs in order. Values that none needs are not computed. */
function runGraph(graph: Graph, given: readonly Operand[], evaluate: Evaluate): readonly Operand[] {
  const byName = new Map(paramsOf(graph).map(({ node }, i) => [node.attrs.name, given[i].lanes]));
  const sources: Sources = {
    param: (name) => byName.get(name)!,
    weight: (id) => {
      throw new HeddleError('IR_INVALID', 'a weight inside of a subgraph', { found: id });
    },
  };
  const uses = liveUses(graph);
  const values = new Map<ValueId, Operand>();
  graph.nodes.forEach((node, id) => {
    if (uses[id] === 0) return;
    const operands = node.inputs.map((input) => values.get(input)!);
    values.set(id, evaluate(node, operands, sources));
    for (const input of node.inputs) if (--uses[input] === 0) values.delete(input);
  });
  return graph.outputs.map(({ value }) => values.get(value)!);
}

/** How the slices of `shape` along `axis` lie: `outer` runs of `inner` elements. */
function sliceLayout(
  shape: readonly number[],
  axis: number,
): { readonly outer: number; readonly inner: number } {
  return { outer: elementCount(shape.slice(0, axis)), inner: elementCount(shape.slice(axis + 1)) };
}

/** The slice at `at` along `axis`, in memory of its own. */
function takeSlice({ dtype, shape, lanes }: Operand, axis: number, at: number): Operand {
  const { outer, inner } = sliceLayout(shape, axis);
  const slice = allocateLanes(dtype, outer * inner);
  for (let o = 0; o < outer; o++) {
    const start = (o * shape[axis] + at) * inner;
    slice.set(lanes.subarray(start, start + inner), o * inner);
  }
  return { dtype, shape: shape.toSpliced(axis, 1), lanes: slice };
}

function putSlice({ shape, lanes }: Operand, axis: number, at: number, slice: Operand): void {
  const { outer, inner } = sliceLayout(shape, axis);
  for (let o = 0; o < outer; o++)
    lanes.set(slice.lanes.subarray(o * inner, (o + 1) * inner), (o * shape[axis] + at) * inner);
}

const scalar = (dtype: 'i32' | 'bool', value: number): Operand => {
  const lanes = allocateLanes(dtype, 1);
  lanes[0] = value;
  return { dtype, shape: [], lanes };
};

const zeros = ({ dtype, shape }: TensorType): Operand => {
  const extents = staticShape(shape);
  return { dtype, shape: extents, lanes: allocateLanes(dtype, elementCount(extents)) };
};

/** The parts of a loop's value. Throws LIMIT_EXCEEDED where a condition still holds after {@link MAX_TRIPS} trips. */
export function runLoop(
  node: Node<'loop'>,
  operands: readonly Operand[],
  evaluate: Evaluate,
): readonly Operand[] {
  const { body, carries, sliceAxes, sliceSteps, stackAxes, stackSteps } = node.attrs;
  const [trips] = node.attrs.trips === Infinity ? [Infinity] : staticShape([node.attrs.trips]);
  const holds = (condition: Operand | undefined): boolean => condition?.lanes[0] !== 0;
  const given = loopOperands(node, operands);
  let { carried } = given;
  let more = holds(given.condition);
  const stacks = node.type.parts!.slice(carries).map(zeros);
  const place = (trip: number, step: number): number => (step > 0 ? trip : trips - 1 - trip);
  for (let trip = 0; more && trip < trips; trip++) {
    if (trips === Infinity && trip >= MAX_TRIPS)
      throw new HeddleError('LIMIT_EXCEEDED', 'a loop does not end', {
        where: node.name ?? body.name,
        found: `${trip} trips, and it goes on`,
        expected: `at most ${MAX_TRIPS} trips`,
        hint: 'give the loop a bound, or mend its condition',
      });
    const slices = given.sliced.map((operand, i) =>
      takeSlice(operand, sliceAxes[i], place(trip, sliceSteps[i])),
    );
    const params = [scalar('i32', trip), ...carried, ...slices, ...given.captures];
    const made = loopOutputs(node, runGraph(graphIn(body), params, evaluate));
    more = holds(made.condition);
    carried = made.carried;
    made.slices.forEach((slice, i) => putSlice(stacks[i], stackAxes[i], place(trip, stackSteps[i]), slice));
  }
  return [...carried, ...stacks];
}

/** The parts of a cond's value: those of the branch that is taken; the others are not run. */
export function runCond(
  { attrs: { branches } }: Node<'cond'>,
  [predicate, ...captures]: readonly Operand[],
  evaluate: Evaluate,
): readonly Operand[] {
  const taken = Math.min(Math.max(predicate.lanes[0], 0), branches.length - 1);
  return runGraph(graphIn(branches[taken]), captures, evaluate);
}
