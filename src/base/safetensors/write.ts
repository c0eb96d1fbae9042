/** Puts safetensors files together. */
import { HOST_BYTES, safetensorsName } from '../dtype.js';
import { tensorBytes, type TensorData } from '../tensor.js';
import { HEADER_ALIGNMENT, headerText, LENGTH_BYTES, type Header, type TensorEntry } from './format.js';

const SPACE = 0x20;

/** Tensors in the order of a file: their entries in the header, and their bytes. */
export interface FileLayout {
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  readonly parts: readonly Uint8Array[];
}

/** A tensor as a file has it. */
export interface RawTensor {
  /** By the names of the format. */
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** The format allows no gaps; larger elements first keeps every tensor aligned to its own elements. */
export const layOut = (tensors: Iterable<readonly [name: string, tensor: TensorData]>): FileLayout =>
  layOutRaw(
    Array.from(tensors, ([name, tensor]) => [name, rawTensor(tensor), HOST_BYTES[tensor.dtype]] as const),
  );

export const rawTensor = (tensor: TensorData): RawTensor => ({
  dtype: safetensorsName(tensor.dtype),
  shape: tensor.shape,
  bytes: tensorBytes(tensor),
});

/** The same of tensors with the bytes that an element has. */
export function layOutRaw(
  tensors: readonly (readonly [name: string, tensor: RawTensor, elementBytes: number])[],
): FileLayout {
  const inOrder = tensors.toSorted(([a, , x], [b, , y]) => y - x || (a < b ? -1 : 1));
  let end = 0;
  const entries = inOrder.map(([name, { dtype, shape, bytes }]): [string, TensorEntry] => {
    const start = end;
    end += bytes.length;
    return [name, { dtype, shape, data_offsets: [start, end] }];
  });
  return { tensors: new Map(entries), parts: inOrder.map(([, { bytes }]) => bytes) };
}

/** The file with this header, whose tensors are `parts` one after the other. */
export function writeContainer(header: Header, parts: readonly Uint8Array[]): Uint8Array {
  const text = new TextEncoder().encode(headerText(header));
  const start = LENGTH_BYTES + Math.ceil(text.length / HEADER_ALIGNMENT) * HEADER_ALIGNMENT;
  const out = new Uint8Array(start + lengthOf(parts)).fill(SPACE, LENGTH_BYTES, start);
  new DataView(out.buffer).setBigUint64(0, BigInt(start - LENGTH_BYTES), true);
  out.set(text, LENGTH_BYTES);
  copyParts(parts, out, start);
  return out;
}

/** All parts in one. */
export function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(lengthOf(parts));
  copyParts(parts, out, 0);
  return out;
}

const lengthOf = (parts: readonly Uint8Array[]): number => parts.reduce((sum, { length }) => sum + length, 0);

function copyParts(parts: readonly Uint8Array[], out: Uint8Array, start: number): void {
  let offset = start;
  for (const part of parts) {
    out.set(part, offset);
    offset += part.length;
  }
}
