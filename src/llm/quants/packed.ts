/**
 * Weights as they lie on devices: in words of 32 bits, with their scales beside them. The rows of a file are columns there (in
 * bands: layout.ts), so that what neighbours among the results of a product need lies side by side, shifted and scaled alike. Each form says how a file's blocks
 * become such planes, and how a kernel makes f32 of them: by integer operations and products that are exact in f32, so that the result
 * is that of `dequantize`, bit for bit (tests compare).
 */
import type { TensorData } from '../../base/tensor.js';
import type { PackedForm } from './forms/form.js';
import { Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, Q8_K } from './forms/k-quants.js';
import { BF16, dense, F16 } from './forms/plain.js';
import { Q4, Q4_1, Q5_0, Q5_1, Q8 } from './forms/simple.js';
import { IQ4_NL, IQ4_XS, MXFP4, TQ1_0, TQ2_0 } from './forms/tables.js';
import { bandedShape } from './layout.js';
import { GGML_TYPES, type GgmlTypeName } from './types.js';

const FORMS: Readonly<Record<GgmlTypeName, PackedForm>> = {
  F32: dense('F32'), F16, BF16,
  Q4_0: Q4, Q4_1, Q5_0, Q5_1, Q8_0: Q8,
  Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, Q8_K,
  IQ4_NL, IQ4_XS, MXFP4, TQ1_0, TQ2_0,
}; // prettier-ignore

/** How weights of a type lie on devices: packed where the rows allow it, else as f32. */
export function packedForm(type: GgmlTypeName, columns: number): PackedForm {
  const own = FORMS[type];
  return own.planes.every(({ weights }) => columns % weights === 0) ? own : dense(type);
}

/** Bytes of a row in a file. */
export const rowBytes = (type: GgmlTypeName, columns: number): number =>
  (columns / GGML_TYPES[type].weights) * GGML_TYPES[type].bytes;

/**
 * Packs `bytes`, which are whole bands of `band` rows, to the same bands of planes: `planes` are the words of these.
 */
export function packBands(
  { planes: types, pack }: PackedForm,
  bytes: Uint8Array<ArrayBuffer>,
  { columns, band, row }: { readonly columns: number; readonly band: number; readonly row: number },
  planes: readonly Uint32Array[],
): void {
  const lengths = types.map(({ weights }) => (columns / weights) * band);
  const size = band * row;
  for (let i = 0; i * size < bytes.length; i++)
    pack(bytes.subarray(i * size, (i + 1) * size), columns, planes.map((plane, p) => plane.subarray(i * lengths[p], (i + 1) * lengths[p])), band); // prettier-ignore
}

/** The planes of all rows of `columns` weights that `bytes` has, in bands. */
export function packedPlanes(
  type: GgmlTypeName,
  bytes: Uint8Array<ArrayBuffer>,
  columns: number,
): readonly TensorData[] {
  const form = packedForm(type, columns);
  const row = rowBytes(type, columns);
  const rows = bytes.length / row;
  const shapes = form.planes.map(({ weights }) => bandedShape(rows, columns / weights));
  const words = shapes.map(([bands, length, band]) => new Uint32Array(bands * length * band));
  packBands(form, bytes, { columns, band: shapes[0][2], row }, words);
  return form.planes.map(({ dtype }, i) => ({
    dtype,
    shape: shapes[i],
    data: dtype === 'f32' ? new Float32Array(words[i].buffer) : words[i],
  }));
}
