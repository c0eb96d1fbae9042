/** GGUF files: what is written is read, and damaged files are refused by typed errors before memory is taken. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HeddleError } from '../../../src/base/errors.js';
import { bytesSource, type ByteSource } from '../../../src/llm/files/source.js';
import { readGguf } from '../../../src/llm/gguf/read.js';
import { openGguf } from '../../../src/llm/gguf/split.js';
import { encode, writeGguf } from '../../../src/llm/gguf/write.js';
import { tinyModel } from '../support/tiny.js';

const small = (): Uint8Array<ArrayBuffer> =>
  writeGguf(
    new Map([
      ['general.architecture', encode.text('llama')],
      ['a.count', encode.u32(7)],
      ['a.rate', encode.f32(0.5)],
      ['a.flag', encode.bool(true)],
      ['a.texts', encode.texts(['x', '', 'ü'])],
      ['a.numbers', encode.i32s([1, -2, 3])],
    ]),
    [
      { name: 'vector', type: 'F32', shape: [3], data: new Uint8Array(Float32Array.of(1, 2, 3).buffer) },
      { name: 'matrix', type: 'Q8_0', shape: [2, 32], data: new Uint8Array(68).fill(1) },
    ],
  );

/** A source that counts what is read of it. */
function counting(bytes: Uint8Array): { readonly source: ByteSource; readonly read: () => number } {
  const source = bytesSource(bytes);
  let total = 0;
  return {
    read: () => total,
    source: {
      ...source,
      read: (offset, length) => {
        total += length;
        return source.read(offset, length);
      },
    },
  };
}

describe('readGguf', () => {
  it('reads what writeGguf writes', async () => {
    const { version, metadata, tensors } = await readGguf(bytesSource(small()));
    expect(version).toBe(3);
    expect(Object.fromEntries(metadata)).toEqual({
      'general.architecture': 'llama',
      'a.count': 7,
      'a.rate': 0.5,
      'a.flag': true,
      'a.texts': ['x', '', 'ü'],
      'a.numbers': Int32Array.of(1, -2, 3),
    });
    const matrix = tensors.get('matrix')!;
    expect([matrix.type, matrix.shape, matrix.bytes]).toEqual(['Q8_0', [2, 32], 68]);
    expect(await matrix.source.read(matrix.offset, matrix.bytes)).toEqual(new Uint8Array(68).fill(1));
    const vector = tensors.get('vector')!;
    expect(new Float32Array((await vector.source.read(vector.offset, 12)).buffer)).toEqual(
      Float32Array.of(1, 2, 3),
    );
  });

  it('copies: the metadata as it is in the file gives the file again', async () => {
    const { encoded, tensors } = await readGguf(bytesSource(small()));
    const copies = [];
    for (const { name, type, shape, offset, bytes, source } of tensors.values())
      copies.push({ name, type, shape, data: await source.read(offset, bytes) });
    expect(writeGguf(encoded, copies)).toEqual(small());
  });

  it('reads version 2, too', async () => {
    const bytes = small();
    bytes[4] = 2;
    expect((await readGguf(bytesSource(bytes))).version).toBe(2);
  });

  it('reads a header that is longer than what is read first, once', async () => {
    const long = writeGguf(new Map([['texts', encode.texts(Array.from({ length: 8e4 }, (_, i) => `word ${i}`))]]), []); // prettier-ignore
    const { source, read } = counting(long);
    const { metadata } = await readGguf(source);
    expect((metadata.get('texts') as readonly string[]).at(-1)).toBe('word 79999');
    expect(read()).toBeLessThanOrEqual(long.length);
  });

  const refused: readonly [
    what: string,
    damage: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array,
    error: RegExp,
  ][] = [
    ['another format', () => new Uint8Array(64), /FILE_FORMAT.*not a GGUF file/s],
    ['an empty file', () => new Uint8Array(0), /FILE_TRUNCATED/],
    ['version 1', (bytes) => bytes.with(4, 1), /FILE_VERSION.*version 1/s],
    ['big-endian', (bytes) => bytes.with(4, 0).with(7, 3), /FILE_VERSION.*big-endian/s],
    ['a lying count of tensors', (bytes) => bytes.with(13, 1), /FILE_CORRUPT.*tensors do not fit/s],
    [
      'a lying count of entries',
      (bytes) => bytes.with(20, 1),
      /FILE_CORRUPT.*entries of the metadata do not fit/s,
    ],
    ['a lying length of a text', (bytes) => bytes.with(29, 1), /FILE_CORRUPT.*bytes of a text do not fit/s],
    ['a file that ends early', (bytes) => bytes.subarray(0, bytes.length - 40), /FILE_TRUNCATED.*"matrix"/s],
  ];
  it.each(refused)('refuses %s', async (_, damage, error) => {
    await expect(readGguf(bytesSource(damage(small())))).rejects.toThrow(error);
  });

  it('answers 10,000 damaged files by a model or a typed error', async () => {
    const original = small();
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(original.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        fc.option(fc.nat(original.length), { freq: 4 }),
        async (changes, length) => {
          const bytes = original.slice(0, length ?? original.length);
          for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
          try {
            const { tensors } = await readGguf(bytesSource(bytes));
            for (const { offset, bytes: size, source } of tensors.values()) await source.read(offset, size);
          } catch (error) {
            expect(error).toBeInstanceOf(HeddleError);
          }
        },
      ),
      { numRuns: 10_000 },
    );
  }, 60_000);
});

