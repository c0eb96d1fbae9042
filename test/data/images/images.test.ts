/** Images in files: what they hold, and what becomes of damage. */
import { createRequire } from 'node:module';
import { crc32, deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HeddleError } from '../../../src/base/errors.js';
import { decodeImage, type Image } from '../../../src/data/images/index.js';
import { decoderIn, imageDecoders } from '../../../src/node/image-decoders.js';

const codeOf = (bytes: Uint8Array, decoders = {}): string => {
  try {
    decodeImage(bytes, decoders);
    return 'decoded';
  } catch (error) {
    if (error instanceof HeddleError) return error.code;
    throw error;
  }
};

const ascii = (text: string): number[] => [...new TextEncoder().encode(text)];
const big = (value: number): number[] => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255);
const little = (value: number, size = 4): number[] => [0, 8, 16, 24].slice(0, size).map((shift) => (value >>> shift) & 255); // prettier-ignore

function chunk(name: string, content: readonly number[]): number[] {
  const body = [...ascii(name), ...content];
  return [...big(content.length), ...body, ...big(crc32(Uint8Array.from(body)))];
}

interface Png {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly color: number;
  readonly palette?: readonly number[];
  /** Lines of samples, each after the number of its filter. */
  readonly lines: readonly (readonly number[])[];
  readonly interlace?: number;
}

const png = ({ width, height, depth, color, palette, lines, interlace = 0 }: Png): Uint8Array =>
  Uint8Array.from([
    ...[0x89, ...ascii('PNG'), 13, 10, 26, 10],
    ...chunk('IHDR', [...big(width), ...big(height), depth, color, 0, 0, interlace]),
    ...(palette === undefined ? [] : chunk('PLTE', palette)),
    ...chunk('IDAT', [...deflateSync(Uint8Array.from(lines.flat()))]),
    ...chunk('IEND', []),
  ]);

const pixels = ({ data }: Image): number[] => [...data];

describe('PNG', () => {
  const paeth = (a: number, b: number, c: number): number => {
    const p = a + b - c;
    const [pa, pb, pc] = [Math.abs(p - a), Math.abs(p - b), Math.abs(p - c)];
    return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
  };
  const PREDICTED = [
    () => 0,
    (a: number) => a,
    (_: number, b: number) => b,
    (a: number, b: number) => Math.floor((a + b) / 2),
    paeth,
  ];

  test('is undone, whatever the filters of its lines', () => {
    const image = fc.record({
      width: fc.integer({ min: 1, max: 9 }),
      filters: fc.array(fc.nat(4), { minLength: 1, maxLength: 6 }),
      alpha: fc.boolean(),
      seed: fc.nat(),
    });
    fc.assert(
      fc.property(image, ({ width, filters, alpha, seed }) => {
        const channels = alpha ? 4 : 3;
        const at = (y: number, i: number): number => y < 0 || i < 0 ? 0 : (Math.imul(seed + 77 * y + i, 2654435761) >>> 13) & 255; // prettier-ignore
        const lines = filters.map((filter, y) => [
          filter,
          ...Array.from({ length: width * channels }, (_, i) => {
            const left = i - channels;
            const guess = PREDICTED[filter](at(y, left), at(y - 1, i), left < 0 ? 0 : at(y - 1, left));
            return (at(y, i) - guess) & 255;
          }),
        ]);
        const found = decodeImage(png({ width, height: filters.length, depth: 8, color: alpha ? 6 : 2, lines }), {}); // prettier-ignore
        const expected = filters.flatMap((_, y) =>
          Array.from({ length: width * 3 }, (_, i) => at(y, Math.floor(i / 3) * channels + (i % 3))),
        );
        expect(pixels(found)).toEqual(expected);
      }),
    );
  });

  test.each([
    { depth: 1, color: 0, lines: [[0, 0b10100000]], expected: [255, 0, 255] },
    { depth: 2, color: 0, lines: [[0, 0b00_01_10_11]], expected: [0, 85, 170] },
    { depth: 4, color: 0, lines: [[0, 0x0f, 0x70]], expected: [0, 255, 119] },
    { depth: 16, color: 0, lines: [[0, 1, 200, 2, 0, 255, 255]], expected: [1, 2, 255] },
    { depth: 8, color: 4, lines: [[0, 7, 1, 8, 2, 9, 3]], expected: [7, 8, 9] },
  ])('grey of type $color in $depth bits', ({ depth, color, lines, expected }) => {
    const found = decodeImage(png({ width: 3, height: 1, depth, color, lines }), {});
    expect(pixels(found)).toEqual(expected.flatMap((value) => [value, value, value]));
  });

  test('a palette, of which a color that is not there is damage', () => {
    const about = { width: 2, height: 1, depth: 2, color: 3, palette: [1, 2, 3, 4, 5, 6] };
    expect(pixels(decodeImage(png({ ...about, lines: [[0, 0b01_00_0000]] }), {}))).toEqual([4, 5, 6, 1, 2, 3]); // prettier-ignore
    expect(codeOf(png({ ...about, lines: [[0, 0b10_00_0000]] }))).toBe('FILE_CORRUPT');
  });

  test('interlaced, as the passes say', () => {
    const size = 5;
    // The number of each pixel is its place; the passes list these.
    const passes = [[[0]], [[4]], [[20, 24]], [[2], [22]], [[10, 12, 14]], [[1, 3], [11, 13], [21, 23]], [[5, 6, 7, 8, 9], [15, 16, 17, 18, 19]]]; // prettier-ignore
    const lines = passes.flatMap((rows) => rows.map((row) => [0, ...row]));
    const found = decodeImage(
      png({ width: size, height: size, depth: 8, color: 0, lines, interlace: 1 }),
      {},
    );
    expect(pixels(found).filter((_, i) => i % 3 === 0)).toEqual(Array.from({ length: 25 }, (_, i) => i));
  });

  test('more than its bytes can hold is refused before it is made', () => {
    const lines = [[0, 0]];
    expect(codeOf(png({ width: 10_000, height: 10_000, depth: 8, color: 0, lines }))).toBe('FILE_CORRUPT');
    expect(codeOf(png({ width: 60_000, height: 60_000, depth: 8, color: 0, lines }))).toBe('LIMIT_EXCEEDED');
    expect(codeOf(png({ width: 0, height: 1, depth: 8, color: 0, lines }))).toBe('FILE_CORRUPT');
    expect(codeOf(png({ width: 1, height: 1, depth: 8, color: 0, lines: [[0, 1, 2, 3]] }))).toBe('FILE_CORRUPT'); // prettier-ignore
    expect(codeOf(png({ width: 1, height: 1, depth: 8, color: 0, lines: [[5, 1]] }))).toBe('FILE_CORRUPT');
  });
});

