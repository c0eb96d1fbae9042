import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { allocateHost, HOST_BYTES, DTYPES, viewHost, type DType } from '../../src/base/dtype.js';
import { HeddleError, type ErrorCode } from '../../src/base/errors.js';
import { elementCount, tensorBytes, tensorData, type TensorData } from '../../src/base/tensor.js';
import { readSafetensors, writeSafetensors } from '../../src/data/index.js';
import { fuzz } from '../support/fuzz.js';
import { errorOf } from './support.js';

/** A file with this header (any text) and data. */
function file(header: string, data: readonly number[] = [], length?: bigint): Uint8Array {
  const text = new TextEncoder().encode(header);
  const out = new Uint8Array(8 + text.length + data.length);
  new DataView(out.buffer).setBigUint64(0, length ?? BigInt(text.length), true);
  out.set(text, 8);
  out.set(data, 8 + text.length);
  return out;
}

/** The header entry of a tensor. */
const entry = (dtype: string, shape: readonly number[], start: number, end: number): object => ({
  dtype,
  shape,
  data_offsets: [start, end],
});

/** The only tensor of a file of one. */
function single(dtype: string, shape: readonly number[], data: readonly number[]): TensorData {
  const bytes = file(JSON.stringify({ t: entry(dtype, shape, 0, data.length) }), data);
  const tensor = readSafetensors(bytes, 'a.safetensors').tensors.get('t');
  if (tensor === undefined) throw new Error('there is no t');
  return tensor;
}

/** Patterns that do not survive a trip through a number, or through carelessness. */
const PATTERNS = [
  0x80000000, 1, 0x80000001, 0x007fffff, 0x7f800001, 0xffc12345, 0x7fffffff, 0x7f800000, 0xff800000,
];

const anyShape = fc.array(fc.nat({ max: 4 }), { maxLength: 3 });
const anyTensor = fc.tuple(fc.constantFrom<DType>(...DTYPES), anyShape).chain(([dtype, shape]) => {
  const count = elementCount(shape);
  const size = HOST_BYTES[dtype];
  const word = fc.oneof(fc.constantFrom(...PATTERNS), fc.nat({ max: 0xffffffff }));
  return fc.array(word, { minLength: count, maxLength: count }).map((words): TensorData => {
    const bytes = new Uint8Array(count * size);
    const view = new DataView(bytes.buffer);
    words.forEach((pattern, i) => {
      if (dtype === 'bool') view.setUint8(i, pattern & 1);
      else if (size === 2) view.setUint16(2 * i, pattern >>> 16, true);
      else view.setUint32(4 * i, pattern, true);
    });
    return tensorData(dtype, shape, viewHost(dtype, bytes, count));
  });
});
const anyName = fc
  .oneof(fc.string({ unit: 'binary' }), fc.constantFrom('__proto__', 'constructor', '0', '', '"'))
  .filter((name) => name !== '__metadata__');
const anyTensors = fc.uniqueArray(fc.tuple(anyName, anyTensor), { selector: ([name]) => name, maxLength: 6 });
const anyMetadata = fc.dictionary(anyName, fc.string({ unit: 'binary' }), { maxKeys: 3 });

const patternsOf = (tensor: TensorData): unknown => [tensor.dtype, tensor.shape, [...tensorBytes(tensor)]];

describe('round trips', () => {
  test('every bit comes back, at any alignment, and the order of the tensors does not matter', () => {
    fc.assert(
      fc.property(anyTensors, anyMetadata, fc.nat({ max: 7 }), (tensors, metadata, offset) => {
        const bytes = writeSafetensors(new Map(tensors), metadata);
        expect(writeSafetensors(new Map([...tensors].reverse()), metadata)).toEqual(bytes);
        const shifted = new Uint8Array(bytes.length + offset);
        shifted.set(bytes, offset);
        const found = readSafetensors(shifted.subarray(offset));
        expect(found.tensors.size).toBe(tensors.length);
        for (const [name, tensor] of tensors) {
          const back = found.tensors.get(name);
          expect(back && patternsOf(back)).toEqual(patternsOf(tensor));
        }
        expect(Object.entries(found.metadata).sort()).toEqual(Object.entries(metadata).sort());
      }),
      fuzz(200),
    );
  });

  test('golden bytes', () => {
    const bytes = writeSafetensors(
      {
        mask: tensorData('bool', [3], Uint8Array.of(1, 0, 1)),
        'a/weight': tensorData('f32', [1, 2], Float32Array.of(1, -0)),
        half: tensorData('f16', [], Uint16Array.of(0x3c00)),
      },
      { made: 'by hand' },
    );
    expect(bytes.length % 8).toBe((8 + 2 + 3) % 8);
    expect(new TextDecoder().decode(bytes.subarray(8, bytes.length - 13))).toMatchInlineSnapshot(
      `"{"__metadata__":{"made":"by hand"},"a/weight":{"data_offsets":[0,8],"dtype":"F32","shape":[1,2]},"half":{"data_offsets":[8,10],"dtype":"F16","shape":[]},"mask":{"data_offsets":[10,13],"dtype":"BOOL","shape":[3]}}    "`,
    );
    expect([...bytes.subarray(-13)]).toEqual([0, 0, 0x80, 0x3f, 0, 0, 0, 0x80, 0, 0x3c, 1, 0, 1]);
    expect(readSafetensors(writeSafetensors({}))).toEqual({ tensors: new Map(), metadata: {} });
    expect(readSafetensors(file('{"__metadata__":null}'))).toEqual({ tensors: new Map(), metadata: {} });
  });

  test('nothing is copied where alignment allows it', () => {
    const bytes = writeSafetensors({ a: tensorData('f32', [2], Float32Array.of(1, 2)) });
    expect(readSafetensors(bytes).tensors.get('a')?.data.buffer).toBe(bytes.buffer);
  });
});

