/**
 * Buffers that a program hands on to a loop in it. Where an input is given up for an output, and a loop begins with the one and ends
 * with the other, its trips write over that very buffer: neither the loop's own copy of the input nor that of its result is needed.
 */
import { paramsOf, usersOf, type Graph, type Node, type ValueId } from '../ir/graph.js';
import { loopOperands } from '../ir/subgraphs.js';
import type { Donation } from './memory/donations.js';

/** A copy in front of a loop that would be none, and the one behind it. */
interface HandedOn {
  readonly loop: ValueId;
  /** The place among the operands of the loop. */
  readonly operand: number;
  readonly param: ValueId;
  readonly output: number;
  readonly result: ValueId;
}

/**
 * `graph`, which has a copy of each initial value and of each result that is an output, without those that `donate` makes
 * needless; its values keep their ids. `writtenOver`: of a loop, which of its carried values trips write over what they read.
 * `bytes`: of the buffers in which values lie, for which the trips were made ready.
 */
export function handOn(
  graph: Graph,
  donate: readonly Donation[],
  bytes: readonly number[],
  writtenOver: (loop: ValueId) => readonly boolean[],
): Graph {
  const users = usersOf(graph);
  const params = paramsOf(graph);
  const found = donate.flatMap(({ input, output }): HandedOn[] => {
    const param = params[input].id;
    const { value } = graph.outputs[output];
    const last = graph.nodes[value];
    const result = last.op === 'copy' ? last.inputs[0] : -1;
    const part = graph.nodes.at(result);
    if (result < 0 || part?.op !== 'result' || users[result].length !== 1) return [];
    const [loop] = part.inputs;
    const node = graph.nodes[loop];
    if (node.op !== 'loop' || writtenOver(loop)[part.attrs.index] !== true) return [];
    const initial = loopOperands(node, node.inputs).carried[part.attrs.index];
    const first = graph.nodes[initial];
    if (first.op !== 'copy' || first.inputs[0] !== param || users[param].length !== 1) return [];
    if (bytes[param] !== bytes[initial] || bytes[value] !== bytes[result]) return [];
    return [{ loop, operand: node.inputs.indexOf(initial), param, output, result }];
  });
  if (found.length === 0) return graph;
  const nodes: Node[] = [...graph.nodes];
  const outputs = [...graph.outputs];
  for (const { loop, operand, param, output, result } of found) {
    nodes[loop] = { ...nodes[loop], inputs: nodes[loop].inputs.with(operand, param) };
    outputs[output] = { ...outputs[output], value: result };
  }
  return { ...graph, nodes, outputs };
}
