/** The plainest fusion: a kernel for every node. */
import { elementCount } from '../../src/base/tensor.js';
import type { Graph, Node, ValueId } from '../../src/ir/graph.js';
import { staticShape } from '../../src/ir/types.js';
import { DEFAULT_TARGET } from '../../src/passes/target.js';
import { withForms } from '../../src/passes/fusion/form.js';
import { rowSpace, type Fusion, type Group, type Space } from '../../src/passes/fusion/group.js';
import { isAlone, isContraction, isFree, isGiven } from '../../src/passes/fusion/traits.js';

const MOST_OPERANDS = 7;

type FormlessGroup = Omit<Group, 'form'>;

/** Every node in a kernel of its own, with its result in memory; constants and iotas are made where they are used. */
export function separateKernels(graph: Graph): Fusion {
  const isOutput = new Set(graph.outputs.map(({ value }) => value));
  const groups: FormlessGroup[] = [];
  graph.nodes.forEach((node, id) => {
    if (isGiven(node.op) || (isFree(node.op) && !isOutput.has(id))) return;
    const operands = [...new Set(node.inputs)].sort((a, b) => a - b);
    if (node.op === 'concat' && operands.length > MOST_OPERANDS) return void groups.push(...copies(graph, id, node, groups.length)); // prettier-ignore
    const free = operands.filter((input) => isFree(graph.nodes[input].op));
    groups.push({
      id: groups.length,
      space: spaceOf(graph, id),
      anchor: isContraction(node.op) || isAlone(node.op) ? id : undefined,
      members: [...free, id],
      sources: operands.filter((input) => !free.includes(input)),
      results: [id],
      copy: undefined,
    });
  });
  return { groups: withForms(graph, groups), placements: new Map(), aliases: new Map(), decisions: [] };
}

/** A kernel for each operand of a concat that has more of them than one kernel can bind. */
function copies(graph: Graph, into: ValueId, node: Node<'concat'>, first: number): FormlessGroup[] {
  const { axis } = node.attrs;
  let start = 0;
  return node.inputs.map((value, i): FormlessGroup => {
    const shape = staticShape(graph.nodes[value].type.shape);
    const free = isFree(graph.nodes[value].op);
    start += shape[axis];
    return {
      id: first + i,
      space: { kind: 'flat', count: elementCount(shape) },
      anchor: undefined,
      members: free ? [value] : [],
      sources: free ? [] : [value],
      results: [value],
      copy: { into, axis, start: start - shape[axis] },
    };
  });
}

function spaceOf(graph: Graph, id: ValueId): Space {
  const node = graph.nodes[id];
  if (node.op === 'reduce') {
    const rows = rowSpace(staticShape(graph.nodes[node.inputs[0]].type.shape), node.attrs.axes);
    if (rows.cols > DEFAULT_TARGET.shortRow) return rows;
  }
  return { kind: 'flat', count: elementCount(staticShape(node.type.shape)) };
}
