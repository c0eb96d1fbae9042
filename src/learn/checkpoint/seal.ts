/**
 * The checksum of a checkpoint, over all of its bytes: 32 digits of the length and the header, in which the digits of the
 * checksum itself count as zeros, and 32 of the tensors; see {@link checksum} for what they are.
 */
import { LENGTH_BYTES } from '../../base/safetensors/format.js';
import { checksum } from '../../base/checksum.js';
import { HeddleError } from '../../base/errors.js';

const DIGITS = 64;

/** The checksum of a file that has none yet. */
export const UNSEALED = '0'.repeat(DIGITS);

/** What stands before the digits: JSON in a string of JSON, and the first field of it. */
const BEFORE = '{\\"checksum\\":\\"';

/** Where the digits stand and the tensors begin. */
function placesIn(bytes: Uint8Array): { digits: number; data: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const data = LENGTH_BYTES + Number(view.getBigUint64(0, true));
  // A decoder of one character a byte, so that positions are those of bytes.
  const found = new TextDecoder('latin1').decode(bytes.subarray(0, data)).indexOf(BEFORE);
  return { digits: found < 0 ? 0 : found + BEFORE.length, data };
}

function sumOf(bytes: Uint8Array): { digits: number; sum: string } {
  const { digits, data } = placesIn(bytes);
  const header = new Uint8Array(bytes.subarray(0, data)).fill(0x30, digits, digits + DIGITS);
  return { digits, sum: checksum(header) + checksum(bytes.subarray(data)) };
}

/** Writes the checksum over {@link UNSEALED}. */
export function seal(bytes: Uint8Array): Uint8Array {
  const { digits, sum } = sumOf(bytes);
  bytes.set(new TextEncoder().encode(sum), digits);
  return bytes;
}

/** Throws FILE_CORRUPT unless `expected`, which the file says, is its checksum. */
export function checkSeal(bytes: Uint8Array, expected: unknown, where: string): void {
  const { sum } = sumOf(bytes);
  if (sum === expected) return;
  throw new HeddleError('FILE_CORRUPT', 'the checkpoint was changed after it was written', {
    where,
    found: `checksum ${sum}`,
    expected: typeof expected === 'string' ? `checksum ${expected}` : 'a checksum in its metadata',
    hint: 'copy the file once more; readSafetensors(bytes) reads the tensors of a file that was changed on purpose',
  });
}
