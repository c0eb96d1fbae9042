/**
 * Plans as functions of sizes. Groups, their order and what is written over what are those of the program for sizes that are likely;
 * kernels are lowered with the dimensions themselves, whose numbers are parameters. So what a kernel computes is right for all sizes
 * by construction: code generation finds every element that it reads by the index rules of the ops, and says DIM_UNBOUND where a rule
 * needs a number. What code generation takes from the groups is proved for all sizes: how many elements their results have, and what
 * may be written over what.
 */
import { deviceBytes } from '../base/tensor.js';
import { HeddleError } from '../base/errors.js';
import { checkBindings, symbolsOf } from '../ir/bind-dims.js';
import { dimAdd, dimEquals, dimMul, dimProduct, dimSubstitute, SymDim, type Dim, type DimBindings } from '../ir/dim.js'; // prettier-ignore
import { isLess, LEAST_SIZE } from '../ir/dim-proofs.js';
import { REDUCE_CHUNK } from '../ir/accumulation.js';
import type { Graph, Program, ValueId } from '../ir/graph.js';
import { stridesOf } from '../ir/index-expr.js';
import { holdsGraphs } from '../ir/subgraphs.js';
import { staticShape } from '../ir/types.js';
import { withSizes } from '../ir/with-sizes.js';
import { formOf } from '../passes/fusion/form.js';
import { rowSpace, type Form, type Group, type Placement, type Space } from '../passes/fusion/group.js';
import { layoutArena } from '../passes/memory/arena.js';
import { overwritesOf } from '../passes/memory/overwrite.js';
import { stage, type PipelineRequest, type Staged } from '../passes/pipeline.js';
import type { Plan, PlanPipeline, PlanPort, Region } from '../plan/plan.js';
import { inspectedPlan } from '../plan/summary.js';
import { gridOf, type KernelBody, type LoweredKernel } from './kernel/body.js';
import { shareWithin } from './kernel/share.js';
import { layoutWeights, labelOf } from './plan.js';
import { printerFor } from './printer.js';
import { lowerKernel } from './lower/lower.js';
import { specify, type Location } from './lower/spec.js';
import type { Param } from './ssa/builder.js';

/** A plan for all sizes. */
export interface SymbolicPlan {
  /**
   * The plan for `sizes`, one for each symbol. Throws DIM_UNBOUND where one is missing and where they need kernels of their own, as
   * sizes of 0 and 1 do, ATTRIBUTE_INVALID for what is no size, and as the type rules do where they do not fit the ops.
   */
  bind(sizes: DimBindings): Plan;
}

/** A kernel with what it is bound to. */
interface SymbolicCommand {
  readonly group: Group;
  readonly kernel: LoweredKernel;
  /** The values whose buffers it binds. */
  readonly roots: readonly ValueId[];
}

/**
 * The plan of `legal`, a program in its legal form with symbols, which is arranged for sizes that are `likely`. Throws DIM_UNBOUND where
 * something of it needs numbers, for `likely` sizes that {@link SymbolicPlan.bind} refuses as it does, and as the stages do.
 */
