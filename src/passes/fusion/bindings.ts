/**
 * How many bindings the buffer of a value takes: one, or several windows where a device binds less of it at a time. A kernel binds
 * whole buffers: that of a concat for one of its operands, and that of all slices for the slice of a trip.
 */
import { DEVICE_ELEMENT_BYTES } from '../../base/dtype.js';
import { alignUp } from '../../base/tensor.js';
import { paramsOf, type Graph, type ValueId } from '../../ir/graph.js';
import { isView } from '../../ir/ops.js';
import { sizeOf } from '../../ir/types.js';
import { storedAs } from '../memory/residents.js';
import type { Target } from '../target.js';
import { isFree, isGiven, liesIn } from './traits.js';

/** Bytes of the buffers around a graph in which its inputs and outputs lie, by their places. */
export interface Outside {
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

/** Bytes of a window: the next one has to begin where a binding may. */
export const windowBytes = (bindingBytes: number): number =>
  alignUp(bindingBytes) === bindingBytes ? bindingBytes : alignUp(bindingBytes) - alignUp(1);

/** Windows of a buffer. */
const windowCount = (bytes: number, bindingBytes: number): number =>
  bytes <= bindingBytes ? 1 : Math.ceil(bytes / windowBytes(bindingBytes));

/** By value: the bindings of the buffer in which it lies or, before fusion has decided that, of the largest in which it may. */
export type Bindings = (id: ValueId) => number;

/** `bytes`: of {@link bufferBytes}. */
export const bindingsOf =
  (bytes: readonly number[], { bindingBytes }: Target): Bindings =>
  (id) =>
    windowCount(bytes[id], bindingBytes);

/** By value: bytes of the largest buffer in which it may lie. */
export function bufferBytes(graph: Graph, outside: Outside = { inputs: [], outputs: [] }): readonly number[] {
  const { nodes } = graph;
  const bytes = nodes.map(({ type }) => sizeOf(type) * DEVICE_ELEMENT_BYTES);
  const atLeast = (id: ValueId, least = 0): void => void (bytes[id] = Math.max(bytes[id], least));
  paramsOf(graph).forEach(({ id }, i) => atLeast(id, outside.inputs[i]));
  graph.outputs.forEach(({ value }, i) => atLeast(storedAs(graph, value), outside.outputs[i]));
  // A concat comes after its operands, and may lie in another one.
  for (let id = nodes.length - 1; id >= 0; id--) {
    if (nodes[id].op !== 'concat') continue;
    for (const input of nodes[id].inputs) {
      const { op } = nodes[input];
      if (op !== 'result' && !isGiven(op) && !isFree(op) && !isView(op)) atLeast(input, bytes[id]);
    }
  }
  nodes.forEach((_, id) => {
    const under = liesIn(graph, id);
    if (under !== undefined) atLeast(id, bytes[under]);
  });
  return bytes;
}
