/** Codes of 4 to 64 bits as they lie in files: little-endian, those of 4 bits two in a byte, the first in the lower half. */
import { numericType, type NumericTypeName } from './types.js';

/** Code `i` without its sign: up to 32 bits. */
export type ReadCode = (i: number) => number;

/** Reads codes of up to 32 bits, as unsigned integers. */
export function codeReader(bits: number, codes: Uint8Array): ReadCode {
  const view = new DataView(codes.buffer, codes.byteOffset, codes.byteLength);
  switch (bits) {
    case 4:
      return (i) => (codes[i >> 1] >> (4 * (i & 1))) & 15;
    case 8:
      return (i) => codes[i];
    case 16:
      return (i) => view.getUint16(2 * i, true);
    default:
      return (i) => view.getUint32(4 * i, true);
  }
}

/** Sets codes of up to 32 bits in bytes that are 0; what is beyond the bits of a code is cut off. */
export function codeWriter(bits: number, codes: Uint8Array): (i: number, code: number) => void {
  const view = new DataView(codes.buffer, codes.byteOffset, codes.byteLength);
  switch (bits) {
    case 4:
      return (i, code) => void (codes[i >> 1] |= (code & 15) << (4 * (i & 1)));
    case 8:
      return (i, code) => view.setUint8(i, code);
    case 16:
      return (i, code) => view.setUint16(2 * i, code, true);
    default:
      return (i, code) => view.setUint32(4 * i, code, true);
  }
}

/** The integer at place `i`, with its sign. */
export function integerAt(type: NumericTypeName, codes: Uint8Array, i: number): bigint {
  const { bits, ...facts } = numericType(type);
  const code =
    bits === 64
      ? new DataView(codes.buffer, codes.byteOffset, codes.byteLength).getBigUint64(8 * i, true)
      : BigInt(codeReader(bits, codes)(i));
  return facts.kind === 'integer' && facts.signed ? BigInt.asIntN(bits, code) : code;
}