export function symbolicPlan(legal: Program, request: PipelineRequest, likely: DimBindings): SymbolicPlan {
  const { graph } = legal;
  const { target } = request;
  if (request.ports !== undefined) needsNumbers('inputs and outputs in buffers of the caller');
  if (graph.nodes.some(({ op }) => holdsGraphs(op))) needsNumbers('a loop or a cond');
  const reduced = lengthsOfReductions(graph);
  if (reduced.some((length) => isLess(REDUCE_CHUNK, length))) needsNumbers('a long reduction');
  const symbols = symbolsOf(graph);
  const staged = stage({ ...legal, graph: sizedGraph(graph, symbols, likely) }, request);
  const places = new Places(graph, staged);
  const { groups } = staged.arrangement.fusion;
  const forms = groups.map((group) => formOf(graph, { ...group, space: spaceOf(graph, staged, group) }));
  checkInPlace(staged, forms);
  const commands = groups.map((group, i): SymbolicCommand => {
    const { spec, roots } = specify(
      forms[i],
      group.sources.map((id) => places.of(id)),
      group.results.map((id) => places.of(id, group.copy)),
    );
    return { group, kernel: lowerKernel(spec, target, likely), roots };
  });
  const shared = shareWithin(
    commands.map(({ kernel: { body, shareable } }) => ({ body, shareable, grid: [1, 1, 1], cost: 0 })),
    target,
  );
  const printer = printerFor(target, 'preserve');
  const known = new Map<KernelBody, number>();
  const pipelines: PlanPipeline[] = [];
  const numbers = shared.map(({ body }) => {
    if (body.params > target.maxParams) needsNumbers('a kernel with too many parameters');
    const number =
      known.get(body) ??
      pipelines.push({ ...printer.print(body), bindings: body.bindings, params: body.params }) - 1;
    known.set(body, number);
    return number;
  });
  const weights = layoutWeights(graph);
  return {
    bind(sizes) {
      const sized = sizedGraph(graph, symbols, sizes);
      const shapeOf = (id: ValueId): readonly number[] => staticShape(sized.nodes[id].type.shape);
      const valueOf = evaluator(sizes);
      if (reduced.some((length) => valueOf(length) > REDUCE_CHUNK)) needsNumbers('a long reduction');
      const { allocations } = staged.arrangement.assignment;
      const layout = layoutArena(
        allocations.map((allocation) => ({ ...allocation, bytes: deviceBytes(shapeOf(allocation.root)) })),
      );
      const regionOf = (root: ValueId): Region => {
        const size = deviceBytes(shapeOf(root));
        if (size > target.bindingBytes) needsNumbers('a buffer that is bound in windows');
        const offset = weights.offsets.get(root);
        return offset === undefined
          ? { space: 'arena', offset: layout.offsets.get(root)!, size }
          : { space: 'weights', offset, size };
      };
      const port = (name: string, id: ValueId): PlanPort => {
        const { dtype } = sized.nodes[id].type;
        return { name, dtype, shape: shapeOf(id), region: regionOf(places.rootOf(id)) };
      };
      return inspectedPlan({
        name: graph.name,
        inputs: sized.nodes.flatMap((node, id) => (node.op === 'param' ? [port(node.attrs.name, id)] : [])),
        outputs: sized.outputs.map(({ name, value }) => port(name, value)),
        weights: weights.list,
        weightBytes: weights.bytes,
        arenaBytes: layout.bytes,
        arenaLowerBound: layout.lowerBound,
        pipelines,
        commands: commands.map(({ group, kernel, roots }, i) => ({
          label: labelOf(sized, group),
          pipeline: numbers[i],
          regions: roots.map(regionOf),
          params: [...kernel.params.map((param) => wordOf(param, valueOf)), ...shared[i].params],
          workgroups: gridOf(valueOf(kernel.workgroups)),
          cost: valueOf(kernel.cost),
        })),
      });
    },
  };
}

/** `graph` for `sizes`, all of whose values have elements. What is empty is arranged otherwise: it has no groups, and no place in a concat. */
function sizedGraph(graph: Graph, symbols: readonly string[], sizes: DimBindings): Graph {
  checkBindings(symbols, sizes);
  for (const [name, size] of Object.entries(sizes)) if (size < LEAST_SIZE) needsNumbers(`${name} = ${size}`);
  const sized = withSizes(graph, sizes);
  if (sized.nodes.some(({ type }) => type.shape.includes(0))) needsNumbers('an empty value');
  return sized;
}

/** How many elements its reductions are over: the legal form of long ones has chunks. */
function lengthsOfReductions({ nodes }: Graph): readonly Dim[] {
  return nodes.flatMap((node) => {
    if (node.op !== 'reduce') return [];
    const { shape } = nodes[node.inputs[0]].type;
    return [dimProduct(node.attrs.axes.map((axis) => shape[axis]))];
  });
}

function needsNumbers(found: string): never {
  throw new HeddleError('DIM_UNBOUND', 'no plan for all sizes has it', {
    found,
    hint: 'a plan for each size',
  });
}

/** Gives the numbers of dimensions, each of which is computed once. */
function evaluator(sizes: DimBindings): (dim: Dim) => number {
  const known = new Map<string, number>();
  return (dim) => {
    if (!(dim instanceof SymDim)) return dim;
    const value = known.get(dim.text) ?? staticShape([dimSubstitute(dim, sizes)])[0];
    known.set(dim.text, value);
    return value;
  };
}

function wordOf(param: Param, valueOf: (dim: Dim) => number): number {
  const value = param instanceof SymDim ? valueOf(param) : gridOf(valueOf(param.rowOf))[0];
  if (value < -(2 ** 31) || value >= 2 ** 32) needsNumbers(`a parameter of ${value}`);
  return value >>> 0;
}

