/** The passes that run before fusion. */
import { checkGraph, checkProgram } from '../ir/check-program.js';
import type { Graph, Program } from '../ir/graph.js';
import type { Target } from './target.js';
import { rewriteProgram, type Rewritten } from './rewrite/rewrite.js';
import { CANONICALIZE, FOLD, LEGALIZE, RULES } from './rewrite/rules/index.js';

/** {@link optimize}, with a record of every rule that was applied. */
export const optimizeWithLog = (program: Program, target?: Target): Rewritten =>
  rewriteProgram(program, RULES, target);

/**
 * The program in normal form: nothing dead, nothing twice, nothing that is known computed at run time. Outputs have the
 * same bits as before, on every device. Weights are taken over as they are, except where something was folded.
 */
export function optimize(program: Program, target?: Target): Program {
  checkProgram('optimize', program);
  checkGraph('optimize', program.graph);
  return optimizeWithLog(program, target).program;
}

/** The parts of {@link optimize}, on their own. */
export const eliminateCommonSubexpressions = (program: Program): Program =>
  rewriteProgram(program, {}).program;
export const canonicalize = (program: Program): Program => rewriteProgram(program, CANONICALIZE).program;
export const foldConstants = (program: Program): Program => rewriteProgram(program, FOLD).program;
export const splitReductions = (program: Program): Program => rewriteProgram(program, LEGALIZE).program;

/** {@link canonicalize} for a graph without weights. */
export const canonicalizeGraph = (graph: Graph): Graph => canonicalize({ graph, weights: new Map() }).graph;
