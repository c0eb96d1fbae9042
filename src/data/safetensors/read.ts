/** Reads safetensors files (https://github.com/huggingface/safetensors), the usual container of weights. */
import type { TensorEntry } from '../../plan/container.js';
import { bytes as someBytes, checkArguments } from '../../base/arguments.js';
import { text } from '../../base/kinds.js';
import { ensure } from '../../base/errors.js';
import { elementCount, type TensorData } from '../../base/tensor.js';
import { ELEMENT_TYPES, type ElementType } from './elements.js';
import { parseHeader } from './header.js';

export interface Safetensors {
  /** By name, in the order of the header. */
  readonly tensors: ReadonlyMap<string, TensorData>;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * All tensors of a file. F32, F16, I32, U32 and BOOL are views of `bytes` wherever alignment allows it. BF16 becomes f32;
 * I8, I16 and I64 become i32, U8, U16 and U64 become u32. `where` names the file in errors.
 *
 * @throws FILE_FORMAT where `bytes` are something else, for other element types (F64, the 8-bit floats), and for 64-bit
 *   integers that do not fit into 32 bits; FILE_TRUNCATED where they end early; FILE_CORRUPT where the header is no JSON
 *   of the right form, where tensors overlap or leave gaps, and where their sizes are not those of their shapes.
 */
export function readSafetensors(bytes: Uint8Array, where = 'the file'): Safetensors {
  checkArguments('readSafetensors', { bytes, where }, { bytes: someBytes, where: text });
  const { metadata, tensors, end } = parseHeader(bytes, where);
  const data = bytes.subarray(end);
  const placeOf = (name: string): string => `${where}, tensor ${JSON.stringify(name)}`;
  checkLayout(tensors, data.length, where, placeOf);
  const decoded = Array.from(tensors, ([name, { dtype, shape, data_offsets }]) => {
    const tensor = elementType(dtype, placeOf(name)).decode(
      data.subarray(...data_offsets),
      shape,
      placeOf(name),
    );
    return [name, tensor] as const;
  });
  return { tensors: new Map(decoded), metadata };
}

/** Tensors must lie end to end, fill the data, and have the sizes that their types say. */
function checkLayout(
  tensors: ReadonlyMap<string, TensorEntry>,
  available: number,
  file: string,
  placeOf: (name: string) => string,
): void {
  const inOrder = [...tensors].sort(
    ([, { data_offsets: a }], [, { data_offsets: b }]) => a[0] - b[0] || a[1] - b[1],
  );
  let position = 0;
  for (const [name, { dtype, shape, data_offsets }] of inOrder) {
    const where = placeOf(name);
    const [start, end] = data_offsets;
    ensure(start === position, 'FILE_CORRUPT', 'tensors overlap or leave a gap', () => ({
      where,
      found: `offset ${start}`,
      expected: `offset ${position}`,
    }));
    const size = elementCount(shape) * elementType(dtype, where).bytes;
    ensure(end - start === size, 'FILE_CORRUPT', 'the size of a tensor is not that of its shape', () => ({
      where,
      found: `${end - start} bytes`,
      expected: `${size} bytes for ${dtype} [${shape.join(', ')}]`,
    }));
    position = end;
  }
  const facts = { where: file, found: `${available} bytes of tensors`, expected: `${position} bytes` };
  ensure(available >= position, 'FILE_TRUNCATED', 'the file ends before its tensors do', facts);
  ensure(available === position, 'FILE_CORRUPT', 'something follows the tensors', facts);
}

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