/** A bitmap of `bits` bits a pixel with rows as they lie in the file. */
const bmp = (width: number, height: number, bits: number, rest: readonly number[], { compression = 0, start = 54 } = {}): Uint8Array =>
  Uint8Array.from([
    ...[...ascii('BM'), ...little(0), ...little(0), ...little(start)],
    ...[...little(40), ...little(width), ...little(height), 1, 0, ...little(bits, 2), ...little(compression)],
    ...[...little(0), ...little(0), ...little(0), ...little(0), ...little(0)],
    ...rest,
  ]); // prettier-ignore

describe('BMP', () => {
  test('rows from the bottom or the top, in whole words', () => {
    const rows = [[1, 2, 3, 0], [4, 5, 6, 0]].flat(); // prettier-ignore
    expect(pixels(decodeImage(bmp(1, 2, 24, rows), {}))).toEqual([6, 5, 4, 3, 2, 1]);
    expect(pixels(decodeImage(bmp(1, -2, 24, rows), {}))).toEqual([3, 2, 1, 6, 5, 4]);
    expect(pixels(decodeImage(bmp(1, 1, 32, [1, 2, 3, 99]), {}))).toEqual([3, 2, 1]);
  });

  test('palettes and masks', () => {
    const palette = [...[10, 20, 30, 0], ...[40, 50, 60, 0]];
    const two = bmp(3, 1, 1, [...palette, 0b01000000, 0, 0, 0], { start: 62 });
    expect(pixels(decodeImage(two, {}))).toEqual([30, 20, 10, 60, 50, 40, 30, 20, 10]);
    expect(pixels(decodeImage(bmp(1, 1, 16, [0xff, 0x7f, 0, 0]), {}))).toEqual([255, 255, 255]);
    const masks = [0xf800, 0x07e0, 0x001f].flatMap((mask) => little(mask));
    const masked = bmp(1, 1, 16, [...masks, ...little(0x0400 | 0x0010, 2), 0, 0], { compression: 3, start: 66 }); // prettier-ignore
    expect(pixels(decodeImage(masked, {}))).toEqual([0, 129, 131]);
  });

  test('what is compressed is refused, what is short is damage', () => {
    expect(codeOf(bmp(1, 1, 8, [], { compression: 1 }))).toBe('ONNX_UNSUPPORTED_FEATURE');
    expect(codeOf(bmp(9, 9, 24, [1, 2, 3]))).toBe('FILE_TRUNCATED');
    expect(codeOf(bmp(2 ** 20, 2 ** 20, 24, []))).toBe('LIMIT_EXCEEDED');
    expect(codeOf(bmp(1, 1, 7, []))).toBe('FILE_CORRUPT');
  });

  test('rows do not begin inside of headers, masks or the palette', () => {
    const rest = new Array<number>(40).fill(0);
    const code = (bits: number, compression: number, start: number): string => codeOf(bmp(1, 1, bits, rest, { compression, start })); // prettier-ignore
    const starts: readonly (readonly [bits: number, compression: number, first: number])[] = [[24, 0, 54], [16, 3, 66], [32, 6, 70], [1, 0, 62]]; // prettier-ignore
    for (const [bits, compression, first] of starts) {
      expect(code(bits, compression, first)).toBe('decoded');
      for (const start of [0, 14, first - 1]) expect(code(bits, compression, start)).toBe('FILE_CORRUPT');
    }
  });

  test('only pixels of 16 and 32 bits have masks', () => {
    const code = (bits: number): string => codeOf(bmp(1, 1, bits, new Array<number>(40).fill(0), { compression: 3, start: 66 })); // prettier-ignore
    expect([1, 4, 8, 16, 24, 32].map(code).map((each) => each === 'decoded')).toEqual([false, false, false, true, false, true]); // prettier-ignore
    expect(code(24)).toBe('FILE_CORRUPT');
  });
});

