/**
 * A model that is imported again and again. Files lay tensors at any byte, so that what does not lie at a multiple of its elements' size
 * is copied when it is read; here it is copied once, and all imports have views of it.
 */
import { dtypeBehind, ONNX_DTYPES } from './dtype.js';
import type { OnnxModel } from './model.js';
import type { GraphProto, NodeProto, TensorProto } from './proto/onnx.js';

/** The model with the raw data of its initializers and constants where views of them can be. Graphs inside of nodes are left as they are. */
export const withAlignedData = (model: OnnxModel): OnnxModel => ({ ...model, graph: aligned(model.graph) });

const aligned = (graph: GraphProto): GraphProto => ({
  ...graph,
  node: graph.node.map(alignedNode),
  initializer: graph.initializer.map(alignedTensor),
});

function alignedNode(node: NodeProto): NodeProto {
  if (node.attribute.every(({ t }) => t === undefined)) return node;
  const attribute = node.attribute.map((each) => (each.t === undefined ? each : { ...each, t: alignedTensor(each.t) })); // prettier-ignore
  return { ...node, attribute };
}

function alignedTensor(tensor: TensorProto): TensorProto {
  const { rawData, dataType } = tensor;
  const dtype = dtypeBehind(dataType);
  const bits = dtype === undefined ? 0 : ONNX_DTYPES[dtype].bits;
  if (rawData === undefined || bits <= 8 || rawData.byteOffset % (bits / 8) === 0) return tensor;
  return { ...tensor, rawData: new Uint8Array(rawData) };
}
