/** Quantised weights in safetensors files. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readSafetensors, writeSafetensors } from '../../src/data/index.js';
import {
  dequantizeTensor,
  NUMERIC_TYPES,
  quantizeTensor,
  readQuantized,
  writeQuantized,
} from '../../src/quantize/index.js';
import { errorOf } from '../data/support.js';
import { fuzz } from '../support/fuzz.js';
import { anyScheme, anyWeight, f32 } from './support.js';

const bias = f32([3], [1, NaN, -0]);

test('files are read back as they were written, bit for bit', () => {
  fc.assert(
    fc.property(anyWeight, anyScheme, ({ tensor, axis }, scheme) => {
      const quantized = new Map([['w', quantizeTensor(tensor, { ...scheme, axis })]]);
      const found = readQuantized(writeQuantized({ quantized, tensors: new Map([['b', bias]]) }));
      expect(found.quantized).toEqual(quantized);
      expect(found.tensors).toEqual(new Map([['b', bias]]));
    }),
    fuzz(200),
  );
});

/** The header of a file. */
const header = (bytes: Uint8Array): Record<string, { readonly dtype: string; readonly shape: readonly number[] }> =>
  JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true))))) as never; // prettier-ignore

test.each(NUMERIC_TYPES)('%s has the type of the format', (type) => {
  const w = f32([2, 4], [1, 2, 3, 4, -4, -3, -2, 0.5]);
  const bytes = writeQuantized({
    quantized: new Map([['w', quantizeTensor(w, { type })]]),
    tensors: new Map(),
  });
  const names = {
    float16: 'F16',
    bfloat16: 'BF16',
    float8_e4m3: 'F8_E4M3',
    float8_e5m2: 'F8_E5M2',
    float4_e2m1: 'F4',
  };
  const expected = names[type as keyof typeof names] ?? (type.endsWith('int4') ? 'U8' : type.replace('uint', 'U').replace('int', 'I')); // prettier-ignore
  expect(header(bytes).w).toMatchObject({
    dtype: expected,
    shape: expected === 'U8' && type !== 'uint8' ? [4] : [2, 4],
  });
  expect('w_zero_point' in header(bytes)).toBe(type.startsWith('uint'));
});

describe('floats without scales', () => {
  test('are read by whatever reads safetensors', () => {
    const w = f32([2, 2], [1, -0.5, 3, 448]);
    for (const type of ['float16', 'bfloat16'] as const) {
      const bytes = writeQuantized({
        quantized: new Map([['w', quantizeTensor(w, { type })]]),
        tensors: new Map(),
      });
      expect(Object.keys(header(bytes)).filter((name) => name !== '__metadata__')).toEqual(['w']);
      expect(readQuantized(bytes).quantized.get('w')!.scales).toEqual(Float32Array.of(1, 1));
    }
  });

  test('of 8 and 4 bits are widened exactly', () => {
    const w = f32([2, 2], [1, -0.5, 3, 6]);
    for (const type of ['float8_e4m3', 'float8_e5m2', 'float4_e2m1'] as const) {
      const quantized = { ...quantizeTensor(w, { type, granularity: 'tensor' }), scales: Float32Array.of(1) };
      const bytes = writeQuantized({ quantized: new Map([['w', quantized]]), tensors: new Map() });
      expect(readSafetensors(bytes).tensors.get('w')).toEqual(dequantizeTensor(quantized));
    }
  });
});

test('other safetensors files are read as they are', () => {
  const found = readQuantized(writeSafetensors({ b: bias }));
  expect(found).toEqual({ quantized: new Map(), tensors: new Map([['b', bias]]) });
});

describe('files that contradict themselves', () => {
  const one = quantizeTensor(f32([2, 4], [1, 2, 3, 4, -4, -3, -2, 0.5]), { type: 'int8' });
  const file = (change: object): Uint8Array =>
    writeQuantized({ quantized: new Map([['w', { ...one, ...change }]]), tensors: new Map() });
  const read = (bytes: Uint8Array) => () => readQuantized(bytes, 'a.safetensors');

  test.each([0, NaN, -1, Infinity, 2 ** -127])('have a scale of %s', (scale) => {
    const error = errorOf('WEIGHT_INVALID', read(file({ scales: Float32Array.of(0.5, scale) })));
    expect(error.message).toMatch(/a\.safetensors, tensor "w_scale", element 1/);
  });

  test('have codes that are no finite numbers', () => {
    const nan = {
      ...quantizeTensor(f32([1, 2], [1, 2]), { type: 'float8_e4m3' }),
      codes: Uint8Array.of(0x7f, 0),
    };
    const bytes = writeQuantized({ quantized: new Map([['w', nan]]), tensors: new Map() });
    expect(errorOf('WEIGHT_INVALID', read(bytes)).message).toMatch(/tensor "w", element 0[\s\S]*NaN/);
  });

  test('lack zero points, have other shapes, or metadata that are none', () => {
    errorOf('FILE_CORRUPT', read(file({ type: 'uint8' })));
    errorOf('USAGE', () => file({ shape: [2, 5] }));
    errorOf('USAGE', () => file({ type: 'int16' }));
    errorOf(
      'FILE_CORRUPT',
      read(writeSafetensors({ b: bias }, { 'heddle.quantization': '{"tensors":{"w":{}}}' })),
    );
    errorOf('FILE_CORRUPT', read(writeSafetensors({ b: bias }, { 'heddle.quantization': '[' })));
    errorOf('NAME_COLLISION', () => writeQuantized({ quantized: new Map([['w', one]]), tensors: new Map([['w_scale', bias]]) })); // prettier-ignore
  });

  test('are refused wherever a byte is another, or read', () => {
    const bytes = file({});
    fc.assert(
      fc.property(fc.nat({ max: bytes.length - 1 }), fc.nat({ max: 255 }), (at, byte) => {
        const changed = bytes.slice();
        changed[at] = byte;
        try {
          for (const tensor of readQuantized(changed).quantized.values()) dequantizeTensor(tensor);
        } catch (error) {
          expect(error).toHaveProperty('code');
        }
      }),
      fuzz(500),
    );
  });
});
