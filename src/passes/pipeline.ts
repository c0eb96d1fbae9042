/**
 * From a program to groups in an order and a place for every value: the stages between a frontend and code generation, in
 * the order in which they run.
 *
 *     canonical   one form for what can be written in several ways; what is known is computed    rewrite
 *     legal       what kernels cannot do at once is spelled out                                 rewrite
 *     fused       groups, each of which becomes one kernel                                      fusion
 *     scheduled   their order, and what is written over what                                    memory
 *     planned     offsets in the arena                                                          memory
 *
 * After each stage its invariants can be checked (`check`, or HEDDLE_CHECK=1 in the environment; the tests do).
 */
import type { Program } from '../ir/graph.js';
import { checkCanonical, checkFused, checkLegal, checkPlanned, checkScheduled } from './invariants.js';
import { fuseAndArrange, type Arrangement } from './memory/arrange.js';
import { layoutArena, type ArenaLayout } from './memory/arena.js';
import { donatedValues, separateOutputs, type Donation } from './memory/residents.js';
import type { Rewrite } from './rewrite/log.js';
import { rewriteProgram } from './rewrite/rewrite.js';
import { CANONICALIZE, FOLD, LEGALIZE } from './rewrite/rules/index.js';
import type { Target } from './target.js';

export const STAGES = ['canonical', 'legal', 'fused', 'scheduled', 'planned'] as const;
export type Stage = (typeof STAGES)[number];

export interface PipelineRequest {
  readonly target: Target;
  /** Set where inputs and outputs lie in buffers of the caller's, and not in the arena: the inputs that it gives up. */
  readonly donate?: readonly Donation[] | undefined;
  /** Whether invariants are checked. Default: whether the environment says HEDDLE_CHECK=1. */
  readonly check?: boolean;
}

/** What the stages made of a program. */
export interface Staged {
  /** The program of whose values the groups speak. */
  readonly program: Program;
  readonly arrangement: Arrangement;
  readonly layout: ArenaLayout;
}

/** The program in its legal form, with the rules that fired: outputs have the same bits as before, on every device. */
export function legalise(
  program: Program,
  { target, check = checksByDefault() }: PipelineRequest,
): { readonly program: Program; readonly log: readonly Rewrite[] } {
  const settled = { ...CANONICALIZE, ...FOLD };
  const canonical = rewriteProgram(program, settled, target);
  if (check) checkCanonical(canonical.program);
  const legal = rewriteProgram(canonical.program, { ...settled, ...LEGALIZE }, target, settled);
  if (check) checkLegal(legal.program);
  return { program: legal.program, log: [...canonical.log, ...legal.log] };
}

/** The stages after {@link legalise}. */
export function stage(
  legal: Program,
  { target, donate, check = checksByDefault() }: PipelineRequest,
): Staged {
  const graph = donate === undefined ? legal.graph : separateOutputs(legal.graph, donate);
  const ports = donate === undefined ? undefined : { donations: donatedValues(graph, donate) };
  const arrangement = fuseAndArrange(graph, target, ports);
  if (check) {
    checkFused(graph, arrangement.fusion, target);
    checkScheduled(graph, arrangement);
  }
  const layout = layoutArena(arrangement.storage.allocations);
  if (check) checkPlanned(arrangement, layout);
  return { program: { ...legal, graph }, arrangement, layout };
}

const checksByDefault = (): boolean =>
  (globalThis as { process?: { env?: Record<string, string | undefined> } }).process?.env?.HEDDLE_CHECK ===
  '1';
