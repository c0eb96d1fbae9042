/** Graphs for the inside of loops and conds. */
import { GraphBuilder, type GraphValue } from '../../src/ir/builder.js';
import type { Graph } from '../../src/ir/graph.js';
import type { OpAttrs } from '../../src/ir/ops.js';
import { partsOf } from '../../src/ir/subgraphs.js';
import type { TensorType } from '../../src/ir/types.js';

/** The graph of `define`, which is given a param of each of these types. */
export function innerGraph(
  types: readonly TensorType[],
  define: (b: GraphBuilder, ...params: readonly GraphValue[]) => readonly GraphValue[],
): Graph {
  const b = new GraphBuilder('inner');
  const params = types.map(({ dtype, shape }, i) => b.param(`a${i}`, dtype, shape));
  define(b, ...params).forEach((value, i) => b.output(`r${i}`, value));
  return b.build();
}

/** A loop as its parts; what is left out is none. The directions of all stacks and slices are `sliceSteps` and `stackSteps`. */
export interface LoopSpec {
  readonly trips: number;
  readonly condition?: GraphValue;
  readonly carried?: readonly GraphValue[];
  readonly sliced?: readonly GraphValue[];
  readonly captures?: readonly GraphValue[];
  readonly sliceAxes?: readonly number[];
  readonly sliceSteps?: readonly number[];
  readonly stackAxes?: readonly number[];
  readonly stackSteps?: readonly number[];
}

const ofEach = (list: readonly unknown[], value: number): readonly number[] => list.map(() => value);

/** The parts of the value of a loop whose body is given the trip, the carried values, the slices and the captures. */
export function emitLoop(
  b: GraphBuilder,
  spec: LoopSpec,
  body: (b: GraphBuilder, ...params: readonly GraphValue[]) => readonly GraphValue[],
): readonly GraphValue[] {
  const { trips, condition, carried = [], sliced = [], captures = [], stackAxes = [] } = spec;
  const {
    sliceAxes = ofEach(sliced, 0),
    sliceSteps = ofEach(sliced, 1),
    stackSteps = ofEach(stackAxes, 1),
  } = spec;
  const slices = sliced.map(({ type }, i) => ({ ...type, shape: type.shape.toSpliced(sliceAxes[i], 1) }));
  const types = [
    { dtype: 'i32', shape: [] } as const,
    ...carried.map(({ type }) => type),
    ...slices,
    ...captures.map(({ type }) => type),
  ];
  const attrs: OpAttrs['loop'] = {
    body: innerGraph(types, body),
    carries: carried.length,
    trips,
    conditional: condition !== undefined,
    sliceAxes,
    sliceSteps,
    stackAxes,
    stackSteps,
  };
  const flags = condition === undefined ? [] : [condition];
  return partsOf(b, b.emit('loop', [...flags, ...carried, ...sliced, ...captures], attrs));
}

/** The parts of the value of a cond whose branches are given the captures. */
export function emitCond(
  b: GraphBuilder,
  predicate: GraphValue,
  captures: readonly GraphValue[],
  ...branches: readonly ((b: GraphBuilder, ...params: readonly GraphValue[]) => readonly GraphValue[])[]
): readonly GraphValue[] {
  const types = captures.map(({ type }) => type);
  const graphs = branches.map((branch) => innerGraph(types, branch));
  return partsOf(b, b.emit('cond', [predicate, ...captures], { branches: graphs }));
}
