import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HeddleError } from '../../../src/base/errors.js';
import type { TensorData } from '../../../src/base/tensor.js';
import { readNpy } from '../../../src/cli/files/npy.js';
import { writeNpy } from '../../../src/data/npy.js';

/** A file with this header, of version 1 or 2. */
function file(header: string, data: Uint8Array, version = 1): Uint8Array {
  const text = new TextEncoder().encode(`${header}\n`);
  const lengthBytes = version === 1 ? 2 : 4;
  const out = new Uint8Array(8 + lengthBytes + text.length + data.length);
  out.set([0x93, ...new TextEncoder().encode('NUMPY'), version, 0]);
  const view = new DataView(out.buffer);
  if (version === 1) view.setUint16(8, text.length, true);
  else view.setUint32(8, text.length, true);
  out.set(text, 8 + lengthBytes);
  out.set(data, 8 + lengthBytes + text.length);
  return out;
}

const header = (descr: string, shape: string, fortran = 'False'): string =>
  `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }`;
const bytesOf = (data: ArrayBufferView): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

function codeOf(bytes: Uint8Array): string {
  try {
    readNpy(bytes, 'a.npy');
  } catch (error) {
    if (error instanceof HeddleError) return error.code;
    throw error;
  }
  return 'no error';
}

describe('NumPy files', () => {
  test('of long headers are refused at once, whatever stands in them', () => {
    const good = header('<f4', '(2, 3)');
    for (const part of ["'shape'", "'shape': ", "'descr': '", "'descr'", '(', "'", ' ', '1,', '\n', 'x'])
      for (const text of [part.repeat(200_000), good.replace('2,', `${part.repeat(200_000)}2,`)]) {
        const start = performance.now();
        expect(codeOf(file(text, new Uint8Array(24), 2))).toBe('LIMIT_EXCEEDED');
        expect(performance.now() - start).toBeLessThan(1_000);
      }
  });

  const tensors: TensorData[] = [
    { dtype: 'f32', shape: [2, 2], data: Float32Array.of(-0, NaN, Infinity, 1e-40) },
    { dtype: 'f16', shape: [3], data: Uint16Array.of(0x3c00, 0x8000, 0x7e00) },
    { dtype: 'i32', shape: [], data: Int32Array.of(-(2 ** 31)) },
    { dtype: 'u32', shape: [1, 1, 1], data: Uint32Array.of(2 ** 32 - 1) },
    { dtype: 'bool', shape: [2], data: Uint8Array.of(1, 0) },
    { dtype: 'f32', shape: [0, 7], data: new Float32Array(0) },
  ];
  test.each(tensors)('$dtype$shape comes back', (tensor) => {
    const bytes = writeNpy(tensor);
    expect((bytes.length - tensor.data.byteLength) % 64).toBe(0);
    expect(readNpy(bytes, 'a.npy')).toEqual(tensor);
  });

  test('as NumPy writes them: versions 1 and 2, and types that are narrowed or widened', () => {
    const long = file(header('<i8', '(2,)'), bytesOf(BigInt64Array.of(-5n, 7n)));
    expect(readNpy(long, 'a.npy')).toEqual({ dtype: 'i32', shape: [2], data: Int32Array.of(-5, 7) });
    const double = file(header('<f8', '(1, 1)'), bytesOf(Float64Array.of(0.1)), 2);
    expect(readNpy(double, 'a.npy')).toEqual({ dtype: 'f32', shape: [1, 1], data: Float32Array.of(0.1) });
    const small = file(header('|u1', '(3,)'), Uint8Array.of(1, 2, 255));
    expect(readNpy(small, 'a.npy')).toEqual({ dtype: 'u32', shape: [3], data: Uint32Array.of(1, 2, 255) });
    const column = file(header('<f4', '(2, 1)', 'True'), bytesOf(Float32Array.of(1, 2)));
    expect(readNpy(column, 'a.npy').shape).toEqual([2, 1]);
  });

  test.each([
    ['something else', 'FILE_FORMAT', new Uint8Array(100)],
    ['nothing', 'FILE_FORMAT', new Uint8Array(0)],
    ['a version to come', 'FILE_VERSION', file('', new Uint8Array(0), 9)],
    ['no element type', 'FILE_CORRUPT', file("{'shape': (1,), }", new Uint8Array(4))],
    ['Fortran order', 'FILE_FORMAT', file(header('<f4', '(2, 2)', 'True'), new Uint8Array(16))],
    ['big-endian', 'FILE_FORMAT', file(header('>f4', '(1,)'), new Uint8Array(4))],
    ['objects', 'FILE_FORMAT', file(header('|O', '(1,)'), new Uint8Array(4))],
    ['a negative extent', 'FILE_CORRUPT', file(header('<f4', '(-1,)'), new Uint8Array(4))],
    ['a forged extent', 'LIMIT_EXCEEDED', file(header('<f4', '(99999999, 99999999)'), new Uint8Array(4))],
    ['too few elements', 'FILE_TRUNCATED', file(header('<f4', '(2,)'), new Uint8Array(4))],
    ['too many elements', 'FILE_CORRUPT', file(header('<f4', '(1,)'), new Uint8Array(8))],
    [
      'a large integer',
      'ONNX_UNSUPPORTED_DTYPE',
      file(header('<i8', '(1,)'), bytesOf(BigInt64Array.of(2n ** 40n))),
    ],
  ])('%s: %s', (_, code, bytes) => {
    expect(codeOf(bytes)).toBe(code);
  });

  test('big-endian arrays: how to save them', () => {
    expect(() => readNpy(file(header('>f4', '(1,)'), new Uint8Array(4)), 'a.npy')).toThrow(
      /FILE_FORMAT[^]*array\.astype\('<f4'\)/,
    );
  });

  test('mutated files end in a tensor or in an error of a known kind', () => {
    const bytes = writeNpy({ dtype: 'f32', shape: [3, 4], data: new Float32Array(12) });
    const edits = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(edits, fc.nat(bytes.length), (changes, length) => {
        const mutant = bytes.slice();
        for (const [at, byte] of changes) mutant[at] = byte;
        codeOf(mutant);
        codeOf(mutant.subarray(0, length));
      }),
      { numRuns: 500 },
    );
  });
});
