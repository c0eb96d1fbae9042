/** Loops that workgroups make all trips of, row by row: see fusion/cell.ts. Which they are, and whether that pays. */
import { DEVICE_ELEMENT_BYTES } from '../base/dtype.js';
import { elementCount } from '../base/tensor.js';
import { REDUCE_LANES } from '../ir/accumulation.js';
import { isDot, termsOf } from '../ir/contraction.js';
import { paramsOf, type Graph, type Node, type ValueId } from '../ir/graph.js';
import { traitsOf } from '../ir/ops.js';
import { staticShape } from '../ir/types.js';
import type { Bindings } from './fusion/bindings.js';
import { cellOf, lengthIn, shapeIn, type Cell, type Phase } from './fusion/cell.js';
import { withForms } from './fusion/form.js';
import type { Carry, CellSpace, Fusion } from './fusion/group.js';
import { isGiven, liesIn } from './fusion/traits.js';
import { findUses } from './fusion/walk.js';
import { storedAs } from './memory/residents.js';
import type { Target } from './target.js';

/** The one kernel of all trips; or why there is none. `trip`, `bindings`: as in `fuseTrips`. */
export function fuseCell(
  { attrs: { carries, trips } }: Node<'loop'>,
  trip: Graph,
  target: Target,
  bindings: Bindings,
): Fusion | string {
  if (target.lanesInStep > 1) return 'lanes in step have no barriers';
  const results = trip.outputs.map(({ value }) => storedAs(trip, value));
  if (results.some((id) => isGiven(trip.nodes[id].op))) return 'a trip hands on what it was given';
  const params = paramsOf(trip).slice(0, carries).map(({ id }) => id); // prettier-ignore
  const found = rowsOf(trip, params, results, target);
  if (typeof found === 'string') return found;
  const { cell, space } = found;
  const made = results.slice(0, carries);
  const bytes = bytesKept(trip, cell, space, made);
  if (bytes > target.workgroupBytes) return `a row would keep ${bytes} bytes in the memory of a workgroup`;
  const inPlace = params.filter((id) => cell.sources.includes(id));
  const sum = (ids: readonly ValueId[]): number => ids.reduce((count, id) => count + bindings(id), 0);
  const buffers = sum(cell.sources) + sum(results) - sum(inPlace);
  if (buffers > target.storageBuffers) return `its kernel would need ${buffers} buffers`;
  const atOnce = Math.min(space.rows, Math.max(1, target.invocations / REDUCE_LANES));
  const steps = Math.ceil((stepsOf(trip, cell, space, target) * space.rows) / atOnce);
  const saved = cell.steps.length * target.launchSteps;
  if (steps > saved)
    return `workgroups would take ${steps} steps for the rows of a trip, and the launches of its kernels take ${saved}`;
  if (Number(trips) * steps > target.maxLoopOperations) return 'its trips are too long for one kernel';
  const stored = [...results].sort((a, b) => a - b);
  const carriesOf = params.map((id, i): Carry => {
    const source = cell.sources.indexOf(id);
    return { source: source < 0 ? undefined : source, result: stored.indexOf(made[i]) };
  });
  return {
    groups: withForms(trip, [
      {
        id: 0,
        space: { ...space, carries: carriesOf },
        anchor: undefined,
        members: cell.members,
        sources: cell.sources,
        results: stored,
        copy: undefined,
      },
    ]),
    placements: new Map(),
    aliases: aliasesOf(trip),
    decisions: cell.members.map((value) => ({
      value,
      fused: !cell.kept.has(value),
      reason: cell.kept.has(value) ? 'a workgroup keeps its row' : 'computed where it is used',
    })),
  };
}

/** Outputs that lie in what they are reshapes of. */
function aliasesOf(trip: Graph): ReadonlyMap<ValueId, ValueId> {
  const aliases = new Map<ValueId, ValueId>();
  for (const { value } of trip.outputs) {
    let id = value;
    for (let under = liesIn(trip, id); under !== undefined; under = liesIn(trip, id)) {
      aliases.set(id, under);
      id = under;
    }
  }
  return aliases;
}

