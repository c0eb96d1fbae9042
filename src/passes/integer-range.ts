/** Which integers a value can be, as far as the ops that make it say so. */
import type { Graph, ValueId } from '../ir/graph.js';
import { isView } from '../ir/ops.js';

/** From the least to the greatest, both included. */
export interface IntegerRange {
  readonly least: number;
  readonly most: number;
}

/** Integers of 16 bits, with signs. */
const INT16: IntegerRange = { least: -(2 ** 15), most: 2 ** 15 - 1 };

export const isInt16 = (range: IntegerRange | undefined): boolean =>
  range !== undefined && range.least >= INT16.least && range.most <= INT16.most;

/** The range of an i32 that was shifted to the right, or made of an f32 between limits; undefined for others. */
export function integerRange(graph: Graph, id: ValueId): IntegerRange | undefined {
  const { op, inputs, type } = graph.nodes[id];
  if (isView(op)) return integerRange(graph, inputs[0]);
  if (type.dtype !== 'i32') return undefined;
  if (op === 'cast') return limitsOf(graph, inputs[0]);
  if (op !== 'shr') return undefined;
  const by = numberAt(graph, inputs[1]);
  if (by === undefined || by < 0 || by > 31) return undefined;
  return { least: -(2 ** (31 - by)), most: 2 ** (31 - by) - 1 };
}

/** Those of min(max(x, least), most) or the other way round. A NaN becomes 0, which has to be between them. */
function limitsOf(graph: Graph, id: ValueId): IntegerRange | undefined {
  const found: { min?: number; max?: number } = {};
  let at = id;
  for (let step = 0; step < 2; step++) {
    const { op, inputs } = graph.nodes[at];
    if ((op !== 'min' && op !== 'max') || found[op] !== undefined) return undefined;
    const numbers = inputs.map((input) => numberAt(graph, input));
    const side = numbers.findIndex((number) => number !== undefined);
    if (side < 0) return undefined;
    found[op] = numbers[side] ?? NaN;
    at = inputs[1 - side];
  }
  const { max: least = NaN, min: most = NaN } = found;
  return least <= 0 && most >= 0 ? { least, most } : undefined;
}

/** The number that all elements of a constant are. */
function numberAt(graph: Graph, id: ValueId): number | undefined {
  const node = graph.nodes[id];
  if (node.op === 'broadcast' || node.op === 'reshape') return numberAt(graph, node.inputs[0]);
  return node.op === 'constant' && node.attrs.values.length === 1 ? node.attrs.values[0] : undefined;
}
