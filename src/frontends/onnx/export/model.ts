/** A finished graph as the bytes of a model. */
import { HeddleError } from '../../../base/errors.js';
import { isStatic, symbolName } from '../../../ir/dim.js';
import type { Shape } from '../../../ir/types.js';
import { KINDS } from '../attributes.js';
import { ONNX_DTYPES, type OnnxDType } from '../dtype.js';
import * as onnx from '../proto/onnx.js';
import {
  isSubgraph,
  ONNX_OF,
  type Attribute,
  type Initializer,
  type Input,
  type OnnxNode,
  type Port,
  type Subgraph,
} from './builder.js';
import { encode, joined, type Encoded } from './encode.js';
import type { Naming } from './names.js';

export interface OnnxGraph {
  readonly name: string;
  readonly opset: number;
  readonly producer: string;
  readonly inputs: readonly Input[];
  readonly outputs: readonly Input[];
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly Initializer[];
  readonly naming: Naming;
}

/** The format that came with opset 18; newer ones add nothing that is used here. */
const IR_VERSION = 8;

/** Protobuf's readers take no larger message. */
const MOST_BYTES = 2 ** 31 - 1;

/** Throws LIMIT_EXCEEDED where the file would be larger than a protobuf message can be. */
export function writeModel(graph: OnnxGraph): Uint8Array {
  const model = encode(onnx.Model, {
    irVersion: IR_VERSION,
    producerName: graph.producer,
    graph: encodeGraph(graph),
    opsetImport: [encode(onnx.OperatorSet, { domain: '', version: graph.opset })],
  });
  if (model.size > MOST_BYTES)
    throw new HeddleError('LIMIT_EXCEEDED', 'the model is too large for one file', {
      where: graph.name,
      found: `${model.size} bytes`,
      expected: `at most ${MOST_BYTES}, as protobuf allows`,
      hint: 'store weights in f16, or leave some of them out as inputs',
    });
  return joined(model);
}

function encodeGraph({ name, inputs, outputs, nodes, initializers, naming }: OnnxGraph): Encoded {
  return encode(onnx.Graph, {
    name,
    node: nodes.map((node) => encodeNode(node, naming)),
    initializer: initializers.map((initializer) =>
      encodeTensor(naming.valueOf.get(initializer.ref)!, initializer),
    ),
    input: inputs.map((port) => encodePort(port.name, ONNX_OF[port.type.dtype], port.type.shape)),
    output: outputs.map((port) => encodePort(port.name, ONNX_OF[port.type.dtype], port.type.shape)),
  });
}

function encodeNode(node: OnnxNode, naming: Naming): Encoded {
  const nameOf = (ref: OnnxNode['inputs'][number]): string =>
    ref === undefined ? '' : naming.valueOf.get(ref)!;
  return encode(onnx.Node, {
    input: node.inputs.map(nameOf),
    output: node.outputs.map(nameOf),
    name: naming.nodeOf.get(node)!,
    opType: node.op,
    attribute: Object.entries(node.attributes).map(([key, value]) => encodeAttribute(key, value, naming)),
  });
}

function encodeSubgraph({ name, inputs, outputs, nodes }: Subgraph, naming: Naming): Encoded {
  const ports = (list: readonly Port[]): Encoded[] =>
    list.map(({ ref, shape }) => encodePort(naming.valueOf.get(ref)!, ref.dtype, shape));
  return encode(onnx.Graph, {
    name,
    node: nodes.map((node) => encodeNode(node, naming)),
    input: ports(inputs),
    output: ports(outputs),
  });
}

function encodeAttribute(name: string, value: Attribute, naming: Naming): Encoded {
  if (typeof value === 'number') return encode(onnx.Attribute, { name, i: value, type: KINDS.int });
  if (typeof value === 'string') return encode(onnx.Attribute, { name, s: value, type: KINDS.string });
  if (isSubgraph(value))
    return encode(onnx.Attribute, { name, g: encodeSubgraph(value, naming), type: KINDS.graph });
  return encode(onnx.Attribute, { name, ints: value, type: KINDS.ints });
}

const encodeTensor = (name: string, { ref, shape, bytes }: Initializer): Encoded =>
  encode(onnx.Tensor, { dims: shape, dataType: ONNX_DTYPES[ref.dtype].code, name, rawData: bytes });

/** A symbolic extent goes by its text: only those that are equal have equal texts. */
function encodePort(name: string, dtype: OnnxDType, shape: Shape): Encoded {
  const dim = shape.map((extent) =>
    encode(
      onnx.Dimension,
      isStatic(extent) ? { dimValue: extent } : { dimParam: symbolName(extent) ?? String(extent) },
    ),
  );
  const tensorType = encode(onnx.TensorType, {
    elemType: ONNX_DTYPES[dtype].code,
    shape: encode(onnx.TensorShape, { dim }),
  });
  return encode(onnx.ValueInfo, { name, type: encode(onnx.Type, { tensorType }) });
}