interface Rows {
  readonly cell: Cell;
  readonly space: CellSpace;
}

/** The trip in as many rows as do not need each other; several of them make one where they do not fill a workgroup. */
function rowsOf(
  trip: Graph,
  params: readonly ValueId[],
  results: readonly ValueId[],
  target: Target,
): Rows | string {
  const carried = new Set(params);
  const within = (rows: number): Rows | string => {
    const space: CellSpace = { kind: 'cell', rows, carries: [] };
    const cell = cellOf(trip, space, carried, results, target);
    return typeof cell === 'string' ? cell : { cell, space };
  };
  const shape = staticShape(trip.nodes[results[0]].type.shape);
  const counts = shape.map((_, axis) => elementCount(shape.slice(0, axis + 1)));
  let reason = 'its results are empty';
  for (const rows of [...new Set([1, ...counts])].sort((a, b) => b - a)) {
    if (rows === 0) continue;
    const found = within(rows);
    if (typeof found === 'string') {
      reason = found;
      continue;
    }
    const longest = found.cell.steps.flat().reduce((most, { length }) => Math.max(most, length), 1);
    const together = largestDivisor(rows, Math.floor(REDUCE_LANES / longest));
    const packed = together > 1 ? within(rows / together) : found;
    return typeof packed === 'string' ? found : packed;
  }
  return reason;
}

/** The largest divisor of `count` that is at most `most`; 1 at least. */
function largestDivisor(count: number, most: number): number {
  for (let divisor = Math.min(count, most); divisor > 1; divisor--) if (count % divisor === 0) return divisor;
  return 1;
}

/** WebGPU counts each variable of the memory of a workgroup as so many bytes, or a multiple of them. */
const VARIABLE_BYTES = 16;

/** Bytes of the memory of a workgroup, as WebGPU counts them: what is carried lies there twice. */
function bytesKept(graph: Graph, { shared }: Cell, space: CellSpace, carried: readonly ValueId[]): number {
  const sum = (ids: readonly ValueId[], places: number): number =>
    ids.reduce((bytes, id) => {
      const own = DEVICE_ELEMENT_BYTES * places * lengthIn({ graph, space }, id);
      return bytes + Math.ceil(own / VARIABLE_BYTES) * VARIABLE_BYTES;
    }, 0);
  return (
    sum(carried, 2) +
    sum(
      [...shared].filter((id) => !carried.includes(id)),
      1,
    )
  );
}

/** Steps of the lanes of a workgroup for a row of a trip. What is computed where it is used counts once for each use. */
function stepsOf(graph: Graph, { steps }: Cell, space: CellSpace, target: Target): number {
  const lanes = Math.min(target.lanesAtOnce, REDUCE_LANES);
  const phaseSteps = ({ length, values, members }: Phase): number => {
    const { uses } = findUses(graph, space, values, members);
    const timesOf = (id: ValueId): number => (uses.get(id) ?? []).reduce((sum, { times }) => sum + times, 0);
    const work = members.reduce((sum, id) => sum + timesOf(id) * workOfElement(graph, id, target), 0);
    return Math.ceil(length / lanes) * work;
  };
  return steps.flat().reduce((sum, phase) => sum + phaseSteps(phase), steps.length * target.barrierSteps);
}

/** Operations for an element of a value, loads of products among them. */
function workOfElement(graph: Graph, id: ValueId, { heavyCost, loadCost }: Target): number {
  const node = graph.nodes[id];
  const shapeOf = (value: ValueId): readonly number[] => shapeIn({ graph }, value);
  if (isDot(node)) return termsOf(node, shapeOf(node.inputs[0]), shapeOf(node.inputs[1])) * (1 + loadCost);
  if (node.op === 'reduce') return elementCount(node.attrs.axes.map((axis) => shapeOf(node.inputs[0])[axis]));
  const { cost } = traitsOf(node.op);
  if (cost === 'view') return 0;
  return cost === 'heavy' ? heavyCost : 1;
}
