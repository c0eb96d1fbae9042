/** What the host hands to the graph of numbers, as the graph declares it. */
import { ONNX_DTYPES } from '../dtype.js';
import type { HostTensor } from '../host.js';
import { decodeMessage } from '../proto/decode.js';
import { Dimension, Tensor, type TensorProto, type ValueInfoProto } from '../proto/onnx.js';
import type { TextType } from './node.js';
import { STRING } from './tensor.js';

/** The declaration of an input of the graph that the host makes. */
export function inputInfo(name: string, { dtype, dims }: TextType): ValueInfoProto {
  const none = decodeMessage(Dimension, new Uint8Array(0), '');
  const shape = dims && {
    dim: dims.map((dim) => typeof dim === 'number' ? { ...none, dimValue: BigInt(dim) } : { ...none, dimParam: dim ?? '' }), // prettier-ignore
  };
  const elemType = dtype === 'string' ? STRING : ONNX_DTYPES[dtype].code;
  return {
    name,
    type: {
      tensorType: { elemType, shape },
      sequenceType: undefined,
      mapType: undefined,
      sparseTensorType: undefined,
      optionalType: undefined,
    },
  };
}

/** A tensor as an initializer. */
export const tensorProto = (name: string, { dtype, shape, data }: HostTensor): TensorProto => ({
  ...decodeMessage(Tensor, new Uint8Array(0), ''),
  name,
  dataType: ONNX_DTYPES[dtype].code,
  dims: shape.map(BigInt),
  rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
});
