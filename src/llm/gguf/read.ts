/**
 * Reads GGUF, versions 2 and 3 (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md): metadata and tensor table at once, tensors by
 * ranges. Nothing in the file is believed: whatever it announces is held against its size before memory is taken.
 */
import { HeddleError } from '../../base/errors.js';
import { must } from '../../base/fields.js';
import { elementCount } from '../../base/tensor.js';
import { readInto, type ByteSource } from '../files/source.js';
import { bytesOfType, ggmlType, type GgmlTypeName } from '../quants/types.js';
import { Cursor, MoreBytes, type MetaValue } from './cursor.js';

/** A tensor in a file. */
export interface GgufTensor {
  readonly name: string;
  readonly type: GgmlTypeName;
  /** Row-major, outermost first: the file has it the other way round. */
  readonly shape: readonly number[];
  /** The first byte in the file. */
  readonly offset: number;
  readonly bytes: number;
  readonly source: ByteSource;
}

export interface Gguf {
  readonly version: number;
  readonly metadata: ReadonlyMap<string, MetaValue>;
  /** The values of the metadata as they are in the file, each with its type before it: what a copy of them takes. */
  readonly encoded: ReadonlyMap<string, Uint8Array>;
  readonly tensors: ReadonlyMap<string, GgufTensor>;
}

/** `GGUF` as a little-endian number. */
export const MAGIC = 0x46554747;
export const DEFAULT_ALIGNMENT = 32;
/** Bytes that are read first; the header of a model with a large vocabulary has some megabytes. */
const FIRST_BYTES = 2 ** 20;
/** Of a key with its value, of a tensor's entry: at least. */
const LEAST_ENTRY = 13;
const LEAST_TENSOR = 24;
const MAX_RANK = 4;

/**
 * The header of a file. Throws FILE_FORMAT where it is something else, FILE_VERSION for other versions (and files of big-endian
 * machines), FILE_TRUNCATED where it ends early, FILE_CORRUPT where it contradicts itself, LLM_UNSUPPORTED for types of tensors
 * that Heddle does not read.
 */
export async function readGguf(source: ByteSource): Promise<Gguf> {
  let head = await source.read(0, Math.min(FIRST_BYTES, source.size));
  const cursor = new Cursor(head, source.size, source.name);
  /** What `parse` reads at the cursor, as soon as its bytes are there. */
  const next = async <T>(parse: () => T): Promise<T> => {
    const start = cursor.position;
    for (;;) {
      try {
        return parse();
      } catch (error) {
        if (!(error instanceof MoreBytes)) throw error;
        head = await extended(head, error.needed, source);
        cursor.extend(head);
        cursor.position = start;
      }
    }
  };
  const { version, tensorCount, entryCount } = await next(() => readStart(cursor, source.name));
  const metadata = new Map<string, MetaValue>();
  const encoded = new Map<string, Uint8Array>();
  for (let i = 0; i < entryCount; i++) {
    const { key, value, start } = await next(() => ({ key: cursor.text(), start: cursor.position, value: cursor.value() })); // prettier-ignore
    must(
      key !== '' && !metadata.has(key),
      'a key is empty, or is there twice',
      source.name,
      key,
      'unique names',
    );
    metadata.set(key, value);
    encoded.set(key, head.subarray(start, cursor.position));
  }
  const alignment = metadata.get('general.alignment') ?? DEFAULT_ALIGNMENT;
  const isPower = typeof alignment === 'number' && alignment > 0 && Number.isInteger(Math.log2(alignment));
  must(isPower, 'the alignment is not a power of two', source.name, String(alignment), 'such as 32');
  const entries: GgufTensor[] = [];
  for (let i = 0; i < tensorCount; i++) entries.push(await next(() => readTensor(cursor, source)));
  const start = Math.ceil(cursor.position / alignment) * alignment;
  return { version, metadata, encoded, tensors: placed(entries, start, alignment, source) };
}

