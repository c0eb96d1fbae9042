/** What a form of packed weights consists of, and what forms are written with. */
import { unpackIntegers, repeatedRows } from '../../../compose/packed.js';
import type { Emitter, Value } from '../../../ir/emitter.js';
import { GGML_TYPES, type GgmlTypeName } from '../types.js';

/** A tensor of which weights consist: its dtype, and how many elements a row of K weights has. */
export interface Plane {
  readonly name: string;
  readonly dtype: 'f32' | 'u32';
  /** Weights for each element. */
  readonly weights: number;
}

/**
 * Writes whole rows of `columns` weights, as they lie in a file, to planes: element k of row r of a plane is its word k * stride + r. There are
 * `stride` rows or less; those that follow have planes that begin further on.
 */
export type PackRows = (
  bytes: Uint8Array<ArrayBuffer>,
  columns: number,
  planes: readonly Uint32Array[],
  stride: number,
) => void;

export interface PackedForm {
  readonly planes: readonly Plane[];
  readonly pack: PackRows;
  /** f32 [columns, rows] from the planes, which are [columns / weights of the plane, rows]. */
  unpack(b: Emitter, planes: readonly Value[]): Value;
}

/** Integers of `bits` bits as they lie in words, the first in the lowest bits. */
export const integers = (name: string, bits: number): Plane => ({ name, dtype: 'u32', weights: 32 / bits });

/** One scale for so many weights. */
export const scales = (name: string, weights: number): Plane => ({ name, dtype: 'f32', weights });

/** The words that a block has in one plane, one after the other, and the same memory as floats. */
export interface BlockPlane {
  readonly words: Uint32Array<ArrayBuffer>;
  readonly floats: Float32Array<ArrayBuffer>;
}

/** Writes all words of one block, which begins at `at`. */
export type PackBlock = (block: DataView, at: number, planes: readonly BlockPlane[]) => void;

/** Rows of a type whose blocks are packed one by one. */
export function packBlocks(type: GgmlTypeName, planes: readonly Plane[], pack: PackBlock): PackRows {
  const { bytes: size, weights } = GGML_TYPES[type];
  return (bytes, columns, out, stride) => {
    const own = planes.map((plane) => {
      const words = new Uint32Array(weights / plane.weights);
      return { words, floats: new Float32Array(words.buffer) };
    });
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const blocks = columns / weights;
    const rows = bytes.length / (blocks * size);
    for (let row = 0, at = 0; row < rows; row++)
      for (let block = 0; block < blocks; block++, at += size) {
        pack(view, at, own);
        for (let i = 0; i < own.length; i++) scatter(own[i].words, out[i], block * own[i].words.length * stride + row, stride); // prettier-ignore
      }
  };
}

function scatter(words: Uint32Array, out: Uint32Array, start: number, stride: number): void {
  for (let i = 0, to = start; i < words.length; i++, to += stride) out[to] = words[i];
}

/** Rows whose bytes are the words of the only plane, each with so many weights. */
export const packWords =
  (weights: number): PackRows =>
  (bytes, columns, [out], stride) => {
    const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    const length = columns / weights;
    for (let row = 0, at = 0; at < words.length; row++, at += length)
      scatter(words.subarray(at, at + length), out, row, stride);
  };

/** u32 [n, rows] of fields of `bits` bits, as u32 [n * 32 / bits, rows]. */
export const fields = (b: Emitter, words: Value, bits: number): Value =>
  unpackIntegers(b, words, 0, { bits, signed: false });

/** The same of signed bytes, as i32. */
export const signedBytes = (b: Emitter, words: Value): Value =>
  unpackIntegers(b, words, 0, { bits: 8, signed: true });

/** Elements start, start + step, ... of the first axis. */
export const every = (b: Emitter, x: Value, start: number, step: number): Value => {
  const [length, rows] = x.type.shape as readonly number[];
  return b.emit('slice', [x], { starts: [start, 0], sizes: [length / step, rows], strides: [step, 1] });
};

export const toFloat = (b: Emitter, x: Value): Value => b.cast(x, 'f32');
export const scaled = (b: Emitter, scale: Value, q: Value, block: number): Value =>
  b.binary('mul', repeatedRows(b, scale, block), q);
