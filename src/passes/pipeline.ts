/**
 * From a program to groups in an order and a place for every value: the stages between a frontend and code generation, in
 * the order in which they run.
 *
 *     canonical   loops and conds simplified; one form for what can be written in several
 *                 ways; what is known is computed                                               rewrite, subgraphs
 *     legal       what kernels cannot do at once is spelled out; transposes leave loops         rewrite, subgraphs
 *     fused       copies where values need a place of their own; groups, each one kernel        fusion
 *     scheduled   their order, and what is written over what                                    memory
 *     planned     offsets in the arena                                                          memory
 *
 * After each stage its invariants can be checked (`check`, or HEDDLE_CHECK=1 in the environment; the tests do). A log says
 * what each of them did.
 */
import { fault, HeddleError } from '../base/errors.js';
import { paramsOf, type Graph, type Node, type Program, type ValueId } from '../ir/graph.js';
import { MAX_LEVELS } from '../plan/plan.js';
import { isCanonical, MAX_TRIPS } from '../ir/ops.js';
import { graphIn } from '../ir/subgraphs.js';
import { checkCanonical, checkFused, checkLegal, checkPlanned, checkScheduled } from './invariants.js';
import { liveValues } from './dce.js';
import { bindingsOf, bufferBytes, type Bindings, type Outside } from './fusion/bindings.js';
import { fuse } from './fusion/fuse.js';
import type { Fusion, LoopNote } from './fusion/group.js';
import { handOn } from './handed-on.js';
import { fuseCell } from './cell-cost.js';
import { fuseTrips } from './inside.js';
import {
  aroundBranch,
  aroundTrip,
  bodyAt,
  condMemory,
  endsInTurn,
  loopMemory,
  ownCarries,
  partsRead,
  type PartMemory,
} from './loops.js';
import { arrange, promisesLeft, type Arrangement } from './memory/arrange.js';
import { layoutArena, type ArenaLayout } from './memory/arena.js';
import { donatedValues, type PortRequest } from './memory/donations.js';
import { promisesOf, type InPlace } from './memory/in-place.js';
import { separateOutputs } from './memory/residents.js';
import type { Rewrite } from './rewrite/log.js';
import { rewriteProgram } from './rewrite/rewrite.js';
import { CANONICALIZE, FOLD, LEGALIZE } from './rewrite/rules/index.js';
import { simplifySubgraphs } from './subgraphs/simplify.js';
import { grouping, planning, rewriting, scheduling, type StageReport } from './stage-log.js';
import type { Target } from './target.js';

export interface PipelineRequest {
  readonly target: Target;
  /** Set where inputs and outputs lie in buffers of the caller's, and not in the arena. */
  readonly ports?: PortRequest | undefined;
  /** Whether invariants are checked. Default: whether the environment says HEDDLE_CHECK=1. */
  readonly check?: boolean;
  /** How many loops the program is inside of. */
  readonly level?: number;
  /** Where inputs and outputs lie in the buffers of a program around this one: how large those are. */
  readonly outside?: Outside | undefined;
  /** Trips after which a while without a bound is stopped; an odd number stands for the next even one. Default: {@link MAX_TRIPS}. */
  readonly maxTrips?: number;
}

/** A program in its legal form. */
export interface Legal {
  readonly program: Program;
  /** Every application of a rule, in order. */
  readonly rewrites: readonly Rewrite[];
  readonly log: readonly StageReport[];
}

/** What the stages made of a program. */
export interface Staged {
  /** The program of whose values the groups speak. */
  readonly program: Program;
  /** The inputs that the caller gives up, by place; undefined where inputs and outputs lie in the arena. */
  readonly donated: readonly number[] | undefined;
  readonly arrangement: Arrangement;
  readonly layout: ArenaLayout;
  /** The loops of the program, with what the stages made of their bodies. */
  readonly loops: ReadonlyMap<ValueId, StagedLoop>;
  /** Its conds, of which only the branch that is taken runs. */
  readonly conds: ReadonlyMap<ValueId, StagedCond>;
  readonly log: readonly StageReport[];
}

/** A loop, whose trips are programs in turn. */
export interface StagedLoop {
  readonly trip: Staged;
  readonly memory: PartMemory;
  /** Trips that plans make, at most. */
  readonly trips: number;
  /** Why its trips are commands; undefined where one kernel makes all of them. */
  readonly refusal: string | undefined;
  /** Of each carried value whether trips write it over what they read; the others have two buffers, in turn. */
  readonly writtenOver: readonly boolean[];
  /** How many loops it is inside of. */
  readonly level: number;
}

/** A cond, whose branches are programs in turn. */
export interface StagedCond {
  readonly branches: readonly Staged[];
  readonly memory: PartMemory;
}

export interface LegaliseRequest extends Pick<PipelineRequest, 'target' | 'check'> {
  /** After how many rewrites it ends, with a program that is between, and may not be legal. Default: never. */
  readonly rewrites?: number;
}

