/** Writes GGUF, version 3, as converters write it and llama.cpp reads it: tensors in the order of their table, padded exactly. */
import { ensure } from '../../base/errors.js';
import { GGML_TYPES, bytesOfType, type GgmlTypeName } from '../quants/types.js';
import { DEFAULT_ALIGNMENT, MAGIC } from './read.js';

/** A tensor to be written. */
export interface TensorToWrite {
  readonly name: string;
  readonly type: GgmlTypeName;
  /** Row-major, outermost first. */
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

const UTF8 = new TextEncoder();

/** Bytes that are put together. */
class Bytes {
  private readonly parts: Uint8Array[] = [];
  length = 0;

  add(bytes: Uint8Array): this {
    this.parts.push(bytes);
    this.length += bytes.length;
    return this;
  }

  number(size: number, set: (view: DataView) => void): this {
    const bytes = new Uint8Array(size);
    set(new DataView(bytes.buffer));
    return this.add(bytes);
  }

  u32 = (value: number): this => this.number(4, (view) => view.setUint32(0, value, true));
  u64 = (value: number): this => this.number(8, (view) => view.setBigUint64(0, BigInt(value), true));

  text(text: string): this {
    const bytes = UTF8.encode(text);
    return this.u64(bytes.length).add(bytes);
  }

  pad(alignment: number): this {
    return this.add(new Uint8Array((alignment - (this.length % alignment)) % alignment));
  }

  join(): Uint8Array<ArrayBuffer> {
    const all = new Uint8Array(this.length);
    let at = 0;
    for (const part of this.parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }
}

/** Values of metadata with their types, as files have them. */
export const encode = {
  u32: (value: number): Uint8Array => new Bytes().u32(4).u32(value).join(),
  f32: (value: number): Uint8Array =>
    new Bytes()
      .u32(6)
      .number(4, (view) => view.setFloat32(0, value, true))
      .join(),
  bool: (value: boolean): Uint8Array =>
    new Bytes()
      .u32(7)
      .number(1, (view) => view.setUint8(0, value ? 1 : 0))
      .join(),
  text: (value: string): Uint8Array => new Bytes().u32(8).text(value).join(),
  texts(values: readonly string[]): Uint8Array {
    const bytes = new Bytes().u32(9).u32(8).u64(values.length);
    for (const value of values) bytes.text(value);
    return bytes.join();
  },
  f32s(values: readonly number[]): Uint8Array {
    const bytes = new Bytes().u32(9).u32(6).u64(values.length);
    return bytes.add(new Uint8Array(Float32Array.from(values).buffer)).join();
  },
  i32s(values: readonly number[]): Uint8Array {
    const bytes = new Bytes().u32(9).u32(5).u64(values.length);
    return bytes.add(new Uint8Array(Int32Array.from(values).buffer)).join();
  },
} as const;

/**
 * The file. `metadata`: values with their types before them (see {@link encode}; `readGguf` gives those of a file as `encoded`).
 * Throws WEIGHT_INVALID for a tensor whose data does not fill it.
 */
export function writeGguf(
  metadata: ReadonlyMap<string, Uint8Array>,
  tensors: readonly TensorToWrite[],
): Uint8Array<ArrayBuffer> {
  const out = new Bytes().u32(MAGIC).u32(3).u64(tensors.length).u64(metadata.size);
  for (const [key, value] of metadata) out.text(key).add(value);
  let offset = 0;
  for (const { name, type, shape, data } of tensors) {
    const expected = bytesOfType(type, shape, name);
    ensure(data.length === expected, 'WEIGHT_INVALID', 'the data does not fill the tensor', () => ({
      where: name,
      found: `${data.length} bytes`,
      expected: `${expected} bytes`,
    }));
    out.text(name).u32(shape.length);
    for (const extent of shape.toReversed()) out.u64(extent);
    out.u32(GGML_TYPES[type].id).u64(offset);
    offset += Math.ceil(data.length / DEFAULT_ALIGNMENT) * DEFAULT_ALIGNMENT;
  }
  out.pad(DEFAULT_ALIGNMENT);
  for (const { data } of tensors) out.add(data).pad(DEFAULT_ALIGNMENT);
  return out.join();
}
