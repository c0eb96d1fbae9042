/** What a run keeps at a time: known before it starts. */
import { HeddleError } from '../base/errors.js';
import { DEVICE_ELEMENT_BYTES } from '../base/dtype.js';
import type { Graph, Node } from '../ir/graph.js';
import { graphsOf } from '../ir/subgraphs.js';
import { sizeOf } from '../ir/types.js';

/** More than this no run of the interpreter takes. */
const MAX_BYTES = 2 ** 34;

/** Ops whose value is what a caller gave, or lies where the operand does. */
const SHARED: ReadonlySet<Node['op']> = new Set<Node['op']>(['param', 'weight', 'reshape', 'result']);

const bytesOf = (node: Node): number =>
  SHARED.has(node.op) || graphsOf(node).length > 0 ? 0 : sizeOf(node.type) * DEVICE_ELEMENT_BYTES;

/**
 * Throws LIMIT_EXCEEDED where the values that are alive together, and the copies of the outputs, would take more than 16 GiB.
 *
 * @param liveUses by value, how often it is needed
 */
export function checkMemory(graph: Graph, liveUses: readonly number[]): void {
  const uses = [...liveUses];
  let [alive, most] = [0, 0];
  graph.nodes.forEach((node, id) => {
    if (uses[id] === 0) return;
    alive += bytesOf(node);
    most = Math.max(most, alive);
    for (const input of node.inputs) if (--uses[input] === 0) alive -= bytesOf(graph.nodes[input]);
  });
  const copies = graph.outputs.reduce((sum, { value }) => sum + sizeOf(graph.nodes[value].type) * DEVICE_ELEMENT_BYTES, 0); // prettier-ignore
  most = Math.max(most, alive + copies);
  if (most > MAX_BYTES)
    throw new HeddleError('LIMIT_EXCEEDED', 'the values of the program do not fit into memory', {
      where: graph.name,
      found: `${most} bytes`,
      expected: `at most ${MAX_BYTES} bytes at a time`,
    });
}
