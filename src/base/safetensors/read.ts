/** Takes safetensors files apart, trusting nothing in them. */
import { ensure } from '../errors.js';
import { count, dictionary, list, object, parseJson, same, text, tuple } from '../fields.js';
import { elementCount } from '../tensor.js';
import { LENGTH_BYTES, METADATA, type Header, type TensorEntry } from './format.js';

/** The limit of the reference implementation. */
const MAX_HEADER_BYTES = 100_000_000;

/** The length of the header, and the shortest header. */
export const START_BYTES = LENGTH_BYTES + 2;

export interface Container extends Header {
  /** The bytes of all tensors: a view of the file. */
  readonly data: Uint8Array;
}

/** Bytes of an element of the type that the tensor at `where` has. Throws for types that the kind of file lacks. */
export type ElementBytes = (dtype: string, where: string) => number;

const checkMetadata = dictionary(text);
const checkEntry = object<TensorEntry>({
  dtype: text,
  shape: list(count),
  data_offsets: tuple(count, count),
});

/**
 * Header and tensors of a file; nothing is copied. Throws FILE_FORMAT where the bytes are something else, with `refusal` and
 * `hint`, FILE_TRUNCATED where they end early, FILE_CORRUPT where the header is not what the format says, or the tensors do not fill the file end to end.
 */
export function readContainer(
  bytes: Uint8Array,
  refusal: string,
  elementBytes: ElementBytes,
  hint?: string,
): Container {
  const end = headerEnd(bytes, bytes.length, refusal, hint);
  const data = bytes.subarray(end);
  return { ...readHeader(bytes.subarray(LENGTH_BYTES, end), data.length, elementBytes), data };
}

/** The header of a file, which has `available` bytes after it. Throws FILE_TRUNCATED and FILE_CORRUPT as {@link readContainer} does. */
export function readHeader(json: Uint8Array, available: number, elementBytes: ElementBytes): Header {
  const values = parseJson(
    json,
    dictionary((value) => value),
    'header',
  );
  // Some writers say null where there is no metadata.
  const metadata = checkMetadata(values.get(METADATA) ?? {}, `header.${METADATA}`);
  const tensors = new Map<string, TensorEntry>();
  for (const [name, value] of values) {
    if (name !== METADATA) tensors.set(name, checkEntry(value, `header["${name}"]`));
  }
  checkLayout(tensors, available, elementBytes);
  return { metadata: Object.fromEntries(metadata), tensors };
}

/** Where the header ends in a file of `size` bytes that begins with `bytes`: {@link START_BYTES} of them are enough. */
export function headerEnd(bytes: Uint8Array, size: number, refusal: string, hint?: string): number {
  const tooShort = (expected: number): void =>
    ensure(size >= expected, 'FILE_TRUNCATED', 'the file ends in its header', {
      found: `${size} bytes`,
      expected: `${expected} bytes`,
    });
  tooShort(START_BYTES);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  const opens = bytes[LENGTH_BYTES] === '{'.charCodeAt(0);
  ensure(opens && length <= MAX_HEADER_BYTES, 'FILE_FORMAT', refusal, {
    found: opens ? `a header of ${length} bytes` : 'no "{" at byte 8',
    expected: opens ? `at most ${MAX_HEADER_BYTES} bytes` : undefined,
    hint,
  });
  const end = LENGTH_BYTES + Number(length);
  tooShort(end);
  return end;
}

/** Tensors must lie end to end, fill the data, and have the sizes that their types say. */
function checkLayout(
  tensors: ReadonlyMap<string, TensorEntry>,
  available: number,
  elementBytes: ElementBytes,
): void {
  const inOrder = [...tensors].sort(
    ([, { data_offsets: a }], [, { data_offsets: b }]) => a[0] - b[0] || a[1] - b[1],
  );
  let position = 0;
  for (const [name, { dtype, shape, data_offsets }] of inOrder) {
    const where = `header["${name}"]`;
    const [start, end] = data_offsets;
    same(start, position, 'tensors overlap or leave a gap', where);
    const size = elementCount(shape) * elementBytes(dtype, where);
    same(end - start, size, 'the bytes do not fill the shape', where);
    position = end;
  }
  const facts = { found: `${available} bytes`, expected: `${position} bytes` };
  ensure(available >= position, 'FILE_TRUNCATED', 'the file ends in its tensors', facts);
  ensure(available === position, 'FILE_CORRUPT', 'something follows the tensors', facts);
}
