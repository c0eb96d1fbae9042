/** Small ONNX models of one node, made here, and what others are made of. */
import protobuf from 'protobufjs/minimal.js';

/** A message of protobuf: integers, strings and bytes by the numbers of their fields. */
export function message(fields) {
  const writer = protobuf.Writer.create();
  for (const [id, value] of fields) {
    if (typeof value === 'number') writer.uint32((id << 3) | 0).int64(value);
    else if (typeof value === 'string') writer.uint32((id << 3) | 2).string(value);
    else writer.uint32((id << 3) | 2).bytes(value);
  }
  return writer.finish();
}

/** A float input or output. */
export function tensorInfo(name, dims) {
  const shape = message(dims.map((dim) => [1, message([[1, dim]])]));
  const tensorType = message([
    [1, 1],
    [2, shape],
  ]);
  return message([
    [1, name],
    [2, message([[1, tensorType]])],
  ]);
}

/** A float initializer. @param {Float32Array} data */
export const floatTensor = (name, dims, data) =>
  message([
    ...dims.map((dim) => [1, dim]),
    [2, 1],
    [8, name],
    [9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)],
  ]);

function model(op, inputs, dims) {
  const node = message([...inputs.map((name) => [1, name]), [2, 'y'], [4, op]]);
  const graph = message([
    [1, node],
    [2, `one-${op}`],
    ...inputs.map((name) => [11, tensorInfo(name, dims)]),
    [12, tensorInfo('y', dims)],
  ]);
  return message([
    [1, 8],
    [7, graph],
    [8, message([[2, 13]])],
  ]);
}

/** y = Relu(x) for x: f32[1]. */
export const reluModel = () => model('Relu', ['x'], [1]);

/** y = a b for a, b: f32[n, n]. @param {number} n */
export const matmulModel = (n) => model('MatMul', ['a', 'b'], [n, n]);
