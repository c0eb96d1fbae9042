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
        functions: many('FunctionProto', 25),
      },
    },
    FunctionProto: {
      fields: {
        name: string(1),
        input: many('string', 4),
        output: many('string', 5),
        attribute: many('string', 6),
        node: many('NodeProto', 7),
        opsetImport: many('OperatorSetIdProto', 9),
        domain: string(10),
        attributeProto: many('AttributeProto', 11),
        overload: string(13),
      },
    },
    SparseTensorProto: {
      fields: {
        values: { type: 'TensorProto', id: 1 },
        indices: { type: 'TensorProto', id: 2 },
        dims: many('int64', 3),
      },
    },
    GraphProto: {
      fields: {
        node: many('NodeProto', 1),
        name: string(2),
        initializer: many('TensorProto', 5),
        input: many('ValueInfoProto', 11),
        output: many('ValueInfoProto', 12),
        valueInfo: many('ValueInfoProto', 13),
        sparseInitializer: many('SparseTensorProto', 15),
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
        overload: string(8),
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
        tp: { type: 'bytes', id: 14 },
        type: { type: 'int32', id: 20 },
        refAttrName: string(21),
        sparseTensor: { type: 'SparseTensorProto', id: 22 },
      },
    },
    StringStringEntryProto: { fields: { key: string(1), value: string(2) } },
    TensorProto: {
      fields: {
        dims: many('int64', 1),
        dataType: { type: 'int32', id: 2 },
        floatData: many('float', 4),
        int32Data: many('int32', 5),
        stringData: many('bytes', 6),
        int64Data: many('int64', 7),
        name: string(8),
        rawData: { type: 'bytes', id: 9 },
        externalData: many('StringStringEntryProto', 13),
        dataLocation: { type: 'int32', id: 14 },
      },
    },
    ValueInfoProto: { fields: { name: string(1), type: { type: 'TypeProto', id: 2 } } },
    TypeProto: {
      fields: {
        tensorType: { type: 'TensorType', id: 1 },
        sequenceType: { type: 'SequenceType', id: 4 },
        mapType: { type: 'MapType', id: 5 },
      },
    },
    SequenceType: { fields: { elemType: { type: 'TypeProto', id: 1 } } },
    MapType: { fields: { keyType: { type: 'int32', id: 1 }, valueType: { type: 'TypeProto', id: 2 } } },
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

/** TensorProto.DataType */
const STRING = 8;

/** TensorProto.DataType, the typed array for each, and the bits of an element, where that is not the array's. */
const TYPES = {
  float: [1, Float32Array],
  uint8: [2, Uint8Array],
  int8: [3, Int8Array],
  uint16: [4, Uint16Array],
  int16: [5, Int16Array],
  int32: [6, Int32Array],
  int64: [7, BigInt64Array],
  bool: [9, Uint8Array],
  float16: [10, Uint16Array],
  double: [11, Float64Array],
  uint32: [12, Uint32Array],
  uint64: [13, BigUint64Array],
  bfloat16: [16, Uint16Array],
  float8e4m3fn: [17, Uint8Array],
  float8e4m3fnuz: [18, Uint8Array],
  float8e5m2: [19, Uint8Array],
  float8e5m2fnuz: [20, Uint8Array],
  uint4: [21, Uint8Array, 4],
  int4: [22, Int8Array, 4],
  float4e2m1: [23, Uint8Array, 4],
  float8e8m0: [24, Uint8Array],
  uint2: [25, Uint8Array, 2],
  int2: [26, Int8Array, 2],
};

/** A TensorProto with raw data; `values` are numbers (of floats below 32 bits their codes), of 64-bit integers also bigints. */
export function tensor(name, dtype, dims, values) {
  if (dtype === 'string')
    return { name, dataType: STRING, dims, stringData: values.map((text) => new TextEncoder().encode(text)) };
  const [dataType, ArrayType, bits] = TYPES[dtype];
  const data = ArrayType.from(values, ArrayType.name.startsWith('Big') ? BigInt : Number);
  return {
    name,
    dataType,
    dims,
    rawData: bits === undefined ? new Uint8Array(data.buffer) : packed(data, bits),
  };
}

/** Elements of a few bits, the first in the lowest bits of its byte. */
function packed(elements, bits) {
  const bytes = new Uint8Array(Math.ceil((elements.length * bits) / 8));
  elements.forEach((element, i) => {
    bytes[Math.floor((i * bits) / 8)] |= (element & (2 ** bits - 1)) << ((i * bits) % 8);
  });
  return bytes;
}

/** An input or output: `dims` are numbers, or names of symbolic dimensions; not declared where left out. */
export const port = (name, dtype, dims) => ({
  name,
  type: {
    tensorType: {
      elemType: dtype === 'string' ? STRING : TYPES[dtype][0],
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

/** A node; attributes are given as strings, numbers (int where whole), {float}, lists of ints, {floats}, {strings}, {tensor}, {graph}, {tp}, a type as bytes, or {ref}, the name of an attribute of the function around it. */
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
  if (value.ref !== undefined) return { type: value.type, refAttrName: value.ref };
  if (value.float !== undefined) return { type: 1, f: value.float };
  if (value.strings !== undefined)
    return { type: 8, strings: value.strings.map((text) => new TextEncoder().encode(text)) };
  if (value.graph !== undefined) return { type: 5, g: value.graph };
  if (value.tp !== undefined) return { type: 13, tp: value.tp };
  if (value.floats !== undefined) return { type: 6, floats: value.floats };
  return { type: 4, t: value.tensor };
}

/** The bytes of a model of `graph`: {name, node, initializer, input, output}. */
export const encodeModel = (
  graph,
  { opset = 13, irVersion = 8, producerName = 'heddle', domains = {}, functions = [] } = {},
) =>
  encode('ModelProto', {
    irVersion,
    producerName,
    graph,
    opsetImport: opsets({ '': opset, ...domains }),
    functions,
  });

/** OperatorSetIdProtos, of versions by domain. */
export const opsets = (versions) =>
  Object.entries(versions).map(([domain, version]) => ({ domain, version }));

/** The bytes of a tensor in a file of its own, as in ONNX's test data. */
export const encodeTensor = (proto) => encode('TensorProto', proto);
