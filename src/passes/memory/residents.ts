/**
 * Programs whose inputs and outputs lie in buffers of their own, given by the caller: no two outputs may share memory, nor
 * an output lie in an input, unless it is to take that input's buffer over.
 */
import { HeddleError } from '../../base/errors.js';
import { paramsOf, type Graph, type Node, type ValueId } from '../../ir/graph.js';
import { isFree, isResident } from '../fusion/traits.js';

/** The caller gives up the buffer of `input`; `output` takes it over where that is possible. Both by name. */
export interface Donation {
  readonly input: string;
  readonly output: string;
}

/** Whether a value from outside is a donation. */
export const isDonation = (value: unknown): value is Donation => {
  const { input, output } = (value ?? {}) as Partial<Record<keyof Donation, unknown>>;
  return typeof input === 'string' && typeof output === 'string';
};

/** The value whose memory `id` would lie in, were it stored: reshapes have none of their own. */
export function storedAs(graph: Graph, id: ValueId): ValueId {
  for (let node = graph.nodes[id]; node.op === 'reshape'; node = graph.nodes[id]) {
    if (isFree(graph.nodes[node.inputs[0]].op)) return id;
    id = node.inputs[0];
  }
  return id;
}

/** Throws USAGE unless every donation names a param and an output of `graph`, each once. */
export function checkDonations(graph: Graph, donations: readonly Donation[]): void {
  const check = (what: string, names: readonly string[], known: ReadonlyMap<string, ValueId>): void => {
    const seen = new Set<string>();
    for (const name of names) {
      const problem = !known.has(name)
        ? `there is no ${what} of that name`
        : seen.has(name)
          ? `the ${what} is donated twice`
          : undefined;
      if (problem !== undefined)
        throw new HeddleError('USAGE', problem, { where: 'donate', found: JSON.stringify(name) });
      seen.add(name);
    }
  };
  const { params, outputs } = portsOf(graph);
  check('input', donations.map(({ input }) => input), params); // prettier-ignore
  check('output', donations.map(({ output }) => output), outputs); // prettier-ignore
}

function portsOf(graph: Graph): { params: Map<string, ValueId>; outputs: Map<string, ValueId> } {
  return {
    params: new Map(paramsOf(graph).map(({ id, node }) => [node.attrs.name, id])),
    outputs: new Map(graph.outputs.map(({ name, value }) => [name, value])),
  };
}

/** Output -> param, by their values. In a graph of {@link separateOutputs} no two outputs are one value. */
export function donatedValues(graph: Graph, donations: readonly Donation[]): ReadonlyMap<ValueId, ValueId> {
  const { params, outputs } = portsOf(graph);
  return new Map(donations.map(({ input, output }) => [outputs.get(output) ?? -1, params.get(input) ?? -1]));
}

/**
 * The graph with a copy behind every output that would otherwise lie in the memory of an input, a weight or another
 * output, so that each is computed into a place of its own. An output that is the very param it is donated stays as it is.
 */
export function separateOutputs(graph: Graph, donations: readonly Donation[]): Graph {
  const donor = new Map(donations.map(({ input, output }) => [output, input]));
  const returned = (name: string, root: ValueId): boolean => {
    const node = graph.nodes[root];
    return node.op === 'param' && node.attrs.name === donor.get(name);
  };
  const taken = new Set<ValueId>();
  const nodes: Node[] = [...graph.nodes];
  const copies = new Map<ValueId, ValueId>();
  const outputs = graph.outputs.map(({ name, value }) => {
    const root = storedAs(graph, value);
    const own = !isResident(graph.nodes[root].op) || returned(name, root);
    if (own && !taken.has(root)) {
      taken.add(root);
      return { name, value };
    }
    // Each copy is one of the copy before it: equal nodes would be one value.
    const copied = copies.get(value) ?? value;
    const { type } = nodes[value];
    const copy = nodes.push({ op: 'copy', inputs: [copied], attrs: {}, type }) - 1;
    copies.set(value, copy);
    return { name, value: copy };
  });
  return { ...graph, nodes, outputs };
}