describe('other dtypes', () => {
  test('are widened exactly', () => {
    expect(single('BF16', [2], [0x80, 0x3f, 0x01, 0x80])).toEqual(
      tensorData('f32', [2], Float32Array.of(1, -(2 ** -133))),
    );
    expect([...tensorBytes(single('BF16', [1], [0x81, 0xff]))]).toEqual([0, 0, 0x81, 0xff]);
    expect(single('U8', [2], [0, 255])).toEqual(tensorData('u32', [2], Uint32Array.of(0, 255)));
    expect(single('I8', [2], [0, 255])).toEqual(tensorData('i32', [2], Int32Array.of(0, -1)));
    expect(single('U16', [1], [0, 255])).toEqual(tensorData('u32', [1], Uint32Array.of(0xff00)));
    expect(single('I16', [1], [0, 255])).toEqual(tensorData('i32', [1], Int32Array.of(-256)));
  });

  test('64-bit integers are narrowed where they fit', () => {
    const bytesOf = (value: bigint): number[] => {
      const view = new DataView(new ArrayBuffer(8));
      view.setBigUint64(0, BigInt.asUintN(64, value), true);
      return [...new Uint8Array(view.buffer)];
    };
    for (const value of [0n, -1n, 2n ** 31n - 1n, -(2n ** 31n)])
      expect(single('I64', [], bytesOf(value)).data[0]).toBe(Number(value));
    expect(single('U64', [], bytesOf(2n ** 32n - 1n)).data[0]).toBe(2 ** 32 - 1);
    for (const value of [2n ** 31n, -(2n ** 31n) - 1n, 2n ** 40n])
      expect(errorOf('FILE_FORMAT', () => single('I64', [], bytesOf(value)))).toMatchObject({
        found: String(value),
        where: 'a.safetensors, tensor "t"',
      });
    errorOf('FILE_FORMAT', () => single('U64', [], bytesOf(2n ** 32n)));
  });

  test.each(['F64', 'C64', 'f32', ''])('%j is refused by name', (dtype) => {
    const error = errorOf('FILE_FORMAT', () => single(dtype, [1], [0, 0, 0, 0, 0, 0, 0, 0]));
    expect(error).toMatchObject({ found: dtype, hint: 'save the tensor as F32' });
  });
});