describe('anymaps', () => {
  test.each([
    { text: 'P1 #bits\n3 1\n101', expected: [0, 255, 0] },
    { text: 'P2\n3 1\n4 0 2 4', expected: [0, 128, 255] },
    { text: 'P4 3 1\n\xa0', expected: [0, 255, 0] },
    { text: 'P5 3 1 255\n\x01\x02\x03', expected: [1, 2, 3] },
    { text: 'P5 3 1 65535\n\x01\x01\x80\x80\xff\xff', expected: [1, 128, 255] },
  ])('$text', ({ text, expected }) => {
    const found = decodeImage(Uint8Array.from(text, (letter) => letter.charCodeAt(0)), {}); // prettier-ignore
    expect(pixels(found)).toEqual(expected.flatMap((value) => [value, value, value]));
  });

  test('in color', () => {
    expect(pixels(decodeImage(Uint8Array.from(ascii('P3 1 2 255 1 2 3 4 5 6')), {}))).toEqual([1, 2, 3, 4, 5, 6]); // prettier-ignore
    expect(pixels(decodeImage(Uint8Array.from([...ascii('P6 1 1 255\n'), 7, 8, 9]), {}))).toEqual([7, 8, 9]);
    expect(codeOf(Uint8Array.from(ascii('P6 9 9 255\n')))).toBe('FILE_TRUNCATED');
    expect(codeOf(Uint8Array.from(ascii('P3 1 1 255 1 x 3')))).toBe('FILE_CORRUPT');
    expect(codeOf(Uint8Array.from(ascii('P2 8192 8192 9 1')))).toBe('FILE_TRUNCATED');
  });

  test('white space stands after the kind, and one byte of it before the samples', () => {
    const code = (text: string): string => codeOf(Uint8Array.from(ascii(text)));
    for (const text of ['P12 2 255 1', 'P5#x\n2 2 255\nabcd', 'P5 2 2 255#xx\nabcd', 'P4 8 1xa', 'P2 1 1 9#5\n5'])
      expect([text, code(text)]).toEqual([text, 'FILE_CORRUPT']);
    for (const text of ['P5', 'P5 2 2 255', 'P5 2 2 255\nabc']) expect([text, code(text)]).toEqual([text, 'FILE_TRUNCATED']);
    // The second byte is a sample.
    expect(pixels(decodeImage(Uint8Array.from(ascii('P5 2 1 255\n\n!')), {}))).toEqual([10, 10, 10, 33, 33, 33]);
  }); // prettier-ignore
});

test('extents are told before pixels are made: even of those that would be damage', () => {
  const refuse = (width: number, height: number): never => {
    throw new HeddleError('LIMIT_EXCEEDED', `${width} x ${height}`);
  };
  const files = [
    png({ width: 3, height: 1, depth: 8, color: 0, lines: [[9]] }),
    bmp(3, 1, 8, [...new Array<number>(1024).fill(0), 255, 255, 255, 255], { start: 54 + 1024 }),
    Uint8Array.from(ascii('P2 3 1 255 x x x')),
  ];
  for (const file of files) expect(() => decodeImage(file, {}, refuse)).toThrow('3 x 1');
});

