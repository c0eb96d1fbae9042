/** Tensors of text. They lie on the host: no device has any. */
import { utf8Decoder } from '../../../base/utf8.js';
import { HeddleError } from '../../../base/errors.js';
import type { ExternalReader } from '../external.js';
import type { HostTensor } from '../host.js';
import { checkedCount } from '../limits.js';
import { decodeMessage } from '../proto/decode.js';
import { Tensor, type TensorProto } from '../proto/onnx.js';
import { readHostTensor, readTensor } from '../tensor.js';

/** `data` is row-major and holds exactly the product of `shape` elements. */
export interface TextTensor {
  readonly dtype: 'string';
  readonly shape: readonly number[];
  readonly data: readonly string[];
}

/** What nodes on the host take and give. */
export type HostValue = HostTensor | TextTensor;

export const isText = (value: HostValue): value is TextTensor => value.dtype === 'string';

export const text = (shape: readonly number[], data: readonly string[]): TextTensor => ({
  dtype: 'string',
  shape,
  data,
});

/** What shapes and data of text hold, for callers whose types nobody checks. */
export const isExtent = (extent: unknown): extent is number => Number.isSafeInteger(extent) && Number(extent) >= 0; // prettier-ignore
export const isWord = (value: unknown): value is string => typeof value === 'string';

/** TensorProto.DataType */
export const STRING = 8;

const utf8 = utf8Decoder();

/** The tensor of `proto`, of numbers or of text. Throws as readTensor does. */
export const readValue = (proto: TensorProto, owner: string, external?: ExternalReader): HostValue =>
  proto.dataType === STRING ? readText(proto, owner) : readTensor(proto, owner, external);

/** A serialized TensorProto of numbers or of text, with its name. Throws as readHostTensor does. */
export function readNamedValue(
  bytes: Uint8Array,
  file: string,
): { readonly name: string; readonly value: HostValue } {
  const proto = decodeMessage(Tensor, bytes, file);
  if (proto.dataType === STRING) return { name: proto.name, value: readText(proto, file) };
  const { name, host } = readHostTensor(bytes, file);
  return { name, value: host };
}

function readText({ dims, stringData }: TensorProto, where: string): TextTensor {
  const shape = dims.map(Number);
  const count = checkedCount(shape, where);
  if (stringData.length !== count)
    throw new HeddleError('FILE_CORRUPT', 'the data of a tensor does not fill its shape', {
      where,
      found: `${stringData.length} strings`,
      expected: `${count} strings`,
    });
  return text(shape, stringData.map((bytes) => utf8.decode(bytes))); // prettier-ignore
}

/** The elements of several tensors that broadcast to one shape, place by place. Throws SHAPE_MISMATCH where they do not. */
export function broadcastData<T>(
  tensors: readonly { readonly shape: readonly number[]; readonly data: ArrayLike<T> }[],
): { readonly shape: readonly number[]; readonly rows: readonly T[][] } {
  const rank = tensors.reduce((most, { shape }) => Math.max(most, shape.length), 0);
  const shapes = tensors.map(({ shape }) => [...new Array<number>(rank - shape.length).fill(1), ...shape]);
  const shape = Array.from({ length: rank }, (_, axis) => {
    const extents = shapes.map((own) => own[axis]);
    const extent = extents.find((each) => each !== 1) ?? 1;
    if (extents.some((each) => each !== 1 && each !== extent))
      throw new HeddleError('SHAPE_MISMATCH', 'the shapes do not broadcast together', {
        found: tensors.map((tensor) => `[${tensor.shape.join(',')}]`).join(', '),
      });
    return extent;
  });
  const count = checkedCount(shape, 'the result');
  const rows = Array.from({ length: count }, (_, place): T[] =>
    tensors.map(({ data }, i) => {
      let [rest, stride, at] = [place, 1, 0];
      for (let axis = rank - 1; axis >= 0; axis--) {
        const index = rest % shape[axis];
        rest = Math.floor(rest / shape[axis]);
        at += (shapes[i][axis] === 1 ? 0 : index) * stride;
        stride *= shapes[i][axis];
      }
      return data[at];
    }),
  );
  return { shape, rows };
}
