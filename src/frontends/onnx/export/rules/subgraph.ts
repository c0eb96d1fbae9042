/** Ops that hold graphs: cond is If; loop is Scan, or Loop where a condition ends it. */
import { paramsOf, liveUses, type Graph } from '../../../../ir/graph.js';
import { graphIn, loopOperands } from '../../../../ir/subgraphs.js';
import type { Shape, TensorType } from '../../../../ir/types.js';
import type { OnnxDType } from '../../dtype.js';
import { ONNX_OF, type OnnxBuilder, type Port, type Ref } from '../builder.js';
import type { ExportCall, ExportRule, Thin } from '../rule.js';

export const result: ExportRule<'result'> = ({ inputs: [tuple], attrs }) => tuple.thin.parts![attrs.index];

const tupleOf = (call: ExportCall<'loop' | 'cond'>, parts: readonly Ref[]): Thin => ({
  ref: parts[0],
  shape: call.type.shape,
  parts,
});

const partTypes = (call: ExportCall<'loop' | 'cond'>): readonly TensorType[] => call.type.parts ?? [];
const dtypesOf = (types: readonly TensorType[]): OnnxDType[] => types.map(({ dtype }) => ONNX_OF[dtype]);
const ports = (refs: readonly Ref[], types: readonly TensorType[]): Port[] =>
  refs.map((ref, i) => ({ ref, shape: types[i].shape }));

/** A flag chooses between two branches; a number, which is clamped, is compared with that of one after the other. */
export const cond: ExportRule<'cond'> = (call) => {
  const { g, attrs, emitGraph } = call;
  const [predicate, ...captures] = call.inputs.map(({ full }) => full());
  const types = partTypes(call);
  const branches = attrs.branches.map(graphIn);
  const choose = (b: OnnxBuilder, flag: Ref, whenTrue: Emit, whenFalse: Emit): readonly Ref[] => {
    const branch = (name: string, emit: Emit): ReturnType<OnnxBuilder['subgraph']> => {
      const inner = b.inside();
      return inner.subgraph(name, [], ports(emit(inner), types));
    };
    return b.nodeWith('If', [flag], dtypesOf(types), {
      then_branch: branch('then', whenTrue),
      else_branch: branch('else', whenFalse),
    });
  };
  const take =
    (at: number): Emit =>
    (b) =>
      emitGraph(b, branches[at], captures);
  const from =
    (at: number): Emit =>
    (b) => {
      if (at === branches.length - 1) return take(at)(b);
      const isHere = b.node('LessOrEqual', [predicate, b.scalar('int32', at)], 'bool');
      return choose(b, isHere, take(at), from(at + 1));
    };
  return tupleOf(call, predicate.dtype === 'bool' ? choose(g, predicate, take(1), take(0)) : from(0)(g));
};

/** Emits something into a builder: its results. */
type Emit = (b: OnnxBuilder) => readonly Ref[];

export const loop: ExportRule<'loop'> = (call) => {
  const { conditional, sliceAxes, stackAxes, trips } = call.attrs;
  if (trips === 0) return tupleOf(call, noTrips(call));
  const isWhile = conditional && sliceAxes.length + stackAxes.length === 0;
  return tupleOf(call, isWhile ? whileLoop(call) : scan(call));
};

/** The initial values, and stacks without elements. */
function noTrips(call: ExportCall<'loop'>): readonly Ref[] {
  const { carried } = loopOperands(call, call.inputs);
  const stacks = partTypes(call).slice(carried.length);
  return [
    ...carried.map(({ full }) => full()),
    ...stacks.map(({ dtype, shape }) =>
      call.g.like('Expand', [call.g.literals(dtype, [], [0]), call.g.ints(shape)]),
    ),
  ];
}

/** The body with its params and the types of its outputs. */
function bodyOf({ attrs }: ExportCall<'loop'>): {
  readonly graph: Graph;
  readonly params: readonly TensorType[];
  readonly outputs: readonly TensorType[];
  readonly usesTrip: boolean;
} {
  const graph = graphIn(attrs.body);
  const params = paramsOf(graph);
  return {
    graph,
    params: params.map(({ node }) => node.type),
    outputs: graph.outputs.map(({ value }) => graph.nodes[value].type),
    usesTrip: liveUses(graph)[params[0].id] > 0,
  };
}

const fresh = ({ dtype }: TensorType): Ref => ({ dtype: ONNX_OF[dtype] });
const SCALAR: Shape = [];