/** The stages up to the legal form. Outputs have the same bits as before, on every device. */
export function legalise(
  program: Program,
  { target, rewrites: limit = Infinity, check = limit === Infinity && checksByDefault() }: LegaliseRequest,
): Legal {
  const settled = { ...CANONICALIZE, ...FOLD };
  const simple = { graph: simplifySubgraphs(program.graph, target), weights: program.weights };
  const canonical = rewriteProgram(simple, settled, target, {}, limit);
  // A program that comes in its legal form, as bundles have it, keeps it.
  if (check && program.graph.nodes.every(({ op }) => isCanonical(op))) checkCanonical(canonical.program);
  const spelled = rewriteProgram(canonical.program, { ...settled, ...LEGALIZE }, target, settled, limit - canonical.log.length); // prettier-ignore
  const legal = hoistTransposes(spelled, target, limit - canonical.log.length);
  if (check) checkLegal(legal.program);
  return {
    program: legal.program,
    rewrites: [...canonical.log, ...legal.log],
    log: [
      rewriting('canonical', program, canonical.program, canonical.log),
      rewriting('legal', canonical.program, legal.program, legal.log),
    ],
  };
}

/** What the legal form transposes in every trip of a loop, for lanes in step, is transposed before it, or when it is compiled. */
function hoistTransposes(
  legal: ReturnType<typeof rewriteProgram>,
  target: Target,
  limit: number,
): typeof legal {
  if (target.lanesInStep === 1 || legal.log.length >= limit) return legal;
  const { graph, weights } = legal.program;
  const simple = simplifySubgraphs(graph, target);
  if (simple === graph) return legal;
  const folded = rewriteProgram(
    { graph: simple, weights },
    { ...CANONICALIZE, ...FOLD, ...LEGALIZE },
    target,
    {},
    limit - legal.log.length,
  );
  return { program: folded.program, log: [...legal.log, ...folded.log] };
}

/** The stages after {@link legalise}. */
export function stage(
  legal: Program,
  {
    target,
    ports: request,
    outside,
    check = checksByDefault(),
    level = 0,
    maxTrips = MAX_TRIPS,
  }: PipelineRequest,
): Staged {
  const owned = ownCarries(legal.graph);
  const donate = request?.donate ?? [];
  const separate = request === undefined ? owned : separateOutputs(owned, donate);
  const bytes = bufferBytes(separate, outside);
  const bindings = bindingsOf(bytes, target);
  const even = 2 * Math.ceil(maxTrips / 2);
  const { loops, conds } = stageSubgraphs(separate, bytes, { target, check, level, maxTrips: even });
  const graph = handOn(separate, donate, bytes, (id) => loops.get(id)?.writtenOver ?? []);
  const own = new Map([...loops, ...conds].map(([id, { memory }]) => [id, memory.bytes]));
  const notes = new Map([...loops].map(([id, loop]) => [id, noteOf(graph, id, loop)]));
  const fusing = (promised: InPlace): Fusion => fuse(graph, target, promised, notes, bindings);
  const donations = request && donatedValues(graph, donate);
  const settled = settle(graph, fusing, { target, check, donations, bindings, own, before: legal.graph });
  const donated = request && (request.donated ?? donate.map(({ input }) => input));
  return { program: { ...legal, graph }, donated, ...settled, loops, conds };
}

export interface SettleRequest {
  readonly target: Target;
  readonly check: boolean;
  /** Output -> the param whose buffer is given up for it; undefined where inputs and outputs lie in the arena. */
  readonly donations: InPlace | undefined;
  readonly bindings: Bindings;
  /** Bytes that loops and conds need of their own. */
  readonly own?: ReadonlyMap<ValueId, number>;
  /** The graph in its legal form, for the log. */
  readonly before: Graph;
}

/**
 * The stages after the legal form, for a graph whose values have places of their own where they need them. `fusing` may count on what
 * it is promised, and fuses again with fewer promises where no order keeps them all.
 */
export function settle(
  graph: Graph,
  fusing: (promised: InPlace) => Fusion,
  { target, check, donations, bindings, own, before }: SettleRequest,
): Pick<Staged, 'arrangement' | 'layout' | 'log'> {
  const promised = promisesOf(graph, donations);
  const attempt = (kept: InPlace): Arrangement => {
    const fusion = fusing(kept);
    if (check) checkFused(graph, fusion, target, kept, bindings);
    const arrangement = arrange(graph, fusion, target, donations, own);
    const left = promisesLeft(kept, arrangement, target, bindings);
    return left === undefined ? arrangement : attempt(left);
  };
  const arrangement = attempt(promised);
  if (check) checkScheduled(graph, arrangement, target, bindings, donations);
  const layout = layoutArena(arrangement.assignment.allocations);
  if (check) checkPlanned(arrangement, layout);
  return {
    arrangement,
    layout,
    log: [grouping(before, graph, arrangement), scheduling(arrangement), planning(layout)],
  };
}

function noteOf(graph: Graph, id: ValueId, { trip, refusal, writtenOver }: StagedLoop): LoopNote {
  const inTurn = endsInTurn((graph.nodes[id] as Node<'loop'>).attrs);
  const reason =
    refusal === undefined
      ? `one kernel makes all of its trips: ${whyInside(trip)}`
      : `its trips have kernels of their own: ${refusal}`;
  return { inPlace: writtenOver.map((own) => own || inTurn), reason };
}

