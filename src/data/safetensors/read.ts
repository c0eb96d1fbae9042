/** Reads safetensors files (https://github.com/huggingface/safetensors), the usual container of weights. */
import { bytes as someBytes, checkArguments } from '../../base/arguments.js';
import { text } from '../../base/kinds.js';
import { ensure, inFile } from '../../base/errors.js';
import { readContainer } from '../../base/safetensors/read.js';
import type { RawTensor } from '../../base/safetensors/write.js';
import type { TensorData } from '../../base/tensor.js';
import { ELEMENT_TYPES, type ElementType } from './elements.js';

export interface Safetensors {
  /** By name, in the order of the header. */
  readonly tensors: ReadonlyMap<string, TensorData>;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * All tensors of a file. F32, F16, I32, U32 and BOOL are views of `bytes` wherever alignment allows it. BF16, F8_E4M3,
 * F8_E5M2 and F4 become f32; I8, I16 and I64 become i32, U8, U16 and U64 become u32. `where` names the file in errors.
 *
 * @throws FILE_FORMAT where `bytes` are something else, for other element types (F64), and for 64-bit
 *   integers that do not fit into 32 bits; FILE_TRUNCATED where they end early; FILE_CORRUPT where the header is not JSON
 *   of the right form, where tensors overlap or leave gaps, and where their sizes are not those of their shapes.
 */
export function readSafetensors(bytes: Uint8Array, where = 'the file'): Safetensors {
  checkArguments('readSafetensors', { bytes, where }, { bytes: someBytes, where: text });
  const { metadata, tensors } = readEntries(bytes, where);
  const decoded = Array.from(tensors, ([name, entry]) => {
    return [name, decodeEntry(entry, `${where}, tensor ${JSON.stringify(name)}`)] as const;
  });
  return { tensors: new Map(decoded), metadata };
}

/** All tensors of a file as they are in it: views of `bytes`. Throws FILE_FORMAT, FILE_TRUNCATED, FILE_CORRUPT. */
export function readEntries(
  bytes: Uint8Array,
  where: string,
): { readonly tensors: ReadonlyMap<string, RawTensor>; readonly metadata: Readonly<Record<string, string>> } {
  const bytesOf = (dtype: string, place: string): number => elementType(dtype, place).bytes;
  const { metadata, tensors, data } = inFile(where, () =>
    readContainer(bytes, 'not a safetensors file', bytesOf),
  );
  const entries = Array.from(tensors, ([name, { dtype, shape, data_offsets }]) => {
    return [name, { dtype, shape, bytes: data.subarray(...data_offsets) }] as const;
  });
  return { tensors: new Map(entries), metadata };
}

/** The elements of a tensor of a file. Throws FILE_FORMAT, FILE_CORRUPT, at `where`. */
export const decodeEntry = ({ dtype, shape, bytes }: RawTensor, where: string): TensorData =>
  elementType(dtype, where).decode(bytes, shape, where);

function elementType(dtype: string, where: string): ElementType {
  const type = ELEMENT_TYPES.get(dtype);
  ensure(type !== undefined, 'FILE_FORMAT', 'the tensor has a dtype that Heddle does not hold', () => ({
    where,
    found: dtype,
    expected: [...ELEMENT_TYPES.keys()].join(', '),
    hint: 'save the tensor as F32',
  }));
  return type;
}
