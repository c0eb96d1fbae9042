/** SparseTensorProto as the dense tensor that it stands for. */
import { HeddleError } from '../../base/errors.js';
import { rowMajorStrides } from '../../base/tensor.js';
import { allocateOnnx } from './dtype.js';
import type { ExternalReader } from './external.js';
import { toNumbers, type HostTensor } from './host.js';
import { checkedCount } from './limits.js';
import type { SparseTensorProto } from './proto/onnx.js';
import { readTensor } from './tensor.js';

/**
 * Values at their places, 0 elsewhere. Indices are positions in the dense tensor, [n], or one for each axis, [n, rank].
 *
 * @throws ONNX_INVALID where indices do not fit, LIMIT_EXCEEDED, and what {@link readTensor} throws.
 */
export function readSparse(proto: SparseTensorProto, owner: string, external?: ExternalReader): HostTensor {
  const refuse = (found: string, expected: string): never => {
    throw new HeddleError('ONNX_INVALID', 'a sparse tensor is malformed', { where: owner, found, expected });
  };
  if (proto.values === undefined || proto.indices === undefined)
    return refuse('a part is missing', 'values and indices');
  const [values, indices] = [proto.values, proto.indices].map((part) => readTensor(part, owner, external));
  const shape = proto.dims.map(Number);
  const count = checkedCount(shape, owner);
  const [n] = values.shape;
  const linear = indices.shape.length === 1;
  const [rows, columns = shape.length] = indices.shape;
  if (
    values.shape.length !== 1 ||
    indices.shape.length > 2 ||
    rows !== n ||
    columns !== shape.length ||
    indices.dtype !== 'int64'
  )
    // prettier-ignore
    refuse(
      `values [${values.shape.join(',')}], indices ${indices.dtype}[${indices.shape.join(',')}]`,
      `values [n], indices int64[n] or int64[n,${shape.length}]`,
    );
  const strides = rowMajorStrides(shape);
  const places = toNumbers(indices);
  const data = allocateOnnx(values.dtype, count);
  for (let i = 0; i < n; i++) {
    const index = linear ? [] : places.slice(i * shape.length, (i + 1) * shape.length);
    const place = linear ? places[i] : index.reduce((sum, at, axis) => sum + at * strides[axis], 0);
    if (!(place >= 0 && place < count) || index.some((at, axis) => at < 0 || at >= shape[axis]))
      refuse(`an element at ${linear ? place : `[${index.join(',')}]`}`, `a place in [${shape.join(',')}]`);
    data[place] = values.data[i];
  }
  return { dtype: values.dtype, shape, data };
}
