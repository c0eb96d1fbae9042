/** The order in which nodes can be imported. ONNX wants files sorted, but not every exporter does it. */
import { HeddleError } from '../../base/errors.js';
import { shorten } from './limits.js';
import type { NodeProto } from './proto/onnx.js';

/** A node with its position in the file. */
export interface Placed {
  readonly node: NodeProto;
  readonly index: number;
}

/**
 * The nodes in topological order: as they stand in the file where that is one. An operand that no node computes is not
 * looked at here. What the graphs of a node capture counts as its operands. Throws ONNX_INVALID where the nodes form a cycle.
 */
export function topologicalOrder(
  nodes: readonly NodeProto[],
  constants: LastConstants,
  capturesOf: (node: NodeProto) => readonly string[],
): readonly Placed[] {
  const producers = new Map<string, number>();
  nodes.forEach(({ output }, index) => {
    // The first of two definitions counts, but of constants the last one; import.ts looks at the others.
    for (const name of output)
      if (name !== '' && !producers.has(name)) producers.set(name, constants.last.get(name) ?? index);
  });
  const sources = nodes.map((node) =>
    [...node.input, ...capturesOf(node)].flatMap((name) => producers.get(name) ?? []),
  );
  const inFileOrder = nodes.map((node, index) => ({ node, index }));
  if (sources.every((list, index) => list.every((source) => source < index))) return inFileOrder;

  const users = nodes.map((): number[] => []);
  sources.forEach((list, index) => list.forEach((source) => users[source].push(index)));
  const missing = sources.map((list) => list.length);
  const order = inFileOrder.filter(({ index }) => missing[index] === 0);
  // The list grows while it is walked: each node releases those that waited for it alone.
  for (const { index } of order)
    for (const user of users[index]) if (--missing[user] === 0) order.push(inFileOrder[user]);
  if (order.length === nodes.length) return order;
  const stuck = nodes[missing.findIndex((count) => count > 0)];
  throw new HeddleError('ONNX_INVALID', 'the graph has a cycle', {
    found: `"${shorten(stuck.output[0] ?? stuck.name)}" (${shorten(stuck.opType)}) in it or behind it`,
    expected: 'nodes that only depend on nodes before them',
  });
}

export interface LastConstants {
  /** The position of the last Constant of a name. */
  readonly last: ReadonlyMap<string, number>;
  /** Whether the node at a position counts. */
  counts(index: number): boolean;
  readonly notes: readonly string[];
}

/**
 * Some exporters write two Constants of one name, where ONNX wants one: the last one in the file counts, everywhere, as in
 * onnxruntime. Says which nodes count, and which names are met.
 */
export function lastConstants(nodes: readonly NodeProto[]): LastConstants {
  const last = new Map<string, number>();
  const dropped = new Map<number, string>();
  nodes.forEach(({ opType, output }, index) => {
    const [name] = output;
    if (opType !== 'Constant' || output.length !== 1 || name === '') return;
    const earlier = last.get(name);
    if (earlier !== undefined) dropped.set(earlier, name);
    last.set(name, index);
  });
  const notes = [...new Set(dropped.values())].map(
    (name) =>
      `several constants are named "${shorten(name)}"; the last one, node #${last.get(name)!}, counts`,
  );
  return { last, counts: (index) => !dropped.has(index), notes };
}
