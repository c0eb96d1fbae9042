/** The stages before fusion, for callers of their own. */
import { checkGraph, checkProgram } from '../ir/check-program.js';
import type { Program } from '../ir/graph.js';
import { legalise } from './pipeline.js';
import { DEFAULT_TARGET, type Target } from './target.js';

/**
 * The program in the form that fusion takes: nothing dead, nothing twice, nothing that is known computed at run time, long
 * sums in chunks. Outputs have the same bits as before, on every device. Weights are taken over as they are, except where
 * something was folded.
 */
export function optimize(program: Program, target: Target = DEFAULT_TARGET): Program {
  checkProgram('optimize', program);
  checkGraph('optimize', program.graph);
  return legalise(program, { target }).program;
}
