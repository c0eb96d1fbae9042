/** A whole graph as one elementwise kernel: what a loop needs whose trips one kernel is to make. */
import { usersOf, type Graph, type ValueId } from '../../ir/graph.js';
import { isView, type Policy } from '../../ir/ops.js';
import { sizeOf, staticShape } from '../../ir/types.js';
import type { Target } from '../target.js';
import { resultIndex, rowSpace, type Fusion } from './group.js';
import { FusionState, type OpenGroup } from './state.js';
import {
  allows,
  isAlone,
  isFree,
  isGiven,
  isLoop,
  liesIn,
  neededPolicy,
  operandPolicy,
  stricter,
} from './traits.js';

/** One group of all that the outputs of `graph` need; or why there is none. */
export function fuseWhole(graph: Graph, target: Target): Fusion | string {
  const state = new FusionState(graph, new Map(), resultIndex);
  const results = new Set<ValueId>();
  for (const { value } of graph.outputs) {
    let id = value;
    for (let under = liesIn(graph, id); under !== undefined; under = liesIn(graph, id)) {
      state.aliases.set(id, under);
      id = under;
    }
    if (isGiven(graph.nodes[id].op)) return 'a trip hands on what it was given';
    results.add(id);
  }
  const counts = new Set([...results].map((id) => sizeOf(graph.nodes[id].type)));
  if (counts.size !== 1) return 'its results are of several sizes';
  const [count] = counts;
  if (count === 0) return 'its results are empty';
  const users = usersOf(graph);
  let group: OpenGroup | undefined;
  for (let id = graph.nodes.length - 1; id >= 0; id--) {
    const isResult = results.has(id);
    if (!isResult && group?.frontier.has(id) !== true) continue;
    if (isGiven(graph.nodes[id].op)) continue;
    const refused = refusal(graph, id, target);
    if (refused !== undefined) return refused;
    if (group === undefined) {
      group = state.open(id, { kind: 'flat', count }, 'one kernel makes all trips');
      continue;
    }
    const policy = policyIn(graph, users[id], group, id);
    if (!allows(policy, neededPolicy(graph.nodes[id].op)))
      return `an element needs many of ${graph.nodes[id].op}`;
    if (isResult) state.addResult(id, group);
    const { op } = graph.nodes[id];
    if (group.uses.of(id).length > 1 && !isFree(op) && !isView(op))
      return `an element needs ${op} at several indices`;
    state.inline(id, [group], policy, 'one kernel makes all trips');
    if (group.members.size > target.maxMembers) return 'a trip is too long for one kernel';
  }
  return state.finish();
}

/** Why a node is nothing for an elementwise kernel. */
function refusal({ nodes }: Graph, id: ValueId, { shortRow }: Target): string | undefined {
  const node = nodes[id];
  if (node.op === 'reduce') {
    const { cols } = rowSpace(staticShape(nodes[node.inputs[0]].type.shape), node.attrs.axes);
    return cols > shortRow ? `a trip has a reduce of ${cols} elements` : undefined;
  }
  return isAlone(node.op) || isLoop(node.op) ? `a trip has a ${node.op}` : undefined;
}

/** The policy under which a kernel needs a value. */
function policyIn(graph: Graph, users: readonly ValueId[], group: OpenGroup, id: ValueId): Policy {
  let policy: Policy = 'any';
  for (const user of users) {
    const own = group.members.get(user);
    if (own === undefined) continue;
    const { op, inputs } = graph.nodes[user];
    inputs.forEach((input, place) => {
      if (input === id) policy = stricter(policy, operandPolicy(op, place, own));
    });
  }
  return policy;
}
