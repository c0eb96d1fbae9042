/** Loops written out trip by trip, as one would write them without loops. */
import { GraphBuilder, type GraphValue } from '../../src/ir/builder.js';
import { paramsOf, type Graph, type Node, type ValueId } from '../../src/ir/graph.js';
import { graphIn, loopOperands, loopOutputs } from '../../src/ir/subgraphs.js';

/** `graph` with the trips of its loops, of which there is a fixed number, in their place. Conds stay. */
export function spelledOut(graph: Graph): Graph {
  const b = new GraphBuilder(graph.name);
  const params = paramsOf(graph).map(({ node: { attrs } }) => b.param(attrs.name, attrs.dtype, attrs.shape));
  const outputs = spell(b, graph, params);
  graph.outputs.forEach(({ name }, i) => b.output(name, outputs[i]));
  return b.build();
}

function spell(b: GraphBuilder, graph: Graph, given: readonly GraphValue[]): readonly GraphValue[] {
  const values: GraphValue[] = [];
  const parts = new Map<ValueId, readonly GraphValue[]>();
  let params = 0;
  graph.nodes.forEach((node, id) => {
    const operands = node.inputs.map((input) => values[input]);
    if (node.op === 'param') values.push(given[params++]);
    else if (node.op === 'loop' && !node.attrs.conditional) {
      parts.set(id, spellLoop(b, node, operands));
      values.push(operands[0]);
    } else if (node.op === 'result' && parts.has(node.inputs[0]))
      values.push(parts.get(node.inputs[0])![node.attrs.index]);
    else values.push(b.emit(node.op, operands, node.attrs));
  });
  return graph.outputs.map(({ value }) => values[value]);
}

function spellLoop(
  b: GraphBuilder,
  loop: Node<'loop'>,
  operands: readonly GraphValue[],
): readonly GraphValue[] {
  const { body, carries, sliceAxes, sliceSteps, stackAxes, stackSteps } = loop.attrs;
  const trips = Number(loop.attrs.trips);
  const given = loopOperands(loop, operands);
  let { carried } = given;
  const rows: GraphValue[][] = stackAxes.map(() => []);
  const slice = (x: GraphValue, axis: number, at: number): GraphValue => {
    const { shape } = x.type;
    const starts = shape.map((_, i) => (i === axis ? at : 0));
    const sizes = shape.map((extent, i) => (i === axis ? 1 : extent));
    const row = b.emit('slice', [x], { starts, sizes, strides: shape.map(() => 1) });
    return b.reshape(row, shape.toSpliced(axis, 1));
  };
  for (let trip = 0; trip < trips; trip++) {
    const at = (step: number): number => (step > 0 ? trip : trips - 1 - trip);
    const slices = given.sliced.map((x, i) => slice(x, sliceAxes[i], at(sliceSteps[i])));
    const number = b.constant('i32', [], trip);
    const made = loopOutputs(
      loop,
      spell(b, graphIn(body), [number, ...carried, ...slices, ...given.captures]),
    );
    carried = made.carried;
    made.slices.forEach((row, k) => rows[k].push(row));
  }
  const stacks = rows.map((list, k) => {
    const { dtype, shape } = loop.type.parts![carries + k];
    if (trips === 0) return b.constant(dtype, shape, 0);
    const parts = list.map((row) => b.reshape(row, row.type.shape.toSpliced(stackAxes[k], 0, 1)));
    return b.emit('concat', stackSteps[k] > 0 ? parts : parts.toReversed(), { axis: stackAxes[k] });
  });
  return [...carried, ...stacks];
}
