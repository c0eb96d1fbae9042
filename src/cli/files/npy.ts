/**
 * NumPy's file format for arrays (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html), read: a magic
 * string, a version, the length of the header, the header as a Python literal, and the elements.
 */
import { HeddleError } from '../../base/errors.js';
import type { TensorData } from '../../base/tensor.js';
import { NPY_MAGIC } from '../../data/npy.js';
import { storedBytes, viewOnnx, type OnnxDType } from '../../frontends/onnx/dtype.js';
import { toTensorData, type HostTensor } from '../../frontends/onnx/host.js';
import { checkedCount } from '../../frontends/onnx/limits.js';

/** Bytes of a header: 64 axes of ten digits take a tenth of it, and patterns that look back stay quick. */
const MAX_HEADER_BYTES = 10_000;

/** Element types that Heddle takes, by NumPy's names for them in little-endian order. */
const DESCRIPTORS: Readonly<Record<string, OnnxDType>> = {
  '<f2': 'float16',
  '<f4': 'float',
  '<f8': 'double',
  '|i1': 'int8',
  '<i2': 'int16',
  '<i4': 'int32',
  '<i8': 'int64',
  '|u1': 'uint8',
  '<u2': 'uint16',
  '<u4': 'uint32',
  '<u8': 'uint64',
  '|b1': 'bool',
};

/**
 * Reads an array in its own element type.
 *
 * @throws FILE_FORMAT, also for other element types; FILE_VERSION, FILE_TRUNCATED, FILE_CORRUPT; LIMIT_EXCEEDED.
 */
export function readArray(bytes: Uint8Array, where: string): HostTensor {
  const { text, start } = headerOf(bytes, where);
  const field = (name: string, pattern: string): string => {
    const found = new RegExp(`['"]${name}['"]\\s*:\\s*${pattern}`).exec(text)?.[1];
    if (found === undefined)
      throw new HeddleError('FILE_CORRUPT', `the header has no readable ${name}`, {
        where,
        found: text.trim().slice(0, 80),
      });
    return found;
  };
  const descriptor = field('descr', `['"]([^'"]*)['"]`);
  const dtype = Object.hasOwn(DESCRIPTORS, descriptor) ? DESCRIPTORS[descriptor] : undefined;
  if (dtype === undefined)
    throw new HeddleError('FILE_FORMAT', 'elements of this type are not supported', {
      where,
      found: descriptor,
      expected: `one of ${Object.keys(DESCRIPTORS).join(', ')}`,
      hint: littleEndianHint(descriptor),
    });
  const extents = field('shape', '\\(([^)]*)\\)')
    .split(',')
    .map((extent) => extent.trim());
  const shape = extents.filter((extent) => extent !== '').map(Number);
  if (shape.some((extent) => !Number.isSafeInteger(extent) || extent < 0))
    throw new HeddleError('FILE_CORRUPT', 'the shape is not valid', {
      where,
      found: `(${extents.join(', ')})`,
    });
  if (field('fortran_order', '(True|False)') === 'True' && shape.filter((extent) => extent > 1).length > 1)
    throw new HeddleError('FILE_FORMAT', 'the array is in Fortran order', {
      where,
      hint: 'save it in C order: numpy.save(path, numpy.ascontiguousarray(array))',
    });
  const count = checkedCount(shape, where);
  const expected = storedBytes(dtype, count);
  const body = bytes.subarray(start);
  if (body.length !== expected)
    throw new HeddleError(
      body.length < expected ? 'FILE_TRUNCATED' : 'FILE_CORRUPT',
      'the elements do not fill the shape',
      {
        where,
        found: `${body.length} bytes`,
        expected: `${expected} bytes`,
      },
    );
  return { dtype, shape, data: viewOnnx(dtype, body, count) };
}

/** For a type that only the order of the bytes keeps out. */
function littleEndianHint(descriptor: string): string | undefined {
  const little = descriptor.replace(/^>/, '<');
  if (little === descriptor || !Object.hasOwn(DESCRIPTORS, little)) return undefined;
  return `save it in little-endian order: numpy.save(path, array.astype('${little}'))`;
}

/**
 * The array of {@link readArray} as the IR has it: double becomes f32, 64-bit integers are narrowed, small integers widened.
 *
 * @throws what readArray does, and ONNX_UNSUPPORTED_DTYPE for integers that do not fit into 32 bits.
 */
export const readNpy = (bytes: Uint8Array, where: string): TensorData =>
  toTensorData(readArray(bytes, where), where);

function headerOf(bytes: Uint8Array, where: string): { text: string; start: number } {
  if (bytes.length < 10 || NPY_MAGIC.some((byte, i) => bytes[i] !== byte))
    throw new HeddleError('FILE_FORMAT', 'not a NumPy array', {
      where,
      expected: 'a file that numpy.save wrote',
    });
  const version = bytes[6];
  if (version < 1 || version > 3)
    throw new HeddleError('FILE_VERSION', 'unknown version of the format', {
      where,
      found: `${version}`,
      expected: '1 to 3',
    });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wide = version > 1 && bytes.length >= 12;
  const begin = wide ? 12 : 10;
  const start = begin + (wide ? view.getUint32(8, true) : view.getUint16(8, true));
  if (start - begin > MAX_HEADER_BYTES)
    throw new HeddleError('LIMIT_EXCEEDED', 'the header is too long', {
      where,
      found: `${start - begin} bytes`,
      expected: `at most ${MAX_HEADER_BYTES} bytes: the type and the shape of an array`,
      hint: 'numpy.save writes no longer ones; the limit is fixed',
    });
  if (start > bytes.length) throw new HeddleError('FILE_TRUNCATED', 'the file ends in its header', { where });
  return { text: new TextDecoder().decode(bytes.subarray(begin, start)), start };
}
