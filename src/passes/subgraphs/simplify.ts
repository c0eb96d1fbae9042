/** Loops and conds as small as they can be: nothing in them is done twice or for nothing. */
import type { Graph } from '../../ir/graph.js';
import { holdsGraphs } from '../../ir/subgraphs.js';
import { DEFAULT_TARGET, type Target } from '../target.js';
import { hoistInvariants } from './hoist.js';
import { pruneSubgraphs } from './prune.js';

/**
 * The graph with simpler loops and conds; the same object where there is nothing to do. The bits of outputs are as before. Lanes in
 * step read columns that lie side by side, so that a transpose is no view for them.
 */
export function simplifySubgraphs(
  graph: Graph,
  { lanesInStep }: Pick<Target, 'lanesInStep'> = DEFAULT_TARGET,
): Graph {
  if (!graph.nodes.some(({ op }) => holdsGraphs(op))) return graph;
  return pruneSubgraphs(
    hoistInvariants(pruneSubgraphs(graph), { views: 'inside', transposes: lanesInStep > 1 }).graph,
  );
}
