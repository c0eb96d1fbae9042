// Writes ONNX files: the part of onnx.proto that the repository's own models and the tests' small ones need. It is
// independent of the reader in src/frontends/onnx, which the tests check with it.
import protobuf from 'protobufjs/light.js';

const string = (id) => ({ type: 'string', id });
const int64 = (id) => ({ type: 'int64', id });
const many = (type, id) => ({ rule: 'repeated', type, id });

const { nested } = {
  nested: {
    OperatorSetIdProto: { fields: { domain: string(1), version: int64(2) } },
    ModelProto: {
      fields: {
        irVersion: int64(1),
        producerName: string(2),
        producerVersion: string(3),
        graph: { type: 'GraphProto', id: 7 },
        opsetImport: many('OperatorSetIdProto', 8),
      },
    },
    GraphProto: {
      fields: {
        node: many('NodeProto', 1),
        name: string(2),
        initializer: many('TensorProto', 5),
        input: many('ValueInfoProto', 11),
        output: many('ValueInfoProto', 12),
      },
    },
    NodeProto: {
      fields: {
        input: many('string', 1),
        output: many('string', 2),
        name: string(3),
        opType: string(4),
        attribute: many('AttributeProto', 5),
        domain: string(7),
      },
    },
    AttributeProto: {
      fields: {
        name: string(1),
        f: { type: 'float', id: 2 },
        i: int64(3),
        s: { type: 'bytes', id: 4 },
        t: { type: 'TensorProto', id: 5 },
        g: { type: 'GraphProto', id: 6 },
        floats: many('float', 7),
        ints: many('int64', 8),
        strings: many('bytes', 9),
        type: { type: 'int32', id: 20 },
      },
    },
    StringStringEntryProto: { fields: { key: string(1), value: string(2) } },
    TensorProto: {
      fields: {
        dims: many('int64', 1),
        dataType: { type: 'int32', id: 2 },
        floatData: many('float', 4),
        int32Data: many('int32', 5),
        int64Data: many('int64', 7),
        name: string(8),
        rawData: { type: 'bytes', id: 9 },
        externalData: many('StringStringEntryProto', 13),
        dataLocation: { type: 'int32', id: 14 },
      },
    },
    ValueInfoProto: { fields: { name: string(1), type: { type: 'TypeProto', id: 2 } } },
    TypeProto: { fields: { tensorType: { type: 'TensorType', id: 1 } } },
    TensorType: {
      fields: { elemType: { type: 'int32', id: 1 }, shape: { type: 'TensorShapeProto', id: 2 } },
    },
    TensorShapeProto: { fields: { dim: many('Dimension', 1) } },
    Dimension: {
      oneofs: { value: { oneof: ['dimValue', 'dimParam'] } },
      fields: { dimValue: int64(1), dimParam: string(2) },
    },
  },
};
const root = protobuf.Root.fromJSON({ nested });

const encode = (type, message) => {
  const Type = root.lookupType(type);
  const problem = Type.verify(message);
  if (problem !== null) throw new Error(`${type}: ${problem}`);
  return new Uint8Array(Type.encode(Type.create(message)).finish());
};

/** TensorProto.DataType, and the typed array for each. */
const TYPES = {
  float: [1, Float32Array],
  uint8: [2, Uint8Array],
  int8: [3, Int8Array],
  int32: [6, Int32Array],
  int64: [7, BigInt64Array],
  bool: [9, Uint8Array],
  float16: [10, Uint16Array],
  double: [11, Float64Array],
};

/** A TensorProto with raw data; `values` are numbers, for int64 also bigints, for float16 their bits. */
export function tensor(name, dtype, dims, values) {
  const [dataType, ArrayType] = TYPES[dtype];
  const data = ArrayType.from(values, dtype === 'int64' ? BigInt : Number);
  return { name, dataType, dims, rawData: new Uint8Array(data.buffer) };
}

/** An input or output: `dims` are numbers, or names of symbolic dimensions; not declared where left out. */
export const port = (name, dtype, dims) => ({
  name,
  type: {
    tensorType: {
      elemType: TYPES[dtype][0],
      ...(dims === undefined
        ? {}
        : {
            shape: {
              dim: dims.map((dim) => (typeof dim === 'number' ? { dimValue: dim } : { dimParam: dim })),
            },
          }),
    },
  },
});

/** A node; attributes are given as strings, numbers (int where whole), {float}, lists of ints, {floats}, {strings}, {tensor} or {graph}. */
export const node = (opType, input, output, attributes = {}, domain = '') => ({
  opType,
  domain,
  input,
  output,
  attribute: Object.entries(attributes).map(([name, value]) => ({ name, ...attributeValue(value) })),
});

function attributeValue(value) {
  if (typeof value === 'string') return { type: 3, s: new TextEncoder().encode(value) };
  if (typeof value === 'number') return { type: 2, i: value };
  if (Array.isArray(value)) return { type: 7, ints: value };
  if (value.float !== undefined) return { type: 1, f: value.float };
  if (value.strings !== undefined)
    return { type: 8, strings: value.strings.map((text) => new TextEncoder().encode(text)) };
  if (value.graph !== undefined) return { type: 5, g: value.graph };
  if (value.floats !== undefined) return { type: 6, floats: value.floats };
  return { type: 4, t: value.tensor };
}

/** The bytes of a model of `graph`: {name, node, initializer, input, output}. */
export const encodeModel = (
  graph,
  { opset = 13, irVersion = 8, producerName = 'heddle', domains = {} } = {},
) =>
  encode('ModelProto', {
    irVersion,
    producerName,
    graph,
    opsetImport: Object.entries({ '': opset, ...domains }).map(([domain, version]) => ({ domain, version })),
  });

/** The bytes of a tensor in a file of its own, as in ONNX's test data. */
export const encodeTensor = (proto) => encode('TensorProto', proto);
