/** Finds the groups that compute the same: their forms, each made once. */
import { HeddleError } from '../../base/errors.js';
import { withInputs, type Graph, type Node, type ValueId } from '../../ir/graph.js';
import { nodeKey } from '../../ir/key.js';
import { staticShape } from '../../ir/types.js';
import type { Form, Group, Space, Work } from './group.js';
import { isFree } from './traits.js';

/** The groups with their forms; equal forms are one object. */
export function withForms(graph: Graph, groups: readonly Omit<Group, 'form'>[]): Group[] {
  const known = new Map<string, Form>();
  return groups.map((group) => {
    const form = formOf(graph, group);
    const key = keyOf(form);
    const shared = known.get(key) ?? form;
    if (shared === form) known.set(key, form);
    return { ...group, form: shared };
  });
}

/** `work`, which stands in `graph`, by itself. */
export function formOf(graph: Graph, { space, anchor, members, sources, results }: Work): Form {
  const nodes: Node[] = [];
  const numbers = new Map<ValueId, ValueId>();
  const add = (id: ValueId, node: Node): ValueId => {
    const number = nodes.push(node) - 1;
    numbers.set(id, number);
    return number;
  };
  const numberOf = (id: ValueId): ValueId => {
    const node = graph.nodes[id];
    const known = numbers.get(id);
    if (known !== undefined) return known;
    if (!isFree(node.op)) throw new HeddleError('IR_INVALID', `a group uses %${id}, which it does not read`);
    // What is generated where it is used need be no member: where it is stored for others, it is made again here.
    return add(id, node);
  };
  sources.forEach((id, i) => add(id, paramLike(graph.nodes[id], `${i}`)));
  for (const id of members) {
    const node = graph.nodes[id];
    add(id, withInputs(node, node.inputs.map(numberOf)));
  }
  return {
    graph: { name: '', nodes, outputs: results.map((id, i) => ({ name: `${i}`, value: numberOf(id) })) },
    space,
    anchor: anchor === undefined ? undefined : numberOf(anchor),
    members: members.map(numberOf),
    sources: sources.map(numberOf),
    results: results.map(numberOf),
  };
}

function paramLike({ type }: Node, name: string): Node<'param'> {
  const { dtype, shape } = type;
  return { op: 'param', inputs: [], attrs: { name, dtype, shape: staticShape(shape) }, type };
}

/**
 * Equal for equal forms. Types need no place in it: those of params are attributes, and the rest follow from them. Nor do the
 * origins of nodes: they are for messages.
 */
function keyOf({ graph, space, anchor, members, results }: Form): string {
  const rest = [describeSpace(space), anchor ?? 'none', members.join(), results.join()];
  return [...rest, ...graph.nodes.map(nodeKey)].join('\n');
}

const describeSpace = (space: Space): string =>
  space.kind === 'flat'
    ? `${space.count}`
    : space.kind === 'loop'
      ? 'loop'
      : `${space.shape.join()}/${space.axes.join()}`;
