/** Reads the tensors that ONNX test data comes as (`input_0.pb`), and compares results with them. */
import protobuf from 'protobufjs/minimal.js';

/**
 * @typedef {{ name: string, dims: number[], dtype: string, data: Float32Array | Int32Array | BigInt64Array | Uint8Array | Float64Array }} Tensor
 */

/** TensorProto.DataType -> our name, array type, and the field that holds values not written as raw_data. */
const TYPES = {
  1: { dtype: 'float32', array: Float32Array, field: 'float' },
  2: { dtype: 'uint8', array: Uint8Array, field: 'int32' },
  6: { dtype: 'int32', array: Int32Array, field: 'int32' },
  7: { dtype: 'int64', array: BigInt64Array, field: 'int64' },
  9: { dtype: 'bool', array: Uint8Array, field: 'int32' },
  11: { dtype: 'float64', array: Float64Array, field: 'double' },
};

/** Reads a repeated scalar that may or may not be packed. */
function readRepeated(reader, wireType, into, read) {
  if (wireType !== 2) {
    into.push(read());
    return;
  }
  const end = reader.uint32() + reader.pos;
  while (reader.pos < end) into.push(read());
}

const toBigInt = (long) => (typeof long === 'number' ? BigInt(long) : BigInt(long.toString()));

/**
 * @param {Uint8Array} bytes a serialised onnx.TensorProto
 * @returns {Tensor}
 */
export function readTensorProto(bytes) {
  const reader = protobuf.Reader.create(bytes);
  const dims = [];
  const values = { float: [], int32: [], int64: [], double: [] };
  let name = '';
  let type = 0;
  let raw;
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    const wire = tag & 7;
    switch (tag >>> 3) {
      case 1:
        readRepeated(reader, wire, dims, () => Number(reader.int64()));
        break;
      case 2:
        type = reader.int32();
        break;
      case 4:
        readRepeated(reader, wire, values.float, () => reader.float());
        break;
      case 5:
        readRepeated(reader, wire, values.int32, () => reader.int32());
        break;
      case 7:
        readRepeated(reader, wire, values.int64, () => toBigInt(reader.int64()));
        break;
      case 8:
        name = reader.string();
        break;
      case 9:
        raw = reader.bytes();
        break;
      case 10:
        readRepeated(reader, wire, values.double, () => reader.double());
        break;
      default:
        reader.skipType(wire);
    }
  }
  const known = TYPES[type];
  if (!known) throw new Error(`tensor ${name}: ONNX data type ${type} is not known to the benchmark`);
  const data = raw ? new known.array(new Uint8Array(raw).buffer) : known.array.from(values[known.field]);
  const size = dims.reduce((a, b) => a * b, 1);
  if (data.length !== size) throw new Error(`tensor ${name}: ${data.length} values for dims [${dims}]`);
  return { name, dims, dtype: known.dtype, data };
}

/**
 * Compares as the ONNX backend suite does: |actual - expected| <= atol + rtol * |expected|.
 * @param {Tensor} actual
 * @param {Tensor} expected
 */
export function compareTensors(actual, expected, { rtol = 1e-3, atol = 1e-7 } = {}) {
  if (actual.dims.join() !== expected.dims.join()) {
    return { ok: false, reason: `dims [${actual.dims}] instead of [${expected.dims}]` };
  }
  let outside = 0;
  let maxError = 0;
  for (let i = 0; i < expected.data.length; i++) {
    const a = Number(actual.data[i]);
    const e = Number(expected.data[i]);
    if (Object.is(a, e) || a === e) continue;
    const error = Math.abs(a - e);
    maxError = Math.max(maxError, Number.isNaN(error) ? Infinity : error);
    if (!(error <= atol + rtol * Math.abs(e))) outside += 1;
  }
  const ok = outside === 0;
  return {
    ok,
    maxError,
    ...(ok ? {} : { reason: `${outside} of ${expected.data.length} values outside the tolerance` }),
  };
}
