/** Programs whose weights are quantised: codes and scales are weights in their place, and kernels unpack them where they are used. */
import { HeddleError } from '../base/errors.js';
import { oneOf } from '../base/kinds.js';
import { checkedOptions, type OptionTable } from '../base/options.js';
import { elementCount, type TensorData } from '../base/tensor.js';
import { GraphBuilder, type GraphValue } from '../ir/builder.js';
import { checkProgram } from '../ir/check-program.js';
import type { Graph, Node, Program, ValueId } from '../ir/graph.js';
import { staticShape } from '../ir/types.js';
import { planesOf, unpacked, type PlaneName, type Planes } from './planes.js';
import {
  ARITHMETICS,
  emitIntegerProduct,
  integerProduct,
  type Arithmetic,
  type IntegerProduct,
} from './products.js';
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

export interface ArithmeticOptions {
  /**
   * In what products of the weights are computed. `f32`: kernels make f32 of codes, and a network has the bits of one with the weights
   * that `dequantizeTensor` gives. `integer`: where codes have up to 8 bits and their scales belong to tensors or to channels of the
   * result, the other operand is quantised to int8 as the program runs, with a scale for each row (of a convolution, for each example),
   * products are summed in i32, exactly, and rescaled once. Other products stay f32. Default: `f32`.
   */
  readonly arithmetic?: Arithmetic;
}

const OPTIONS: OptionTable<ArithmeticOptions> = { arithmetic: oneOf(...ARITHMETICS) };

/**
 * `program` with `tensors` in place of the weights with their ids: the device holds their codes and scales, and kernels unpack them.
 *
 * @throws USAGE, also where `arithmetic` is `integer` and no product can be computed in integers; WEIGHT_MISSING where the program has
 *   no weight of that id, WEIGHT_INVALID where it has another shape or dtype, NAME_COLLISION where a weight has the id of a plane already
 */
export function withQuantized(
  program: Program,
  tensors: QuantizedTensors,
  options?: ArithmeticOptions,
): Program {
  checkProgram('withQuantized', program);
  checkQuantizedMap('withQuantized', tensors);
  const { arithmetic = 'f32' } = checkedOptions(options, OPTIONS, 'withQuantized');
  const { graph, weights, free } = program;
  checkIds(graph, tensors);
  const products =
    arithmetic === 'integer' ? requireProducts(graph, tensors) : new Map<Node, IntegerProduct>();
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
  const result = { graph: repacked(graph, tensors, planes, products), weights: own };
  if (free === undefined) return result;
  return { ...result, free: { ...free, bind: (sizes) => withQuantized(free.bind(sizes), tensors, options) } };
}

/** How many products with quantised weights the program has, and how many of them can be computed in integers. */
export function countProducts(
  { graph }: Program,
  tensors: QuantizedTensors,
): { readonly products: number; readonly integer: number } {
  const products = graph.nodes.filter(
    ({ op, inputs }) =>
      (op === 'dot' || op === 'conv') && inputs.some((input) => tensorAt(graph, tensors, input)),
  );
  return { products: products.length, integer: integerProducts(graph, tensors).size };
}

const tensorAt = ({ nodes }: Graph, tensors: QuantizedTensors, id: ValueId): QuantizedTensor | undefined => {
  const node = nodes[id];
  return node.op === 'weight' ? tensors.get(node.attrs.id) : undefined;
};

/** The products of `graph` that can be computed in integers. */
function integerProducts(graph: Graph, tensors: QuantizedTensors): ReadonlyMap<Node, IntegerProduct> {
  const found = new Map<Node, IntegerProduct>();
  for (const node of graph.nodes)
    for (const side of [1, 0] as const) {
      const tensor = node.inputs.length === 2 ? tensorAt(graph, tensors, node.inputs[side]) : undefined;
      const product = tensor && integerProduct(node, side, tensor);
      if (product !== undefined && !found.has(node)) found.set(node, product);
    }
  return found;
}

function requireProducts(graph: Graph, tensors: QuantizedTensors): ReadonlyMap<Node, IntegerProduct> {
  const products = integerProducts(graph, tensors);
  if (products.size > 0 || tensors.size === 0) return products;
  throw new HeddleError('USAGE', 'no product can be computed in integers', {
    where: graph.name,
    found: [...new Set(Array.from(tensors.values(), ({ type, granularity }) => `${type} per ${granularity}`))].join(', '), // prettier-ignore
    expected: 'weights of products in int8, uint8, int4 or uint4, with scales of tensors or of channels',
    hint: 'types of 4 bits have scales of blocks, unless the granularity is channel',
  });
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

/** The graph on planes in place of `tensors`, with `products` in integers. */
function repacked(
  graph: Graph,
  tensors: QuantizedTensors,
  planes: ReadonlyMap<string, Planes>,
  products: ReadonlyMap<Node, IntegerProduct>,
): Graph {
  const b = new GraphBuilder(graph.name);
  const weightId = (id: ValueId): string | undefined => {
    const node = graph.nodes[id];
    return node.op === 'weight' && tensors.has(node.attrs.id) ? node.attrs.id : undefined;
  };
  const held = new Map<string, ReadonlyMap<PlaneName, GraphValue>>();
  const planesAt = (id: string): ReadonlyMap<PlaneName, GraphValue> => {
    const found = held.get(id) ?? new Map(Array.from(planes.get(id)!, ([name, { dtype, shape }]) => [name, b.weight(idOf(id, name), dtype, shape)] as const)); // prettier-ignore
    held.set(id, found);
    return found;
  };
  const values: GraphValue[] = [];
  graph.nodes.forEach((node, at) => {
    const own = weightId(at);
    const product = products.get(node);
    if (own !== undefined)
      values.push(b.within(node.name, () => unpacked(b, tensors.get(own)!, planesAt(own)) as GraphValue));
    else if (product !== undefined) {
      const [x, weight] = [node.inputs[1 - product.side], node.inputs[product.side]];
      values.push(b.within(node.name, () => emitIntegerProduct(b, product, values[x], planesAt(weightId(weight)!)) as GraphValue)); // prettier-ignore
    } else values.push(copied(b, node, node.inputs.map((input) => values[input]))); // prettier-ignore
  });
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
