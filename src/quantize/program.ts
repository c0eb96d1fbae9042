/** Programs whose weights are quantised: codes and scales are weights in their place, and kernels unpack them where they are used. */
import { HeddleError } from '../base/errors.js';
import { elementCount, type TensorData } from '../base/tensor.js';
import { GraphBuilder, type GraphValue } from '../ir/builder.js';
import { checkProgram } from '../ir/check-program.js';
import type { Graph, Node, Program, ValueId } from '../ir/graph.js';
import { staticShape } from '../ir/types.js';
import { planesOf, unpacked, type PlaneName } from './planes.js';
import { checkQuantizedMap, quantizedBy, type QuantizedTensor } from './quantize.js';
import { schemeOf, type QuantizeOptions } from './scheme.js';

export type QuantizedTensors = ReadonlyMap<string, QuantizedTensor>;

/**
 * Whether a weight is quantised where nobody says which: matrices and what has more axes. Vectors are few, and stay as they are, also
 * where axes of one element stand around them, as those of a bias that is folded do.
 */
export const isQuantizable = ({ dtype, shape }: Pick<TensorData, 'dtype' | 'shape'>): boolean =>
  dtype === 'f32' && shape.filter((extent) => extent > 1).length >= 2 && elementCount(shape) > 0;

/**
 * All matrices among the weights of a program, and all weights with more axes, in a numeric type. Channels are those of the
 * results where a weight is an operand of a product, and else axis 0.
 *
 * @throws USAGE, WEIGHT_INVALID as `quantizeTensor` does
 */
export function quantizeWeights(program: Program, options: QuantizeOptions): QuantizedTensors {
  checkProgram('quantizeWeights', program);
  const scheme = schemeOf(options, 'quantizeWeights');
  const { graph, weights } = program;
  const quantized = new Map<string, QuantizedTensor>();
  graph.nodes.forEach((node, id) => {
    if (node.op !== 'weight') return;
    const tensor = weights.get(node.attrs.id);
    if (tensor === undefined || !isQuantizable(tensor)) return;
    const own = { ...scheme, axis: scheme.axis ?? channelAxis(graph, id) };
    quantized.set(node.attrs.id, quantizedBy(tensor, own, `weight ${JSON.stringify(node.attrs.id)}`));
  });
  return quantized;
}

/** The axis of the channels of a weight: of a product, its first axis that is not summed over. */
function channelAxis({ nodes }: Graph, id: ValueId): number {
  for (const { op, inputs, attrs } of nodes) {
    if (op !== 'dot' || !inputs.includes(id)) continue;
    const summed = inputs[1] === id ? attrs.rhsContract : attrs.lhsContract;
    const batch = inputs[1] === id ? attrs.rhsBatch : attrs.lhsBatch;
    const free = nodes[id].type.shape.findIndex((_, axis) => !summed.includes(axis) && !batch.includes(axis));
    if (free >= 0) return free;
  }
  return 0;
}

/**
 * `program` with `tensors` in place of the weights with their ids: the device holds their codes and scales, and kernels make f32
 * of them. Computation is that of the program with the weights that `dequantizeTensor` gives, bit for bit.
 *
 * @throws USAGE; WEIGHT_MISSING where the program has no weight of that id, WEIGHT_INVALID where it has another shape or dtype,
 *   NAME_COLLISION where a weight has the id of a plane already
 */
export function withQuantized(program: Program, tensors: QuantizedTensors): Program {
  checkProgram('withQuantized', program);
  checkQuantizedMap('withQuantized', tensors);
  const { graph, weights, free } = program;
  checkIds(graph, tensors);
  const planes = new Map(Array.from(tensors, ([id, tensor]) => [id, planesOf(tensor)] as const));
  const own = new Map([...weights].filter(([id]) => !tensors.has(id)));
  for (const [id, parts] of planes)
    for (const [name, tensor] of parts) {
      const planeId = idOf(id, name);
      if (own.has(planeId))
        throw new HeddleError('NAME_COLLISION', 'a weight has the name of the codes of another', {
          found: planeId,
        });
      own.set(planeId, tensor);
    }
  const quantized = rebuilt(graph, (b, id) => {
    const tensor = tensors.get(id);
    if (tensor === undefined) return undefined;
    const values = new Map<PlaneName, GraphValue>();
    for (const [name, { dtype, shape }] of planes.get(id)!)
      values.set(name, b.weight(idOf(id, name), dtype, shape));
    return unpacked(b, tensor, values) as GraphValue;
  });
  const result = { graph: quantized, weights: own };
  return free === undefined
    ? result
    : { ...result, free: { ...free, bind: (sizes) => withQuantized(free.bind(sizes), tensors) } };
}

/** The id of a plane of a weight. */
const idOf = (id: string, plane: PlaneName): string => `${id}.${plane}`;

function checkIds({ nodes }: Graph, tensors: QuantizedTensors): void {
  const types = new Map(nodes.flatMap(({ op, attrs, type }) => (op === 'weight' ? [[attrs.id, type]] : [])));
  for (const [id, { shape }] of tensors) {
    const type = types.get(id);
    if (type === undefined)
      throw new HeddleError('WEIGHT_MISSING', 'the program has no such weight', {
        found: JSON.stringify(id),
      });
    const own = staticShape(type.shape);
    if (type.dtype !== 'f32' || own.length !== shape.length || own.some((extent, i) => extent !== shape[i]))
      throw new HeddleError('WEIGHT_INVALID', 'a quantised tensor does not fit the weight', {
        where: `weight ${JSON.stringify(id)}`,
        found: `[${shape.join(',')}]`,
        expected: `${type.dtype}[${own.join(',')}]`,
      });
  }
}

/** The graph with other values in place of the weights for which `replaced` gives some. */
function rebuilt(graph: Graph, replaced: (b: GraphBuilder, id: string) => GraphValue | undefined): Graph {
  const b = new GraphBuilder(graph.name);
  const values: GraphValue[] = [];
  for (const node of graph.nodes) {
    const other = node.op === 'weight' ? b.within(node.name, () => replaced(b, node.attrs.id)) : undefined;
    values.push(other ?? copied(b, node, node.inputs.map((input) => values[input]))); // prettier-ignore
  }
  for (const { name, value } of graph.outputs) b.output(name, values[value]);
  const built = b.build();
  if (graph.names === undefined) return built;
  const { values: named, folded, merged } = graph.names;
  const names = new Map(Array.from(named, ([name, id]) => [name, values[id].id]));
  return { ...built, names: { values: names, folded, merged } };
}

const copied = <K extends Node['op']>(
  b: GraphBuilder,
  node: Node<K>,
  inputs: readonly GraphValue[],
): GraphValue => b.emit(node.op, inputs, node.attrs, node.name);
