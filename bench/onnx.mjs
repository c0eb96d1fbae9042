/** Small ONNX models of one node, made here. */
import protobuf from 'protobufjs/minimal.js';

function message(fields) {
  const writer = protobuf.Writer.create();
  for (const [id, value] of fields) {
    if (typeof value === 'number') writer.uint32((id << 3) | 0).int64(value);
    else if (typeof value === 'string') writer.uint32((id << 3) | 2).string(value);
    else writer.uint32((id << 3) | 2).bytes(value);
  }
  return writer.finish();
}

/** A float tensor of a name and shape. */
function valueInfo(name, dims) {
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

function model(op, inputs, dims) {
  const node = message([...inputs.map((name) => [1, name]), [2, 'y'], [4, op]]);
  const graph = message([
    [1, node],
    [2, `one-${op}`],
    ...inputs.map((name) => [11, valueInfo(name, dims)]),
    [12, valueInfo('y', dims)],
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
