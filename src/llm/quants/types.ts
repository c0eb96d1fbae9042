/** The element types of ggml: how many weights a block has, in how many bytes, and what numbers they are. */
import { HeddleError } from '../../base/errors.js';
import { must } from '../../base/fields.js';
import { elementCount } from '../../base/tensor.js';
import { decodeBf16, decodeF16, decodeF32, type DecodeBlock } from './plain.js';
import { decodeIq4Nl, decodeIq4Xs, decodeMxfp4, decodeTq1, decodeTq2 } from './tables.js';
import { decodeQ2K, decodeQ3K, decodeQ4K, decodeQ5K, decodeQ6K, decodeQ8K } from './k-quants.js';
import { decodeQ4, decodeQ41, decodeQ5, decodeQ51, decodeQ8 } from './simple.js';

interface GgmlType {
  /** In files. */
  readonly id: number;
  /** Weights of a block. */
  readonly weights: number;
  /** Bytes of a block. */
  readonly bytes: number;
  readonly decode: DecodeBlock;
}

export const GGML_TYPES = {
  F32: { id: 0, weights: 1, bytes: 4, decode: decodeF32 },
  F16: { id: 1, weights: 1, bytes: 2, decode: decodeF16 },
  Q4_0: { id: 2, weights: 32, bytes: 18, decode: decodeQ4 },
  Q4_1: { id: 3, weights: 32, bytes: 20, decode: decodeQ41 },
  Q5_0: { id: 6, weights: 32, bytes: 22, decode: decodeQ5 },
  Q5_1: { id: 7, weights: 32, bytes: 24, decode: decodeQ51 },
  Q8_0: { id: 8, weights: 32, bytes: 34, decode: decodeQ8 },
  Q2_K: { id: 10, weights: 256, bytes: 84, decode: decodeQ2K },
  Q3_K: { id: 11, weights: 256, bytes: 110, decode: decodeQ3K },
  Q4_K: { id: 12, weights: 256, bytes: 144, decode: decodeQ4K },
  Q5_K: { id: 13, weights: 256, bytes: 176, decode: decodeQ5K },
  Q6_K: { id: 14, weights: 256, bytes: 210, decode: decodeQ6K },
  Q8_K: { id: 15, weights: 256, bytes: 292, decode: decodeQ8K },
  IQ4_NL: { id: 20, weights: 32, bytes: 18, decode: decodeIq4Nl },
  IQ4_XS: { id: 23, weights: 256, bytes: 136, decode: decodeIq4Xs },
  BF16: { id: 30, weights: 1, bytes: 2, decode: decodeBf16 },
  TQ1_0: { id: 34, weights: 256, bytes: 54, decode: decodeTq1 },
  TQ2_0: { id: 35, weights: 256, bytes: 66, decode: decodeTq2 },
  MXFP4: { id: 39, weights: 32, bytes: 17, decode: decodeMxfp4 },
} as const satisfies Readonly<Record<string, GgmlType>>;

export type GgmlTypeName = keyof typeof GGML_TYPES;
export const GGML_TYPE_NAMES = Object.keys(GGML_TYPES) as readonly GgmlTypeName[];

/** Types that Heddle does not read, for messages. */
const OTHERS: Readonly<Record<number, string>> = {
  9: 'Q8_1', 16: 'IQ2_XXS', 17: 'IQ2_XS', 18: 'IQ3_XXS', 19: 'IQ1_S', 21: 'IQ3_S', 22: 'IQ2_S', 24: 'I8', 25: 'I16',
  26: 'I32', 27: 'I64', 28: 'F64', 29: 'IQ1_M',
}; // prettier-ignore

/** The type with a number in files. Throws LLM_UNSUPPORTED, with the types that are known. */
export function ggmlType(id: number, where: string): GgmlTypeName {
  const name = GGML_TYPE_NAMES.find((each) => GGML_TYPES[each].id === id);
  if (name !== undefined) return name;
  throw new HeddleError('LLM_UNSUPPORTED', 'a tensor has a type that Heddle does not read', {
    where,
    found: `${OTHERS[id] ?? 'type'} (${id})`,
    expected: GGML_TYPE_NAMES.join(', '),
  });
}

/** Bytes of a tensor. Throws FILE_CORRUPT where blocks do not fill its rows. */
export function bytesOfType(name: GgmlTypeName, shape: readonly number[], where: string): number {
  const { weights, bytes } = GGML_TYPES[name];
  const row = shape.at(-1) ?? 1;
  must(row % weights === 0, `blocks of ${name} do not fill the rows of a tensor`, where, row, `a multiple of ${weights}`); // prettier-ignore
  return (elementCount(shape) / weights) * bytes;
}

/** All weights of `bytes`, which are whole blocks, as ggml's `dequantize_row` gives them, bit for bit. */
export function dequantize(name: GgmlTypeName, bytes: Uint8Array): Float32Array<ArrayBuffer> {
  const { weights, bytes: size, decode } = GGML_TYPES[name];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const blocks = Math.floor(bytes.length / size);
  const out = new Float32Array(blocks * weights);
  for (let i = 0; i < blocks; i++) decode(view, i * size, out, i * weights);
  return out;
}