/** Twice as many of the first bytes of a file, or as many as are `needed`. */
async function extended(
  head: Uint8Array,
  needed: number,
  source: ByteSource,
): Promise<Uint8Array<ArrayBuffer>> {
  // prettier-ignore
  const grown = new Uint8Array(Math.min(source.size, Math.max(needed, 2 * head.length)));
  grown.set(head);
  await readInto(source, head.length, grown.subarray(head.length));
  return grown;
}

/** How many entries and tensors there are. */
function readStart(
  cursor: Cursor,
  where: string,
): { readonly version: number; readonly tensorCount: number; readonly entryCount: number } {
  // prettier-ignore
  const version = readVersion(cursor, where);
  const tensorCount = cursor.count('tensors', LEAST_TENSOR);
  return { version, tensorCount, entryCount: cursor.count('entries of the metadata', LEAST_ENTRY) };
}

function readVersion(cursor: Cursor, where: string): number {
  const magic = cursor.u32();
  if (magic !== MAGIC)
    throw new HeddleError('FILE_FORMAT', 'not a GGUF file', {
      where,
      found: `0x${magic.toString(16).padStart(8, '0')}`,
      expected: 'GGUF in the first four bytes',
    });
  const version = cursor.u32();
  if (version === 2 || version === 3) return version;
  const isSwapped = (version & 0xffff) === 0 && version !== 0;
  throw new HeddleError('FILE_VERSION', 'this version of GGUF is not read', {
    where,
    found: isSwapped ? 'a file of a big-endian machine' : `version ${version}`,
    expected: 'version 2 or 3, little-endian',
    hint: 'convert the model again with a current converter',
  });
}

/** A tensor with its offset from where all tensors start. */
function readTensor(cursor: Cursor, source: ByteSource): GgufTensor {
  const name = cursor.text();
  const where = `${source.name}, tensor ${JSON.stringify(name)}`;
  const rank = cursor.u32();
  must(rank <= MAX_RANK, 'a tensor has too many axes', where, rank, `at most ${MAX_RANK}`);
  const extents = Array.from({ length: rank }, () => cursor.size('an extent'));
  const type = ggmlType(cursor.u32(), where);
  const offset = cursor.size('an offset');
  const shape = extents.reverse();
  const elements = elementCount(shape);
  must(elements > 0 && elements <= Number.MAX_SAFE_INTEGER, 'a tensor has an impossible size', where, shape.join('x'), 'at least one element'); // prettier-ignore
  return { name, type, shape, offset, bytes: bytesOfType(type, shape, where), source };
}

/** The tensors by name, with their offsets in the file. */
function placed(
  entries: readonly GgufTensor[],
  start: number,
  alignment: number,
  source: ByteSource,
): ReadonlyMap<string, GgufTensor> {
  const tensors = new Map<string, GgufTensor>();
  for (const entry of entries) {
    const where = `${source.name}, tensor ${JSON.stringify(entry.name)}`;
    must(!tensors.has(entry.name), 'two tensors have one name', where, entry.name, 'unique names');
    must(entry.offset % alignment === 0, 'a tensor is not aligned', where, entry.offset, `a multiple of ${alignment}`); // prettier-ignore
    const offset = start + entry.offset;
    if (offset + entry.bytes > source.size)
      throw new HeddleError('FILE_TRUNCATED', 'the file ends before the data it announces', {
        where,
        found: `${source.size} bytes`,
        expected: `at least ${offset + entry.bytes} bytes`,
      });
    tensors.set(entry.name, { ...entry, offset });
  }
  const inOrder = [...tensors.values()].sort((a, b) => a.offset - b.offset);
  for (const [i, tensor] of inOrder.entries()) {
    const before = inOrder[i - 1] as GgufTensor | undefined;
    if (before !== undefined)
      must(before.offset + before.bytes <= tensor.offset, 'two tensors overlap', source.name, `${before.name} and ${tensor.name}`, 'tensors one after the other'); // prettier-ignore
  }
  return tensors;
}
