/** TensorProto, checked and read. The bytes of raw data stay where they are. */
import { bytes as someBytes, checkArguments } from '../../base/arguments.js';
import { text } from '../../base/kinds.js';
import { HeddleError } from '../../base/errors.js';
import type { TensorData } from '../../base/tensor.js';
import {
  allocateOnnx,
  dtypeOfCode,
  ONNX_DTYPES,
  storedBytes,
  viewOnnx,
  type OnnxArray,
  type OnnxDType,
} from './dtype.js';
import { externalBytes, externalReader, type ExternalReader } from './external.js';
import { fromBigInts, toTensorData, type HostTensor } from './host.js';
import { checkedCount, shorten } from './limits.js';
import { placed } from './place.js';
import { decodeMessage } from './proto/decode.js';
import { Optional, Sequence, Tensor, type SequenceProto, type TensorProto } from './proto/onnx.js';

/** A tensor out of a file of its own, such as the `input_0.pb` of ONNX's test data. */
export interface NamedTensor {
  /** The name in the file; often empty. */
  readonly name: string;
  /** The element type in the file; `tensor` has the IR dtype that stands for it. */
  readonly dtype: OnnxDType;
  readonly tensor: TensorData;
}

/**
 * Reads a serialized TensorProto.
 *
 * @throws FILE_TRUNCATED, FILE_CORRUPT; ONNX_UNSUPPORTED_DTYPE for other element types and for 64-bit integers that do
 *   not fit into 32 bits; ONNX_UNSUPPORTED_FEATURE for external data.
 */
export function readTensorProto(bytes: Uint8Array, fileName = 'tensor'): NamedTensor {
  checkArguments('readTensorProto', { bytes, fileName }, { bytes: someBytes, fileName: text });
  const { name, host } = readHostTensor(bytes, fileName);
  return { name, dtype: host.dtype, tensor: toTensorData(host, fileName) };
}

/** The same in its own element type, so that nothing is narrowed. Throws the same, but for integers that do not fit. */
export function readHostTensor(
  bytes: Uint8Array,
  fileName: string,
): { readonly name: string; readonly host: HostTensor } {
  const proto = decodeMessage(Tensor, bytes, fileName);
  if (proto.dataType === 0)
    throw new HeddleError('FILE_FORMAT', 'the file holds no ONNX tensor', { where: fileName });
  return { name: proto.name, host: readTensor(proto, fileName) };
}

/**
 * Reads a serialized SequenceProto or OptionalProto: its tensors, in order; undefined for an optional value that is none.
 *
 * @throws as {@link readHostTensor}; ONNX_UNSUPPORTED_FEATURE for sequences of sequences.
 */
export function readHostSequence(
  bytes: Uint8Array,
  kind: 'sequence' | 'optional',
  fileName: string,
): readonly HostTensor[] | undefined {
  if (kind === 'sequence') return tensorsOf(decodeMessage(Sequence, bytes, fileName), fileName);
  const { tensorValue, sequenceValue } = decodeMessage(Optional, bytes, fileName);
  if (sequenceValue !== undefined) return tensorsOf(sequenceValue, fileName);
  return tensorValue && [readTensor(tensorValue, fileName)];
}

function tensorsOf({ tensorValues, sequenceValues }: SequenceProto, fileName: string): readonly HostTensor[] {
  if (sequenceValues.length > 0)
    throw new HeddleError('ONNX_UNSUPPORTED_FEATURE', 'sequences hold tensors', { where: fileName });
  return tensorValues.map((proto) => readTensor(proto, fileName));
}

/** The tensor of `proto`, in its own element type. Sizes are checked before anything is allocated. */
export function readTensor(
  proto: TensorProto,
  owner: string,
  external: ExternalReader = externalReader(undefined),
): HostTensor {
  const where = proto.name === '' ? owner : `${owner}, tensor "${shorten(proto.name)}"`;
  try {
    return read(proto, where, external);
  } catch (error) {
    throw placed(error, where);
  }
}

function read(proto: TensorProto, where: string, external: ExternalReader): HostTensor {
  if (proto.segment !== undefined)
    throw new HeddleError('ONNX_UNSUPPORTED_FEATURE', 'tensors in segments are not supported');
  const dtype = dtypeOfCode(proto.dataType, where);
  const shape = proto.dims.map(Number);
  if (shape.some((extent) => extent < 0))
    throw new HeddleError('FILE_CORRUPT', 'a tensor has a negative extent', {
      found: `[${shape.join(',')}]`,
    });
  const count = checkedCount(shape, where);
  if (proto.dataLocation === EXTERNAL) {
    const bytes = externalBytes(proto, storedBytes(dtype, count), external);
    return { dtype, shape, data: viewOnnx(dtype, bytes, count) };
  }
  const data =
    proto.rawData !== undefined && proto.rawData.length > 0
      ? wholeBytes(dtype, count, proto.rawData)
      : typedData(proto, dtype, count);
  return { dtype, shape, data };
}

/** TensorProto.DataLocation */
const EXTERNAL = 1;

function wholeBytes(dtype: OnnxDType, count: number, bytes: Uint8Array): OnnxArray {
  requireSize(bytes.length, storedBytes(dtype, count), 'bytes');
  return viewOnnx(dtype, bytes, count);
}

/** The element types whose values lie in one of the typed lists, with the list. float and double lie there as bytes. */
function typedData(proto: TensorProto, dtype: OnnxDType, count: number): OnnxArray {
  switch (dtype) {
    case 'float':
      return wholeBytes(dtype, count, joined(proto.floatData));
    case 'double':
      return wholeBytes(dtype, count, joined(proto.doubleData));
    case 'int64':
      return listed(dtype, count, proto.int64Data);
    case 'uint32':
    case 'uint64':
      return listed(dtype, count, proto.uint64Data);
    default:
      return fromInt32s(dtype, count, proto.int32Data);
  }
}

/** Small elements, one a number: integers as they are, floats as their codes; those below 8 bits a byte of them a number. */
function fromInt32s(dtype: OnnxDType, count: number, values: readonly number[]): OnnxArray {
  const { bits, integer } = ONNX_DTYPES[dtype];
  if (bits < 8) return wholeBytes(dtype, count, Uint8Array.from(values));
  if (integer !== undefined || dtype === 'bool') return listed(dtype, count, values.map(BigInt));
  requireSize(values.length, count, 'elements');
  const codes = allocateOnnx(dtype, count);
  for (let i = 0; i < count; i++) codes[i] = values[i];
  return codes;
}

function listed(dtype: OnnxDType, count: number, values: readonly bigint[]): OnnxArray {
  requireSize(values.length, count, 'elements');
  return fromBigInts(dtype, [count], values).data;
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  if (chunks.length === 1) return chunks[0];
  const whole = new Uint8Array(chunks.reduce((total, chunk) => total + chunk.length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.length;
  }
  return whole;
}

function requireSize(found: number, expected: number, unit: string): void {
  if (found !== expected)
    throw new HeddleError('FILE_CORRUPT', 'the data of a tensor does not fill its shape', {
      found: `${found} ${unit}`,
      expected: `${expected} ${unit}`,
    });
}
