/**
 * Loops made ready for fusion and memory. A trip is a program of its own whose inputs and outputs lie in buffers that are given:
 * a carried value is written over what the trip reads where its kernels allow that, and else read from one of two buffers and written
 * to the other, in turn; slices and captures lie where they lie outside.
 *
 * The condition of a while is carried along as one value more, behind the others. Where it is false, a trip changes nothing, so that
 * more trips may be made than there are.
 */
import { DEVICE_ELEMENT_BYTES } from '../base/dtype.js';
import { alignUp, deviceBytes } from '../base/tensor.js';
import { broadcastTo } from '../compose/broadcast.js';
import { GraphBuilder, type GraphValue } from '../ir/builder.js';
import { liveUses, type Graph, type Node, type ValueId } from '../ir/graph.js';
import { graphIn, loopOperands, loopOutputs, type LoopParts } from '../ir/subgraphs.js';
import { staticShape, type TensorType } from '../ir/types.js';
import type { Outside } from './fusion/bindings.js';
import { copyParams, freeName, inlineGuarded } from './subgraphs/guard.js';

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
      const carries = Number(node.attrs.conditional) + node.attrs.carries;
      for (let at = 0; at < carries; at++) inputs[at] = own(node.inputs[at]);
    }
    moved[id] = nodes.push({ ...node, inputs }) - 1;
  });
  const outputs = graph.outputs.map(({ name, value }) => ({ name, value: moved[value] }));
  return { name: graph.name, nodes, outputs };
}

/** What a loop carries from trip to trip: its carried values, and the condition of a while. */
export const carriedAlong = <V>({ carried, condition }: Pick<LoopParts<V>, 'carried' | 'condition'>): readonly V[] =>
  condition === undefined ? carried : [...carried, condition]; // prettier-ignore

/** The body of a loop at `level`, in which the number of the trip is made from nothing; of a while, with the condition carried along. */
export function bodyAt(loop: Node<'loop'>, level: number): Graph {
  const body = loop.attrs.conditional ? masked(loop) : graphIn(loop.attrs.body);
  const first = body.nodes.findIndex(({ op }) => op === 'param');
  const { type } = body.nodes[first];
  return { ...body, nodes: body.nodes.with(first, { op: 'trip', inputs: [], attrs: { level }, type }) };
}

/** The body of a while as that of a loop without a condition, whose last carried value is the condition. */
function masked(loop: Node<'loop'>): Graph {
  const body = graphIn(loop.attrs.body);
  const b = new GraphBuilder(body.name);
  const first = 1 + loop.attrs.carries;
  const before = copyParams(b, body, 0, first);
  const going = b.param(freeName(body, 'going'), 'bool', []);
  const params = [...before, ...copyParams(b, body, first)];
  const made = loopOutputs(loop, inlineGuarded(b, body, params, going));
  const kept = (value: GraphValue, otherwise: GraphValue): GraphValue =>
    b.select(broadcastTo(b, going, value.type.shape), value, otherwise);
  const outputs = [
    ...made.carried.map((value, i) => kept(value, before[1 + i])),
    b.binary('and', going, made.condition!),
    ...made.slices.map((slice) => kept(slice, b.full(slice, 0))),
  ];
  outputs.forEach((value, i) => b.output(`r${i}`, value));
  return b.build();
}

/** Whether carried values with two buffers end where they began: after an even number of trips. That of a while without a bound is even. */
export const endsInTurn = ({ trips }: Node<'loop'>['attrs']): boolean => trips === Infinity || Number(trips) % 2 === 0; // prettier-ignore

/** What the trips of a loop, or the branches of a cond, need memory of their own for. */
export interface PartMemory {
  /**
   * Byte offsets of buffers for parts of the value: the second one of a carried value that needs two, or of what nothing outside reads.
   * The second one of a condition has the number behind the last part.
   */
  readonly spares: ReadonlyMap<number, number>;
  /** Byte offset of the arena of a trip or a branch. */
  readonly arena: number;
  readonly bytes: number;
}

/**
 * `needed`: the parts of its value that something reads. `arenaBytes`: of a trip. `writtenOver`: of each carried value whether trips
 * write it over what they read, which takes one buffer.
 */
export function loopMemory(
  loop: Node<'loop'>,
  needed: ReadonlySet<number>,
  arenaBytes: number,
  writtenOver: readonly boolean[],
): PartMemory {
  const { carries, conditional } = loop.attrs;
  const inTurn = endsInTurn(loop.attrs);
  const isSpare = (part: number): boolean =>
    part < carries && writtenOver[part] ? false : !needed.has(part) || (part < carries && inTurn);
  return partMemory(loop.type, isSpare, arenaBytes, conditional ? DEVICE_ELEMENT_BYTES : 0);
}

/** `arenaBytes`: of the largest of its branches, of which one runs. */
export const condMemory = (cond: Node<'cond'>, needed: ReadonlySet<number>, arenaBytes: number): PartMemory =>
  partMemory(cond.type, (part) => !needed.has(part), arenaBytes, 0);

/** `more`: bytes of a buffer behind those for parts. */
function partMemory(
  { parts = [] }: TensorType,
  isSpare: (part: number) => boolean,
  arenaBytes: number,
  more: number,
): PartMemory {
  const spares = new Map<number, number>();
  let bytes = 0;
  const spare = (part: number, size: number): void => {
    spares.set(part, bytes);
    bytes = alignUp(bytes + size);
  };
  parts.forEach(({ shape }, part) => {
    if (isSpare(part)) spare(part, deviceBytes(staticShape(shape)));
  });
  if (more > 0) spare(parts.length, more);
  return { spares, arena: bytes, bytes: bytes + arenaBytes };
}

/** Bytes of the buffers in which the parts of the value of a loop or a cond lie; `bytes`: of those of the values of its graph. */
function partBytes({ nodes }: Graph, id: ValueId, bytes: readonly number[]): readonly number[] {
  const parts = (nodes[id].type.parts ?? []).map(({ shape }) => deviceBytes(staticShape(shape)));
  nodes.forEach((node, result) => {
    if (node.op === 'result' && node.inputs[0] === id)
      parts[node.attrs.index] = Math.max(parts[node.attrs.index], bytes[result]);
  });
  return parts;
}

/** The buffers around a trip of a loop: each slice lies in all that is sliced. */
export function aroundTrip(graph: Graph, id: ValueId, bytes: readonly number[]): Outside {
  const loop = graph.nodes[id] as Node<'loop'>;
  const { carries, conditional } = loop.attrs;
  const given = loopOperands(loop, loop.inputs);
  const parts = partBytes(graph, id, bytes);
  const condition = conditional ? [DEVICE_ELEMENT_BYTES] : [];
  return {
    inputs: [...carriedAlong(given), ...given.sliced, ...given.captures].map((operand) => bytes[operand]),
    outputs: [...parts.slice(0, carries), ...condition, ...parts.slice(carries)],
  };
}

/** The buffers around a branch of a cond. */
export const aroundBranch = (graph: Graph, id: ValueId, bytes: readonly number[]): Outside => ({
  inputs: graph.nodes[id].inputs.slice(1).map((operand) => bytes[operand]),
  outputs: partBytes(graph, id, bytes),
});

/** The parts of the values of loops and conds that live values read. */
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