describe('openGguf', () => {
  const part = (no: number, count: number, tensors: number): Uint8Array => {
    const u16 = (value: number): Uint8Array => Uint8Array.of(2, 0, 0, 0, value, 0);
    const data = new Uint8Array(4);
    return writeGguf(
      new Map([['split.no', u16(no)], ['split.count', u16(count)], ['split.tensors.count', encode.u32(tensors)]]),
      [{ name: `tensor ${no}`, type: 'F32', shape: [1], data }],
    );
  }; // prettier-ignore
  const opener = (files: Readonly<Record<string, Uint8Array>>) => (name: string) =>
    Object.hasOwn(files, name)
      ? Promise.resolve(bytesSource(files[name], name))
      : Promise.reject(new HeddleError('FILE_UNREADABLE', 'no such file', { where: name }));

  it('joins the parts of a model', async () => {
    const files = { 'm-00001-of-00002.gguf': part(0, 2, 2), 'm-00002-of-00002.gguf': part(1, 2, 2) };
    const model = await openGguf('m-00002-of-00002.gguf', opener(files));
    expect([...model.tensors.keys()]).toEqual(['tensor 0', 'tensor 1']);
  });

  it('refuses parts that do not belong together', async () => {
    const wrong = { 'm-00001-of-00002.gguf': part(0, 2, 3), 'm-00002-of-00002.gguf': part(1, 2, 3) };
    await expect(openGguf('m-00001-of-00002.gguf', opener(wrong))).rejects.toThrow(/FILE_CORRUPT.*tensors are missing/s); // prettier-ignore
    const swapped = { 'm-00001-of-00002.gguf': part(1, 2, 2), 'm-00002-of-00002.gguf': part(0, 2, 2) };
    await expect(openGguf('m-00001-of-00002.gguf', opener(swapped))).rejects.toThrow(
      /another number than its name/,
    );
    await expect(openGguf('m.gguf', opener({ 'm.gguf': part(0, 2, 2) }))).rejects.toThrow(
      /does not say which it is/,
    );
    await expect(openGguf('m-00001-of-00002.gguf', opener({ 'm-00001-of-00002.gguf': part(0, 2, 2) }))).rejects.toThrow(/FILE_UNREADABLE.*m-00002/s); // prettier-ignore
  });

  it('opens a model in one file', async () => {
    const model = await openGguf('tiny.gguf', opener({ 'tiny.gguf': tinyModel() }));
    expect(model.tensors.size).toBe(3 + 2 * 9);
  });
});