function whileLoop(call: ExportCall<'loop'>): readonly Ref[] {
  const { g, attrs, emitGraph } = call;
  const { graph, params, outputs } = bodyOf(call);
  const { condition, carried, captures } = loopOperands(call, call.inputs.map(({ full }) => full())); // prettier-ignore
  const inner = g.inside();
  const [trip, goes]: Ref[] = [{ dtype: 'int64' }, { dtype: 'bool' }];
  const held = params.slice(1, 1 + attrs.carries).map(fresh);
  const made = emitGraph(inner, graph, [inner.cast(trip, 'int32'), ...held, ...captures]);
  const inputs = [
    { ref: trip, shape: SCALAR },
    { ref: goes, shape: SCALAR },
    ...ports(held, params.slice(1)),
  ];
  const body = inner.subgraph('body', inputs, ports(made, outputs));
  const most = attrs.trips === Infinity ? undefined : g.extent(attrs.trips, 'int64');
  return g.nodeWith('Loop', [most, condition, ...carried], dtypesOf(partTypes(call)), { body });
}

/** A loop with a condition has it among its states: behind the end, states stay and slices are zero. */
function scan(call: ExportCall<'loop'>): readonly Ref[] {
  const { g, attrs, emitGraph } = call;
  const { graph, params, outputs, usesTrip } = bodyOf(call);
  const operands = loopOperands(call, call.inputs.map(({ full }) => full())); // prettier-ignore
  const { condition, carried, sliced, captures } = operands;
  const held = params.slice(1, 1 + carried.length).map(fresh);
  const slices = params.slice(1 + carried.length).slice(0, sliced.length).map(fresh); // prettier-ignore
  const trip: Ref = { dtype: 'int32' };
  // A Scan has at least one input, and does not number its trips.
  const numbered = usesTrip || sliced.length === 0;
  const inner = g.inside();
  const run: Emit = (b) => emitGraph(b, graph, [trip, ...held, ...slices, ...captures]);
  const goes: Ref = { dtype: 'bool' };
  const made = condition === undefined ? run(inner) : whereAlive(inner, goes, held, outputs, run);
  const flag = condition === undefined ? [] : [condition];
  const inputs: Port[] = [
    ...flag.map(() => ({ ref: goes, shape: SCALAR })),
    ...ports([...held, ...slices], params.slice(1)),
    ...(numbered ? [{ ref: trip, shape: SCALAR }] : []),
  ];
  const body = inner.subgraph('body', inputs, ports(made, outputs));
  const numbers = (): Ref =>
    g.node('Range', [g.scalar('int32', 0), g.extent(attrs.trips, 'int32'), g.scalar('int32', 1)], 'int32');
  const stacked = numbered ? [...sliced, numbers()] : sliced;
  const directions = (steps: readonly number[]): number[] => steps.map((step) => (step === 1 ? 0 : 1));
  const dtypes: OnnxDType[] = [...flag.map((): OnnxDType => 'bool'), ...dtypesOf(partTypes(call))];
  const results = g.nodeWith('Scan', [...flag, ...carried, ...stacked], dtypes, {
    body,
    num_scan_inputs: stacked.length,
    scan_input_axes: numbered ? [...attrs.sliceAxes, 0] : attrs.sliceAxes,
    scan_input_directions: directions(numbered ? [...attrs.sliceSteps, 1] : attrs.sliceSteps),
    scan_output_axes: attrs.stackAxes,
    scan_output_directions: directions(attrs.stackSteps),
  });
  return results.slice(flag.length);
}

/** A trip if `goes`; else the states as they are, and zeros. */
function whereAlive(
  b: OnnxBuilder,
  goes: Ref,
  held: readonly Ref[],
  outputs: readonly TensorType[],
  run: Emit,
): readonly Ref[] {
  const [trip, rest] = [b.inside(), b.inside()];
  const zeros = outputs.slice(1 + held.length).map(({ dtype, shape }) => {
    const zero = rest.literals(dtype, [], [0]);
    return shape.length === 0 ? zero : rest.like('Expand', [zero, rest.ints(shape)]);
  });
  return b.nodeWith('If', [goes], dtypesOf(outputs), {
    then_branch: trip.subgraph('trip', [], ports(run(trip), outputs)),
    else_branch: rest.subgraph('rest', [], ports([goes, ...held, ...zeros], outputs)),
  });
}