function whyInside({ arrangement }: Staged): string {
  const [{ space }] = arrangement.fusion.groups;
  if (space.kind !== 'cell') return 'an element needs nothing that is carried for another one';
  return 'a workgroup keeps a row of what it carries, which takes less time than the launches of kernels for each trip';
}

/** The one kernel that makes all trips of a loop, with what is carried in registers or in the memory of workgroups; or why there is none. */
function fuseLoop(loop: Node<'loop'>, trip: Graph, target: Target, bindings: Bindings): Fusion | string {
  if (loop.attrs.conditional) return 'it may end early';
  const alone = fuseTrips(loop, trip, target, bindings);
  if (typeof alone !== 'string') return alone;
  const together = fuseCell(loop, trip, target, bindings);
  return typeof together === 'string' ? `${alone}, and ${together}` : together;
}

/** A trip of a loop: as one kernel, which writes over what is carried and makes all trips, or else as commands. */
function stageTrip(
  loop: Node<'loop'>,
  body: Graph,
  outside: Outside,
  request: SubgraphRequest,
): { readonly trip: Staged; readonly refusal: string | undefined } {
  const { target, check } = request;
  const donate = Array.from({ length: loop.attrs.carries }, (_, i) => ({ input: i, output: i }));
  const graph = separateOutputs(body, donate);
  const commands = (refusal: string): ReturnType<typeof stageTrip> => ({
    trip: stage({ graph: body, weights: new Map() }, { ...request, outside, ports: { donate } }),
    refusal,
  });
  const bindings = bindingsOf(bufferBytes(graph, outside), target);
  const fusion = fuseLoop(loop, graph, target, bindings);
  if (typeof fusion === 'string') return commands(fusion);
  const donations = donatedValues(graph, donate);
  const settled = settle(graph, () => fusion, { target, check, donations, bindings, before: body });
  const program = { graph, weights: new Map() };
  const trip = { program, donated: [], ...settled, loops: new Map(), conds: new Map() };
  if (carriedOver(loop, trip).every(Boolean)) return { trip, refusal: undefined };
  if (check) fault('what a kernel of all trips carries is not stored where it is read', loop.name);
  return commands('what it carries would not be stored where it is read');
}

/** Of each carried value of a loop whether it is stored where the trip reads it. */
function carriedOver(
  { attrs: { carries } }: Node<'loop'>,
  { program: { graph }, arrangement }: Staged,
): readonly boolean[] {
  const { view } = arrangement.assignment;
  const params = paramsOf(graph);
  return graph.outputs.slice(0, carries).map(({ value }, i) => view(value).buffer === params[i].id);
}

type SubgraphRequest = Required<Omit<PipelineRequest, 'ports' | 'outside'>>;

/** Throws LIMIT_EXCEEDED where no plan can hold a loop. */
function checkPlannable({ name }: Node<'loop'>, level: number): void {
  if (level >= MAX_LEVELS)
    throw new HeddleError('LIMIT_EXCEEDED', 'loops are nested too deeply for a plan', {
      where: name,
      expected: `at most ${MAX_LEVELS} loops in each other`,
    });
}

/**
 * Bodies of loops and branches of conds go through the stages, too: their inputs and outputs are given. `bytes`: of the buffers in
 * which values of the graph lie.
 */
function stageSubgraphs(
  graph: Graph,
  bytes: readonly number[],
  request: SubgraphRequest,
): Pick<Staged, 'loops' | 'conds'> {
  const loops = new Map<ValueId, StagedLoop>();
  const conds = new Map<ValueId, StagedCond>();
  const { level, maxTrips } = request;
  const parts = partsRead(graph, liveValues(graph));
  graph.nodes.forEach((node, id) => {
    const needed = parts.get(id);
    if (needed === undefined) return;
    if (node.op === 'loop') {
      checkPlannable(node, level);
      const body = bodyAt(node, level);
      const outside = aroundTrip(graph, id, bytes);
      const { trip, refusal } = stageTrip(node, body, outside, { ...request, level: level + 1 });
      const writtenOver = carriedOver(node, trip);
      const memory = loopMemory(node, needed, trip.layout.bytes, writtenOver);
      const trips = node.attrs.trips === Infinity ? maxTrips : Number(node.attrs.trips);
      loops.set(id, { trip, memory, trips, refusal, writtenOver, level });
    } else if (node.op === 'cond') {
      const within = { ...request, outside: aroundBranch(graph, id, bytes), ports: { donate: [] } };
      const branches = node.attrs.branches.map((branch) =>
        stage({ graph: graphIn(branch), weights: new Map() }, within),
      );
      const arena = branches.reduce((most, { layout }) => Math.max(most, layout.bytes), 0);
      conds.set(id, { branches, memory: condMemory(node, needed, arena) });
    }
  });
  return { loops, conds };
}

const checksByDefault = (): boolean =>
  (globalThis as { process?: { env?: Record<string, string | undefined> } }).process?.env?.HEDDLE_CHECK ===
  '1';
