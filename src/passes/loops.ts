/**
 * Loops made ready for fusion and memory. A trip is a program of its own whose inputs and outputs lie in buffers that are given:
 * carried values are read from one of two and written to the other, in turn; slices and captures lie where they lie outside.
 */
import { alignUp, deviceBytes } from '../base/tensor.js';
import { liveUses, type Graph, type Node, type ValueId } from '../ir/graph.js';
import { graphIn } from '../ir/subgraphs.js';
import { staticShape } from '../ir/types.js';

/**
 * The graph with a copy of every initial value of a loop, which nothing else reads, so that trips may write over it. A value that
 * is such a copy already stays: planned again, a program is the same.
 */
export function ownCarries(graph: Graph): Graph {
  if (!graph.nodes.some(({ op }) => op === 'loop')) return graph;
  const uses = liveUses(graph);
  const nodes: Node[] = [];
  const moved: ValueId[] = [];
  const own = (id: ValueId): ValueId => {
    const { op, type } = graph.nodes[id];
    const isOwn = op === 'copy' && uses[id] === 1;
    return isOwn ? moved[id] : nodes.push({ op: 'copy', inputs: [moved[id]], attrs: {}, type }) - 1;
  };
  graph.nodes.forEach((node, id) => {
    const inputs = node.inputs.map((input) => moved[input]);
    if (node.op === 'loop') {
      const first = Number(node.attrs.conditional);
      for (let at = first; at < first + node.attrs.carries; at++) inputs[at] = own(node.inputs[at]);
    }
    moved[id] = nodes.push({ ...node, inputs }) - 1;
  });
  const outputs = graph.outputs.map(({ name, value }) => ({ name, value: moved[value] }));
  return { name: graph.name, nodes, outputs };
}

/** The body of a loop at `level`, in which the number of the trip is made from nothing. */
export function bodyAt(loop: Node<'loop'>, level: number): Graph {
  const body = graphIn(loop.attrs.body);
  const first = body.nodes.findIndex(({ op }) => op === 'param');
  const { type } = body.nodes[first];
  return { ...body, nodes: body.nodes.with(first, { op: 'trip', inputs: [], attrs: { level }, type }) };
}

/** What the trips of a loop need memory of their own for. */
export interface LoopMemory {
  /** Byte offsets of buffers for parts of the value: the second one of a carried value, or of what nothing outside reads. */
  readonly spares: ReadonlyMap<number, number>;
  /** Byte offset of the arena of a trip. */
  readonly arena: number;
  readonly bytes: number;
}

/** `needed`: the parts of its value that something reads. `arenaBytes`: of a trip. */
export function loopMemory(loop: Node<'loop'>, needed: ReadonlySet<number>, arenaBytes: number): LoopMemory {
  const spares = new Map<number, number>();
  let bytes = 0;
  loop.type.parts!.forEach(({ shape }, part) => {
    const isInPlace = part < loop.attrs.carries && Number(loop.attrs.trips) % 2 === 0;
    if (needed.has(part) && !isInPlace) return;
    spares.set(part, bytes);
    bytes = alignUp(bytes + deviceBytes(staticShape(shape)));
  });
  return { spares, arena: bytes, bytes: bytes + arenaBytes };
}

/** The parts of the values of loops that live values read. */
export function partsRead(
  { nodes }: Graph,
  live: readonly boolean[],
): ReadonlyMap<ValueId, ReadonlySet<number>> {
  const parts = new Map<ValueId, Set<number>>();
  nodes.forEach((node, id) => {
    if (node.op !== 'result' || !live[id]) return;
    const [loop] = node.inputs;
    parts.set(loop, (parts.get(loop) ?? new Set()).add(node.attrs.index));
  });
  return parts;
}
