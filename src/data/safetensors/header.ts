/** Takes the header of a safetensors file apart, trusting nothing in it. */
import { LENGTH_BYTES, METADATA, type Header, type TensorEntry } from '../../plan/container.js';
import { excerptOf } from '../../base/describe.js';
import { ensure, HeddleError } from '../../base/errors.js';

/** The limit of the reference implementation. */
const MAX_HEADER_BYTES = 100_000_000;

/** The header, and where the tensors begin. Sizes and offsets are safe integers from 0; nothing else is known of them. */
export interface ParsedHeader extends Header {
  readonly end: number;
}

/** Throws FILE_FORMAT where `bytes` are something else, FILE_TRUNCATED, and FILE_CORRUPT. */
export function parseHeader(bytes: Uint8Array, where: string): ParsedHeader {
  const end = headerEnd(bytes, where);
  const entries = Object.entries(parseObject(bytes.subarray(LENGTH_BYTES, end), `${where}, header`));
  const metadata = new Map<string, string>();
  const tensors = new Map<string, TensorEntry>();
  for (const [name, value] of entries) {
    // Some writers say null where there is no metadata.
    if (name === METADATA) readMetadata(value ?? {}, metadata, `${where}, ${METADATA}`);
    else tensors.set(name, readEntry(value, `${where}, tensor ${JSON.stringify(name)}`));
  }
  return { metadata: Object.fromEntries(metadata), tensors, end };
}

function headerEnd(bytes: Uint8Array, where: string): number {
  const tooShort = (expected: number): void =>
    ensure(bytes.length >= expected, 'FILE_TRUNCATED', 'the file ends in its header', () => ({
      where,
      found: `${bytes.length} bytes`,
      expected: `at least ${expected} bytes`,
    }));
  tooShort(LENGTH_BYTES + 1);
  ensure(bytes[LENGTH_BYTES] === '{'.charCodeAt(0), 'FILE_FORMAT', 'not a safetensors file', () => ({
    where,
    found: `the byte ${bytes[LENGTH_BYTES]} at ${LENGTH_BYTES}`,
    expected: 'the length of the header in 8 bytes, and a JSON object',
  }));
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  ensure(length <= MAX_HEADER_BYTES, 'FILE_FORMAT', 'not a safetensors file', () => ({
    where,
    found: `a header of ${length} bytes`,
    expected: `at most ${MAX_HEADER_BYTES} bytes`,
  }));
  const end = LENGTH_BYTES + Number(length);
  tooShort(end);
  return end;
}

function parseObject(bytes: Uint8Array, where: string): object {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new HeddleError('FILE_CORRUPT', 'the header is not JSON', { where, found: String(cause), cause });
  }
  return isObject(value) ? value : wrong(value, 'an object', where);
}

function readMetadata(value: unknown, into: Map<string, string>, where: string): void {
  if (!isObject(value)) return wrong(value, 'an object', where);
  for (const [key, text] of Object.entries(value))
    into.set(key, typeof text === 'string' ? text : wrong(text, 'text', `${where}.${key}`));
}

function readEntry(value: unknown, where: string): TensorEntry {
  if (!isObject(value)) return wrong(value, 'an object', where);
  const field = (name: keyof TensorEntry): unknown => (Object.hasOwn(value, name) ? value[name] : undefined);
  const [dtype, shape, offsets] = [field('dtype'), field('shape'), field('data_offsets')];
  if (typeof dtype !== 'string') return wrong(dtype, 'text', `${where}.dtype`);
  const bounds = readSizes(offsets, `${where}.data_offsets`);
  if (bounds.length !== 2) return wrong(offsets, 'two offsets', `${where}.data_offsets`);
  return { dtype, shape: readSizes(shape, `${where}.shape`), data_offsets: [bounds[0], bounds[1]] };
}

function readSizes(value: unknown, where: string): number[] {
  if (!Array.isArray(value)) return wrong(value, 'a list', where);
  return value.map((size: unknown, i) =>
    typeof size === 'number' && Number.isSafeInteger(size) && size >= 0
      ? size
      : wrong(size, 'an integer from 0 to 2^53 - 1', `${where}[${i}]`),
  );
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function wrong(value: unknown, expected: string, where: string): never {
  throw new HeddleError('FILE_CORRUPT', 'a field of the header has a wrong value', {
    where,
    found: excerptOf(value),
    expected,
  });
}