test('damage anywhere is an error of its kind, and nothing else', () => {
  const whole = [
    png({ width: 4, height: 2, depth: 8, color: 2, lines: [[1, ...new Array<number>(12).fill(9)], [4, ...new Array<number>(12).fill(3)]] }),
    bmp(2, 2, 24, new Array<number>(16).fill(5)),
    Uint8Array.from(ascii('P3 2 1 255 1 2 3 4 5 6')),
  ]; // prettier-ignore
  const damage = fc.record({ which: fc.nat(2), at: fc.nat(90), byte: fc.nat(255), end: fc.nat(120) });
  fc.assert(
    fc.property(damage, ({ which, at, byte, end }) => {
      const bytes = whole[which].slice(0, Math.max(2, end));
      bytes[at % bytes.length] = byte;
      expect(codeOf(bytes)).toMatch(/^(decoded|FILE_\w+|LIMIT_EXCEEDED|ONNX_UNSUPPORTED_FEATURE)$/);
    }),
  );
});

describe('formats that need a decoder', () => {
  const jpeg = Uint8Array.of(0xff, 0xd8, 0xff, 0xe0);

  test('are refused without one, with the package to install', () => {
    expect(() => decodeImage(jpeg, {})).toThrow('npm install @cwasm/jpeg-turbo');
    expect(codeOf(Uint8Array.of(0x49, 0x49, 42, 0))).toBe('ONNX_UNSUPPORTED_FEATURE');
    expect(codeOf(Uint8Array.of(1, 2, 3))).toBe('FILE_FORMAT');
    expect(codeOf(new Uint8Array(0))).toBe('FILE_FORMAT');
  });

  test('are decoded by one, without alpha', () => {
    const decoders = { jpeg: () => ({ width: 1, height: 2, data: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) }) };
    expect(pixels(decodeImage(jpeg, decoders))).toEqual([1, 2, 3, 5, 6, 7]);
  });

  test('whose decoder throws, or gives something else', () => {
    const refuse = (): never => {
      throw new Error('no');
    };
    expect(codeOf(jpeg, { jpeg: refuse })).toBe('FILE_CORRUPT');
    expect(codeOf(jpeg, { jpeg: () => ({ width: 1, height: 1, data: Uint8Array.of(1) }) })).toBe('USAGE');
    expect(codeOf(jpeg, { jpeg: () => undefined })).toBe('USAGE');
  });

  test('whose decoder has a fault: the image is not to blame', () => {
    const absent = {} as { readonly decode: (bytes: Uint8Array) => never };
    const faults: readonly (() => unknown)[] = [
      () => absent.decode(jpeg),
      () => new WebAssembly.Module(Uint8Array.of(1)),
      () => createRequire(import.meta.url)('heddle-no-such-package') as unknown,
    ];
    for (const fault of faults) {
      const decoders = { jpeg: fault as () => never };
      expect(codeOf(jpeg, decoders)).toBe('USAGE');
      expect(() => decodeImage(jpeg, decoders)).toThrow(expect.objectContaining({ cause: expect.any(Error) as Error }) as Error); // prettier-ignore
    }
  });

  test('whose decoder gives sizes or data of no image', () => {
    const data = new Uint8Array(8);
    const wrong: readonly unknown[] = [
      { width: 1.5, height: 2, data: new Uint8Array(12) },
      { width: -1, height: -2, data },
      { width: 0, height: 2, data: new Uint8Array(0) },
      { width: 2, height: NaN, data },
      { width: 2, height: 1, data: [...data] },
      { width: 2, height: 1, data: new Float32Array(8) },
      { width: 2, height: 1, data: 'abcdefgh' },
      Promise.resolve({ width: 2, height: 1, data }),
      null,
    ];
    for (const result of wrong)
      expect([result, codeOf(jpeg, { jpeg: () => result })]).toEqual([result, 'USAGE']);
    expect(codeOf(jpeg, { jpeg: () => ({ width: 2, height: 1, data: new Uint8ClampedArray(8) }) })).toBe(
      'decoded',
    );
  });

  test('have no decoder in Node where a package does not work', () => {
    const fail = (): never => {
      throw new Error('an old file');
    };
    for (const load of [fail, () => ({}), () => undefined, () => ({ decode: 1 })])
      expect(codeOf(jpeg, { jpeg: (bytes: Uint8Array) => decoderIn('some-package', load)(bytes) })).toBe(
        'USAGE',
      );
  });

  test('have decoders in Node, of packages that are installed', () => {
    const decoders = imageDecoders();
    expect(Object.keys(decoders)).toEqual(['jpeg', 'webp']);
    expect(codeOf(jpeg, decoders)).toBe('FILE_CORRUPT');
    expect(codeOf(Uint8Array.from(ascii('RIFF0000WEBPVP8 ')), decoders)).toBe('FILE_CORRUPT');
  });
});
