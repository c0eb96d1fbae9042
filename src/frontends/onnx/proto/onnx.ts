/**
 * The messages of onnx.proto (github.com/onnx/onnx, IR version 13) as far as the importer reads them; unknown fields are
 * skipped. Sub-graphs and non-tensor types stay bytes, so the table is not recursive and no file can nest it deeply.
 */
import {
  bytes,
  float,
  float32Bytes,
  float64Bytes,
  int32,
  int64,
  many,
  messageType,
  one,
  string,
  uint64,
  type Message,
} from './fields.js';
import { nested } from './decode.js';

export const StringEntry = messageType('StringStringEntryProto', {
  key: one(1, string, ''),
  value: one(2, string, ''),
});

export const Tensor = messageType('TensorProto', {
  dims: many(1, int64),
  dataType: one(2, int32, 0),
  segment: one(3, bytes, undefined),
  floatData: many(4, float32Bytes),
  int32Data: many(5, int32),
  stringData: many(6, bytes),
  int64Data: many(7, int64),
  name: one(8, string, ''),
  rawData: one(9, bytes, undefined),
  doubleData: many(10, float64Bytes),
  uint64Data: many(11, uint64),
  externalData: many(13, nested(StringEntry)),
  dataLocation: one(14, int32, 0),
});

export const SparseTensor = messageType('SparseTensorProto', {
  values: one(1, nested(Tensor), undefined),
  indices: one(2, nested(Tensor), undefined),
  dims: many(3, int64),
});

export const Attribute = messageType('AttributeProto', {
  name: one(1, string, ''),
  f: one(2, float, 0),
  i: one(3, int64, 0n),
  s: one(4, bytes, undefined),
  t: one(5, nested(Tensor), undefined),
  g: one(6, bytes, undefined),
  floats: many(7, float),
  ints: many(8, int64),
  strings: many(9, bytes),
  tp: one(14, bytes, undefined),
  type: one(20, int32, 0),
  refAttrName: one(21, string, ''),
  sparseTensor: one(22, nested(SparseTensor), undefined),
});

export const Node = messageType('NodeProto', {
  input: many(1, string),
  output: many(2, string),
  name: one(3, string, ''),
  opType: one(4, string, ''),
  attribute: many(5, nested(Attribute)),
  domain: one(7, string, ''),
  overload: one(8, string, ''),
});

export const Dimension = messageType('TensorShapeProto.Dimension', {
  dimValue: one(1, int64, undefined),
  dimParam: one(2, string, ''),
});
export const TensorShape = messageType('TensorShapeProto', { dim: many(1, nested(Dimension)) });
export const TensorType = messageType('TypeProto.Tensor', {
  elemType: one(1, int32, 0),
  shape: one(2, nested(TensorShape), undefined),
});
export const Type = messageType('TypeProto', {
  tensorType: one(1, nested(TensorType), undefined),
  sequenceType: one(4, bytes, undefined),
  mapType: one(5, bytes, undefined),
  sparseTensorType: one(8, bytes, undefined),
  optionalType: one(9, bytes, undefined),
});
/** TypeProto.Sequence and TypeProto.Optional; the type inside is a TypeProto again. */
export const Contained = messageType('TypeProto.Sequence', { elemType: one(1, bytes, undefined) });
export const ValueInfo = messageType('ValueInfoProto', {
  name: one(1, string, ''),
  type: one(2, nested(Type), undefined),
});

export const Graph = messageType('GraphProto', {
  node: many(1, nested(Node)),
  name: one(2, string, ''),
  initializer: many(5, nested(Tensor)),
  input: many(11, nested(ValueInfo)),
  output: many(12, nested(ValueInfo)),
  valueInfo: many(13, nested(ValueInfo)),
  sparseInitializer: many(15, nested(SparseTensor)),
});

export const OperatorSet = messageType('OperatorSetIdProto', {
  domain: one(1, string, ''),
  version: one(2, int64, 0n),
});
export const Function = messageType('FunctionProto', {
  name: one(1, string, ''),
  input: many(4, string),
  output: many(5, string),
  attribute: many(6, string),
  node: many(7, nested(Node)),
  opsetImport: many(9, nested(OperatorSet)),
  domain: one(10, string, ''),
  attributeProto: many(11, nested(Attribute)),
  overload: one(13, string, ''),
});
export const Model = messageType('ModelProto', {
  irVersion: one(1, int64, 0n),
  producerName: one(2, string, ''),
  producerVersion: one(3, string, ''),
  graph: one(7, nested(Graph), undefined),
  opsetImport: many(8, nested(OperatorSet)),
  functions: many(25, nested(Function)),
});

export const Sequence = messageType('SequenceProto', {
  name: one(1, string, ''),
  elemType: one(2, int32, 0),
  tensorValues: many(3, nested(Tensor)),
  sequenceValues: many(5, bytes),
});
export const Optional = messageType('OptionalProto', {
  name: one(1, string, ''),
  elemType: one(2, int32, 0),
  tensorValue: one(3, nested(Tensor), undefined),
  sequenceValue: one(5, nested(Sequence), undefined),
});

export type SequenceProto = Message<typeof Sequence>;
export type TensorProto = Message<typeof Tensor>;
export type SparseTensorProto = Message<typeof SparseTensor>;
export type FunctionProto = Message<typeof Function>;
export type AttributeProto = Message<typeof Attribute>;
export type NodeProto = Message<typeof Node>;
export type DimensionProto = Message<typeof Dimension>;
export type ValueInfoProto = Message<typeof ValueInfo>;
export type GraphProto = Message<typeof Graph>;
export type ModelProto = Message<typeof Model>;
