/** Finds the groups that compute the same: their forms, each made once. */
import { HeddleError } from '../../base/errors.js';
import type { Dim } from '../../ir/dim.js';
import { withInputs, type Graph, type Node, type ValueId } from '../../ir/graph.js';
import { HashTable, NodeHasher, nodesEqual } from '../../ir/key.js';
import type { CellSpace, Form, Group, Space, Work } from './group.js';
import { isFree } from './traits.js';

/** The groups with their forms; equal forms are one object. */
export function withForms(graph: Graph, groups: readonly Omit<Group, 'form'>[]): Group[] {
  const hasher = new NodeHasher();
  const forms = new HashTable<Form, Form>((form) => formHash(form, hasher), formsEqual);
  return groups.map((group) => {
    const form = formOf(graph, group);
    return { ...group, form: forms.intern(form, form) };
  });
}

/** `work`, which stands in `graph`, by itself. */
export function formOf<D extends Dim>(
  graph: Graph,
  { space, anchor, members, sources, results }: Work<D>,
): Form<D> {
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
  return { op: 'param', inputs: [], attrs: { name, dtype, shape }, type };
}

function formHash({ graph, results }: Form, hasher: NodeHasher): number {
  let hash = results.length;
  for (const node of graph.nodes) hash = (Math.imul(hash, 31) + hasher.hash(node)) | 0;
  return hash;
}

/**
 * Types need no comparison: those of params are attributes, and the rest follow from them. Nor do the origins of nodes: they
 * are for messages.
 */
const formsEqual = (a: Form, b: Form): boolean =>
  a.anchor === b.anchor &&
  sameNumbers(a.members, b.members) &&
  sameNumbers(a.results, b.results) &&
  sameSpace(a.space, b.space) &&
  a.graph.nodes.length === b.graph.nodes.length &&
  a.graph.nodes.every((node, id) => nodesEqual(node, b.graph.nodes[id]));

const sameNumbers = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((number, i) => number === b[i]);

const carriesOf = ({ carries }: CellSpace): readonly number[] =>
  carries.flatMap(({ source, result }) => [source ?? -1, result]);

function sameSpace(a: Space, b: Space): boolean {
  if (a.kind === 'rows')
    return b.kind === 'rows' && sameNumbers(a.shape, b.shape) && sameNumbers(a.axes, b.axes);
  if (a.kind === 'flat') return b.kind === 'flat' && a.count === b.count;
  if (a.kind === 'cell')
    return b.kind === 'cell' && a.rows === b.rows && sameNumbers(carriesOf(a), carriesOf(b));
  return b.kind === 'loop' && sameNumbers(a.inPlace.map(Number), b.inPlace.map(Number));
}