/** Where the values of a program with symbols lie, as they do in the arrangement for likely sizes. */
class Places {
  constructor(
    private readonly graph: Graph,
    private readonly staged: Staged,
  ) {}

  /** The value whose allocation it is in which `id` lies. */
  rootOf(id: ValueId): ValueId {
    return this.staged.arrangement.assignment.view(id).buffer;
  }

  /** Where `id` lies, or its copy. */
  of(id: ValueId, copy?: Placement): Location<Dim> {
    const { assignment } = this.staged.arrangement;
    const root = copy === undefined ? this.rootOf(id) : assignment.placedView(id, copy).buffer;
    const { op, type } = this.graph.nodes[id];
    const view = copy === undefined ? this.viewOf(id) : this.placed(id, copy);
    const space = this.graph.nodes[root].op === 'weight' ? 'weights' : 'arena';
    return { root, view: { dtype: type.dtype, ...view }, space: op === 'weight' ? 'weights' : space };
  }

  /** As in passes/memory/aliases.ts. */
  private viewOf(id: ValueId): Omit<Location<Dim>['view'], 'dtype'> {
    const { aliases, placements } = this.staged.arrangement.fusion;
    let source = id;
    for (let alias = aliases.get(source); alias !== undefined; alias = aliases.get(source)) source = alias;
    const placement = placements.get(source);
    if (placement !== undefined) return this.placed(source, placement);
    const { shape } = this.graph.nodes[id].type;
    return { shape, strides: stridesOf(shape), offset: 0 };
  }

  private placed(id: ValueId, placement: Placement): Omit<Location<Dim>['view'], 'dtype'> {
    const { strides, offset } = this.viewOf(placement.into);
    const start = dimMul(this.startOf(id, placement), strides[placement.axis]);
    return { shape: this.graph.nodes[id].type.shape, strides, offset: dimAdd(offset, start) };
  }

  /** What is in front of the operand `id`, whatever the sizes are. One that stands there twice is told by its `start` for likely sizes. */
  private startOf(id: ValueId, { into, axis, start }: Placement): Dim {
    let [likely, all]: [number, Dim] = [0, 0];
    for (const operand of this.graph.nodes[into].inputs) {
      if (operand === id && likely === start) return all;
      likely += staticShape(this.staged.program.graph.nodes[operand].type.shape)[axis];
      all = dimAdd(all, this.graph.nodes[operand].type.shape[axis]);
    }
    return needsNumbers('a part of a concat');
  }
}

/** The space of a group with symbols: that of likely sizes, where its results have as many elements as it has for all. */
function spaceOf(graph: Graph, staged: Staged, { space, members, results }: Group): Space<Dim> {
  const counts = results.map((id) => dimProduct(graph.nodes[id].type.shape));
  if (space.kind === 'flat') {
    const [count] = counts;
    if (!counts.every((each) => dimEquals(each, count))) needsNumbers('results of other counts');
    return { kind: 'flat', count };
  }
  if (space.kind !== 'rows') return needsNumbers(`a kernel of kind ${space.kind}`);
  for (const id of members) {
    const node = graph.nodes[id];
    if (node.op !== 'reduce' || `${node.attrs.axes}` !== `${space.axes}`) continue;
    const [operand] = node.inputs;
    if (`${staged.program.graph.nodes[operand].type.shape}` !== `${space.shape}`) continue;
    const found = rowSpace(graph.nodes[operand].type.shape, space.axes);
    const elements = dimMul(found.rows, found.cols);
    if (counts.every((each) => dimEquals(each, found.rows) || dimEquals(each, elements))) return found;
  }
  return needsNumbers('rows of other counts');
}

/** What is written over what for likely sizes has to be so for all. */
function checkInPlace({ arrangement }: Staged, forms: readonly Form<Dim>[]): void {
  const { fusion, inPlace, assignment } = arrangement;
  const rootOf = (id: ValueId): ValueId => assignment.view(id).buffer;
  for (const written of inPlace.keys()) {
    const at = fusion.groups.findIndex(({ results }) => results.includes(written));
    const group = fusion.groups[at];
    const holds = overwritesOf(forms[at]).some(
      ([result, source]) =>
        group.results[forms[at].results.indexOf(result)] === written &&
        rootOf(group.sources[forms[at].sources.indexOf(source)]) === rootOf(written),
    );
    if (!holds) needsNumbers('a value that is written over another');
  }
}
