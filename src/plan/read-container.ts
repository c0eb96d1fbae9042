/** Takes a safetensors file apart, trusting nothing in it. */
import { DTYPE_INFO, DTYPES } from '../base/dtype.js';
import { LENGTH_BYTES, METADATA, type Header, type TensorEntry } from './container.js';
import { ensure, HeddleError } from '../base/errors.js';
import { isBytes } from '../base/values.js';
import { classOf, elementCount } from '../base/tensor.js';
import { count, dictionary, list, must, object, parseJson, text, tuple } from './fields.js';

/** The limit of the safetensors reference implementation. */
const MAX_HEADER_BYTES = 100_000_000;

export interface Container extends Header {
  /** The bytes of all tensors: a view of the file. */
  readonly data: Uint8Array;
}

const checkMetadata = dictionary(text);
const checkEntry = object<TensorEntry>({
  dtype: text,
  shape: list(count),
  data_offsets: tuple(count, count),
});

/**
 * Throws USAGE if `bytes` is no Uint8Array, FILE_FORMAT where they are no safetensors file, FILE_TRUNCATED where they end
 * early, FILE_CORRUPT where the header is not what the format says. Nothing is copied.
 */
export function readContainer(bytes: Uint8Array): Container {
  ensure(isBytes(bytes), 'USAGE', 'a bundle is given as bytes', () => ({
    found: classOf(bytes),
    expected: 'a Uint8Array',
  }));
  const end = headerEnd(bytes);
  const header = decodeUtf8(bytes.subarray(LENGTH_BYTES, end));
  const values = parseJson(
    header,
    dictionary((value) => value),
    'header',
  );
  const metadata = checkMetadata(values.get(METADATA) ?? {}, `header.${METADATA}`);
  const tensors = new Map<string, TensorEntry>();
  for (const [name, value] of values) {
    if (name !== METADATA) tensors.set(name, checkEntry(value, `header["${name}"]`));
  }
  const data = bytes.subarray(end);
  checkLayout(tensors, data.length);
  return { metadata: Object.fromEntries(metadata), tensors, data };
}

function headerEnd(bytes: Uint8Array): number {
  const tooShort = (expected: number): void =>
    ensure(bytes.length >= expected, 'FILE_TRUNCATED', 'the file ends in its header', () => ({
      found: `${bytes.length} bytes`,
      expected: `at least ${expected} bytes`,
    }));
  tooShort(LENGTH_BYTES + 2);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  const opens = bytes[LENGTH_BYTES] === '{'.charCodeAt(0);
  ensure(
    opens && length <= MAX_HEADER_BYTES,
    'FILE_FORMAT',
    'not a safetensors file, hence not a bundle',
    () => ({
      found: opens
        ? `a header of ${length} bytes`
        : 'something else than a JSON object after the first 8 bytes',
      expected: opens ? `at most ${MAX_HEADER_BYTES} bytes` : 'a JSON object',
      // The first field of an ONNX model is its version.
      hint: bytes[0] === 8 ? 'importOnnx imports ONNX models' : undefined,
    }),
  );
  const end = LENGTH_BYTES + Number(length);
  tooShort(end);
  return end;
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new HeddleError('FILE_CORRUPT', 'the header is not valid UTF-8', { where: 'header', cause });
  }
}

/** Tensors must lie end to end, fill the data, and have the sizes that their types say. */
function checkLayout(tensors: ReadonlyMap<string, TensorEntry>, available: number): void {
  const inOrder = [...tensors].sort(
    ([, { data_offsets: a }], [, { data_offsets: b }]) => a[0] - b[0] || a[1] - b[1],
  );
  let position = 0;
  for (const [name, { dtype, shape, data_offsets }] of inOrder) {
    const where = `header["${name}"]`;
    const known = DTYPES.find((candidate) => DTYPE_INFO[candidate].safetensors === dtype);
    must(
      known !== undefined,
      'a tensor has a dtype that bundles do not use',
      where,
      dtype,
      'F32, F16, I32, U32 or BOOL',
    );
    const [start, end] = data_offsets;
    must(
      start === position,
      'tensors overlap or leave a gap',
      where,
      `offset ${start}`,
      `offset ${position}`,
    );
    const size = elementCount(shape) * DTYPE_INFO[known].hostBytes;
    must(
      end - start === size,
      'the size of a tensor is not that of its shape',
      where,
      end - start,
      `${size} bytes`,
    );
    position = end;
  }
  ensure(available >= position, 'FILE_TRUNCATED', 'the file ends before its weights do', () => ({
    found: `${available} bytes of weights`,
    expected: `${position} bytes`,
  }));
  must(
    available === position,
    'something follows the weights',
    'the end',
    `${available} bytes`,
    `${position} bytes`,
  );
}
