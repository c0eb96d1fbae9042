/**
 * NumPy's file format for arrays (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html), written: a magic
 * string, a version, the length of the header, the header as a Python literal, and the elements.
 */
import { checkArguments, hostTensor } from '../base/arguments.js';
import type { DType } from '../base/dtype.js';
import { checkElements, tensorBytes, type TensorData } from '../base/tensor.js';

/** What such a file begins with. */
export const NPY_MAGIC: readonly number[] = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]; // \x93NUMPY

const DESCRIPTOR_OF: Readonly<Record<DType, string>> = {
  f32: '<f4',
  f16: '<f2',
  i32: '<i4',
  u32: '<u4',
  bool: '|b1',
};

/** The elements begin at a multiple of this, as NumPy has it. */
const ALIGNMENT = 64;

/**
 * A tensor as a file that `numpy.load` reads, and `heddle run`, `train` and `edit` take. Throws USAGE for what is no tensor, and
 * INPUT_DTYPE and INPUT_SHAPE for one whose data is not what it says.
 */
export function writeNpy(tensor: TensorData): Uint8Array {
  checkArguments('writeNpy', { tensor }, { tensor: hostTensor });
  checkElements(tensor, 'writeNpy');
  return npyFile(DESCRIPTOR_OF[tensor.dtype], tensor.shape, tensorBytes(tensor));
}

/** Elements, in the order of the bytes of the machine, as such a file. */
export function npyFile(
  descriptor: string,
  extents: readonly number[],
  elements: ArrayBufferView,
): Uint8Array {
  const shape = extents.map((extent) => `${extent},`).join(' ');
  const header = `{'descr': '${descriptor}', 'fortran_order': False, 'shape': (${shape}), }`;
  const start = Math.ceil((10 + header.length + 1) / ALIGNMENT) * ALIGNMENT;
  const data = new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength);
  const out = new Uint8Array(start + data.length).fill(0x20, 10, start);
  out.set([...NPY_MAGIC, 1, 0]);
  new DataView(out.buffer).setUint16(8, start - 10, true);
  out.set(new TextEncoder().encode(header), 10);
  out[start - 1] = 0x0a;
  out.set(data, start);
  return out;
}
