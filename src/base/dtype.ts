/**
 * The element types of tensors. On the host a tensor is a flat row-major typed array; on the device every element
 * occupies one 32-bit word whatever its dtype (f16 as the f32 that it equals, bool as 0 or 1), so that any invocation
 * can store any element without touching its neighbour.
 */
import { HeddleError } from './errors.js';

export const DTYPES = ['f32', 'f16', 'i32', 'u32', 'bool'] as const;
export type DType = (typeof DTYPES)[number];

/** How a dtype is held on the host. f16 is held as its 16 bits, bool as 0 or 1. */
export interface HostArrays {
  readonly f32: Float32Array;
  readonly f16: Uint16Array;
  readonly i32: Int32Array;
  readonly u32: Uint32Array;
  readonly bool: Uint8Array;
}
export type HostArray = HostArrays[DType];

/** Bytes an element takes on the host and in files. */
export const HOST_BYTES: Readonly<Record<DType, number>> = { f32: 4, f16: 2, i32: 4, u32: 4, bool: 1 };

/** The name that safetensors uses. */
export const safetensorsName = (dtype: DType): string => dtype.toUpperCase();

/** Bytes an element takes in a device buffer. */
export const DEVICE_ELEMENT_BYTES = 4;

export const isFloat = (dtype: DType): boolean => dtype === 'f32' || dtype === 'f16';
export const isInt = (dtype: DType): boolean => dtype === 'i32' || dtype === 'u32';
export const isDType = (text: string): text is DType => (DTYPES as readonly string[]).includes(text);

interface HostConstructor<A> {
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): A;
  readonly name: string;
}

const HOST_CONSTRUCTORS: { readonly [D in DType]: HostConstructor<HostArrays[D]> } = {
  f32: Float32Array,
  f16: Uint16Array,
  i32: Int32Array,
  u32: Uint32Array,
  bool: Uint8Array,
};

/** The name of the class of host arrays of `dtype`. */
export const hostArrayName = (dtype: DType): string => HOST_CONSTRUCTORS[dtype].name;

/** The elements of `from` in an array of their own, which is one of this realm. */
export function copyHost(dtype: DType, from: HostArray): HostArray {
  const to = allocateHost(dtype, from.length);
  to.set(from);
  return to;
}

/** A zero-filled host array of `length` elements. Throws LIMIT_EXCEEDED where the platform has no memory for them. */
export function allocateHost<D extends DType>(dtype: D, length: number): HostArrays[D] {
  const bytes = length * HOST_BYTES[dtype];
  try {
    return new HOST_CONSTRUCTORS[dtype](new ArrayBuffer(bytes), 0, length);
  } catch (cause) {
    throw new HeddleError('LIMIT_EXCEEDED', 'the platform has no memory for the elements', {
      found: `${length} elements of ${dtype}, ${bytes} bytes`,
      expected: 'what fits into one array of this platform',
      hint: cause instanceof Error ? cause.message : undefined,
    });
  }
}

/** A host array over the first `length` elements of `bytes`; a view where the alignment allows it, else a copy. */
export function viewHost<D extends DType>(
  dtype: D,
  bytes: Uint8Array | Uint32Array,
  length: number,
): HostArrays[D] {
  const size = HOST_BYTES[dtype];
  if (bytes.byteOffset % size === 0)
    return new HOST_CONSTRUCTORS[dtype](bytes.buffer, bytes.byteOffset, length);
  // Not bytes.slice(): a Node Buffer's slice is a view, too.
  const copy = new Uint8Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + length * size));
  return new HOST_CONSTRUCTORS[dtype](copy.buffer, 0, length);
}
