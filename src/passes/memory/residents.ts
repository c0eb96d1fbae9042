/**
 * Programs whose inputs and outputs lie in buffers of their own, given by the caller: no two outputs may share memory, nor
 * an output lie in an input, unless it is to take that input's buffer over.
 */
import { paramsOf, type Graph, type Node, type ValueId } from '../../ir/graph.js';
import { isGiven, liesIn } from '../fusion/traits.js';
import type { Donation } from './donations.js';

/** The value whose memory `id` would lie in, were it stored. */
export function storedAs(graph: Graph, id: ValueId): ValueId {
  for (let under = liesIn(graph, id); under !== undefined; under = liesIn(graph, id)) id = under;
  return id;
}

/** Whether a value lies where a carried value of a loop does, which its trips read and write in turn. */
function isCarried({ nodes }: Graph, id: ValueId): boolean {
  const node = nodes[id];
  if (node.op !== 'result') return false;
  const loop = nodes[node.inputs[0]];
  return loop.op === 'loop' && node.attrs.index < loop.attrs.carries;
}

/**
 * The graph with a copy behind every output that would otherwise lie in the memory of an input, a weight or another
 * output, so that each is computed into a place of its own. An output that is the very param it is donated stays as it is.
 */
export function separateOutputs(graph: Graph, donations: readonly Donation[]): Graph {
  const params = paramsOf(graph);
  const donors = new Map(donations.map(({ input, output }) => [output, params[input].id]));
  const taken = new Set<ValueId>();
  const nodes: Node[] = [...graph.nodes];
  const copies = new Map<ValueId, ValueId>();
  const outputs = graph.outputs.map(({ name, value }, i) => {
    const root = storedAs(graph, value);
    const own = (!isGiven(graph.nodes[root].op) && !isCarried(graph, root)) || root === donors.get(i);
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