describe('damaged files', () => {
  const good = writeSafetensors(
    {
      a: tensorData('f32', [2, 2], Float32Array.of(1, 2, 3, 4)),
      b: tensorData('i32', [3], Int32Array.of(1, 2, 3)),
    },
    { key: 'value' },
  );

  test('a file cut off anywhere', () => {
    for (let length = 0; length < good.length; length++)
      errorOf('FILE_TRUNCATED', () => readSafetensors(good.subarray(0, length)));
  });

  test('any byte changed gives a typed error or a file, and nothing else', () => {
    for (let at = 0; at < good.length; at++) {
      for (const mask of [1, 0x20, 0x80, 0xff]) {
        const bad = good.slice();
        bad[at] ^= mask;
        try {
          readSafetensors(bad);
        } catch (error) {
          if (!(error instanceof HeddleError)) throw error;
          expect(['FILE_FORMAT', 'FILE_TRUNCATED', 'FILE_CORRUPT']).toContain(error.code);
        }
      }
    }
  });

  const t = (value: unknown): string => JSON.stringify({ t: value });
  const big = Number.MAX_SAFE_INTEGER;
  const cases: [string, ErrorCode, Uint8Array][] = [
    ['text', 'FILE_FORMAT', new TextEncoder().encode('not at all a file of tensors')],
    ['a length of 2^64 - 1', 'FILE_FORMAT', file('{}', [], 2n ** 64n - 1n)],
    ['a length of 2^53 + 1', 'FILE_FORMAT', file('{}', [], 2n ** 53n + 1n)],
    ['a length of 100 MB', 'FILE_TRUNCATED', file('{}', [], 100_000_000n)],
    ['a length of 0', 'FILE_CORRUPT', file('{}', [], 0n)],
    ['JSON that ends early', 'FILE_CORRUPT', file('{"t":')],
    [
      'bytes that are no UTF-8',
      'FILE_CORRUPT',
      file('{"t": 1}').map((byte) => (byte === 0x74 ? 0xff : byte)),
    ],
    ['a list', 'FILE_FORMAT', file('[]')],
    ['something behind the object', 'FILE_CORRUPT', file('{} {}')],
    ['a tensor that is none', 'FILE_CORRUPT', file(t(5))],
    ['a tensor that is null', 'FILE_CORRUPT', file(t(null))],
    ['no dtype', 'FILE_CORRUPT', file(t({ shape: [], data_offsets: [0, 0] }))],
    ['no shape', 'FILE_CORRUPT', file(t({ dtype: 'F32', data_offsets: [0, 0] }))],
    ['three offsets', 'FILE_CORRUPT', file(t({ dtype: 'F32', shape: [0], data_offsets: [0, 0, 0] }))],
    ['a negative extent', 'FILE_CORRUPT', file(t(entry('F32', [-1], 0, 4)), [0, 0, 0, 0])],
    ['a broken extent', 'FILE_CORRUPT', file(t(entry('F32', [0.5], 0, 2)), [0, 0])],
    ['two negative extents', 'FILE_CORRUPT', file(t(entry('F32', [-1, -1], 0, 4)), [0, 0, 0, 0])],
    [
      'an extent beyond 2^53',
      'FILE_CORRUPT',
      file('{"t":{"dtype":"F32","shape":[1e300],"data_offsets":[0,0]}}'),
    ],
    [
      'a product beyond all numbers',
      'FILE_CORRUPT',
      file(t(entry('F32', new Array(40).fill(big), 0, 4)), [0, 0, 0, 0]),
    ],
    [
      'zero times infinity',
      'FILE_CORRUPT',
      file(t(entry('F32', [...new Array<number>(40).fill(big), 0], 0, 0))),
    ],
    ['an end before the start', 'FILE_CORRUPT', file(t(entry('F32', [1], 4, 0)), [0, 0, 0, 0])],
    ['a size that is not the shape', 'FILE_CORRUPT', file(t(entry('F32', [2], 0, 4)), [0, 0, 0, 0])],
    ['a gap at the start', 'FILE_CORRUPT', file(t(entry('U8', [1], 1, 2)), [0, 0])],
    ['bytes after the tensors', 'FILE_CORRUPT', file(t(entry('U8', [1], 0, 1)), [0, 0])],
    ['offsets behind the file', 'FILE_TRUNCATED', file(t(entry('U8', [big], 0, big)), [0])],
    [
      'the same bytes twice',
      'FILE_CORRUPT',
      file(JSON.stringify({ a: entry('U8', [2], 0, 2), b: entry('U8', [2], 0, 2) }), [0, 0]),
    ],
    [
      'an overlap',
      'FILE_CORRUPT',
      file(JSON.stringify({ a: entry('U8', [2], 0, 2), b: entry('U8', [2], 1, 3) }), [0, 0, 0]),
    ],
    ['a truth value of 2', 'FILE_CORRUPT', file(t(entry('BOOL', [1], 0, 1)), [2])],
    ['a tensor of lists in lists', 'FILE_CORRUPT', file(`{"w":${'['.repeat(1e5)}${']'.repeat(1e5)}}`)],
    ['a shape of lists in lists', 'FILE_CORRUPT', file(`{"w":{"dtype":"F32","shape":${'['.repeat(1e5)}${']'.repeat(1e5)},"data_offsets":[0,4]}}`)], // prettier-ignore
    ['metadata that is a list', 'FILE_CORRUPT', file('{"__metadata__":[]}')],
    ['metadata that is not text', 'FILE_CORRUPT', file('{"__metadata__":{"a":1}}')],
  ];

  test.each(cases)('%s: %s', (_, code, bytes) => {
    expect(errorOf(code, () => readSafetensors(bytes, 'a.safetensors')).where).toContain('a.safetensors');
  });

  test('empty tensors may share an offset', () => {
    const header = { a: entry('F32', [0], 0, 0), b: entry('U8', [1], 0, 1), c: entry('F32', [3, 0], 1, 1) };
    expect([...readSafetensors(file(JSON.stringify(header), [7])).tensors.keys()]).toEqual(['a', 'b', 'c']);
  });
});

describe('what cannot be written', () => {
  const one = tensorData('f32', [1], Float32Array.of(1));
  const cases: [string, string, TensorData][] = [
    ['a reserved name', '__metadata__', one],
    ['too little data', 'a', { ...one, shape: [2] }],
    ['a shape of negative extents', 'a', { ...one, shape: [-1, -1] }],
    ['a truth value of 2', 'a', { dtype: 'bool', shape: [1], data: Uint8Array.of(2) }],
    ['data of another width', 'a', { dtype: 'f32', shape: [1], data: allocateHost('f16', 1) }],
  ];
  test.each(cases)('%s', (_, name, tensor) => {
    errorOf('WEIGHT_INVALID', () => writeSafetensors({ [name]: tensor }));
  });
});
