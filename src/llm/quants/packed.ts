/**
 * Weights as they lie on devices: in words of 32 bits, with their scales beside them. The rows of a file are columns there (in
 * bands: layout.ts), so that what neighbours among the results of a product need lies side by side, shifted and scaled alike. Each form says how a file's blocks
 * become such planes, and how a kernel makes f32 of them: by integer operations and products that are exact in f32, so that the result
 * is that of `dequantize`, bit for bit (tests compare).
 */
import type { TensorData } from '../../base/tensor.js';
import { withScalar } from '../../compose/broadcast.js';
import { repeatedRows, unpackIntegers } from '../../compose/packed.js';
import type { Emitter, Value } from '../../ir/emitter.js';
import { scaleAndMin } from './k-quants.js';
import { banded } from './layout.js';
import { halfAt } from './plain.js';
import { dequantize, GGML_TYPES, type GgmlTypeName } from './types.js';

/** A tensor of which weights consist: its dtype, and how many elements a row of K weights has. */
export interface Plane {
  readonly name: string;
  readonly dtype: 'f32' | 'u32';
  /** Weights for each element. */
  readonly weights: number;
}

export interface PackedForm {
  readonly planes: readonly Plane[];
  /** The planes of rows of `columns` weights, in bands (layout.ts) of columns / weights of the plane each; `bytes` are whole rows. */
  pack(bytes: Uint8Array, columns: number): readonly TensorData[];
  /** f32 [columns, rows] from the planes, which are [columns / weights of the plane, rows]. */
  unpack(b: Emitter, planes: readonly Value[]): Value;
}

const DENSE: Plane = { name: 'values', dtype: 'f32', weights: 1 };

/** Types without a form of their own are f32 on devices. */
const dense = (type: GgmlTypeName): PackedForm => ({
  planes: [DENSE],
  pack: (bytes, columns) => {
    const data = dequantize(type, bytes);
    return [banded({ dtype: 'f32', shape: [data.length / columns, columns], data })];
  },
  unpack: (_, [values]) => values,
});

/** Integers of `bits` bits as they lie in words, the first in the lowest bits. */
const integers = (name: string, bits: number): Plane => ({ name, dtype: 'u32', weights: 32 / bits });

/** One scale for so many weights. */
const scales = (name: string, weights: number): Plane => ({ name, dtype: 'f32', weights });

/** u32 [n, rows] of fields of `bits` bits, as u32 [n * 32 / bits, rows]. */
const fields = (b: Emitter, words: Value, bits: number): Value =>
  unpackIntegers(b, words, 0, { bits, signed: false });

/** The same of signed bytes, as i32. */
const signedBytes = (b: Emitter, words: Value): Value =>
  unpackIntegers(b, words, 0, { bits: 8, signed: true });

/** Elements start, start + step, ... of the first axis. */
const every = (b: Emitter, x: Value, start: number, step: number): Value => {
  const [length, rows] = x.type.shape as readonly number[];
  return b.emit('slice', [x], { starts: [start, 0], sizes: [length / step, rows], strides: [step, 1] });
};

const toFloat = (b: Emitter, x: Value): Value => b.cast(x, 'f32');
const scaled = (b: Emitter, scale: Value, q: Value, block: number): Value =>
  b.binary('mul', repeatedRows(b, scale, block), q);

/** Calls `each` with every block of `bytes`. */
function eachBlock(
  type: GgmlTypeName,
  bytes: Uint8Array,
  each: (block: DataView, at: number, i: number) => void,
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = GGML_TYPES[type].bytes;
  for (let i = 0; i * size < bytes.length; i++) each(view, i * size, i);
}

/** Room for the planes of so many weights. */
function planesFor(form: readonly Plane[], weights: number, columns: number): TensorData[] {
  return form.map(({ dtype, weights: per }) => {
    const length = weights / per;
    const shape = [weights / columns, columns / per];
    return dtype === 'f32'
      ? { dtype, shape, data: new Float32Array(length) }
      : { dtype, shape, data: new Uint32Array(length) };
  });
}

const weightsIn = (type: GgmlTypeName, bytes: Uint8Array): number =>
  (bytes.length / GGML_TYPES[type].bytes) * GGML_TYPES[type].weights;

/** Sets the integer at place `i` of a plane of `bits` bits. */
function put(plane: TensorData, bits: number, i: number, value: number): void {
  const bit = i * bits;
  (plane.data as Uint32Array)[bit >>> 5] |= (value & (2 ** bits - 1)) << (bit & 31);
}

const Q8_PLANES = [integers('bytes', 8), scales('scales', 32)];

/** d * q */
const Q8: PackedForm = {
  planes: Q8_PLANES,
  pack(bytes, columns) {
    const planes = planesFor(Q8_PLANES, weightsIn('Q8_0', bytes), columns);
    eachBlock('Q8_0', bytes, (block, at, i) => {
      planes[1].data[i] = halfAt(block, at);
      for (let j = 0; j < 32; j++) put(planes[0], 8, 32 * i + j, block.getUint8(at + 2 + j));
    });
    return planes.map(banded);
  },
  unpack: (b, [bytes, scale]) => scaled(b, scale, toFloat(b, signedBytes(b, bytes)), 32),
};

const Q4_PLANES = [integers('nibbles', 4), scales('scales', 32)];

/** d * (q - 8) */
const Q4: PackedForm = {
  planes: Q4_PLANES,
  pack(bytes, columns) {
    const planes = planesFor(Q4_PLANES, weightsIn('Q4_0', bytes), columns);
    eachBlock('Q4_0', bytes, (block, at, i) => {
      planes[1].data[i] = halfAt(block, at);
      for (let j = 0; j < 16; j++) {
        const pair = block.getUint8(at + 2 + j);
        put(planes[0], 4, 32 * i + j, pair);
        put(planes[0], 4, 32 * i + j + 16, pair >> 4);
      }
    });
    return planes.map(banded);
  },
  unpack: (b, [nibbles, scale]) =>
    scaled(b, scale, withScalar(b, 'sub', toFloat(b, fields(b, nibbles, 4)), 8), 32),
};

/** Scales and minima of groups of 32, one byte each, in turn; d and dmin of blocks of 256, in turn. */
const Q4_K_PLANES = [
  integers('nibbles', 4),
  { ...integers('factors', 8), weights: 64 },
  scales('scales', 128),
];

/** (d * scale) * q - (dmin * min) */
const Q4_K: PackedForm = {
  planes: Q4_K_PLANES,
  pack(bytes, columns) {
    const planes = planesFor(Q4_K_PLANES, weightsIn('Q4_K', bytes), columns);
    eachBlock('Q4_K', bytes, (block, at, i) => {
      planes[2].data[2 * i] = halfAt(block, at);
      planes[2].data[2 * i + 1] = halfAt(block, at + 2);
      for (let group = 0; group < 8; group++) {
        const [scale, min] = scaleAndMin(block, at + 4, group);
        put(planes[1], 8, 16 * i + 2 * group, scale);
        put(planes[1], 8, 16 * i + 2 * group + 1, min);
        for (let l = 0; l < 32; l++)
          put(planes[0], 4, 256 * i + 32 * group + l, block.getUint8(at + 16 + 32 * (group >> 1) + l) >> (4 * (group & 1))); // prettier-ignore
      }
    });
    return planes.map(banded);
  },
  unpack(b, [nibbles, factors, scale]) {
    const bytes = toFloat(b, fields(b, factors, 8));
    const factor = (which: number): Value =>
      b.binary('mul', repeatedRows(b, every(b, scale, which, 2), 8), every(b, bytes, which, 2));
    const product = scaled(b, factor(0), toFloat(b, fields(b, nibbles, 4)), 32);
    return b.binary('sub', product, repeatedRows(b, factor(1), 32));
  },
};

/** Four lower bits, two upper ones; scales of groups of 16, one signed byte each; d of blocks of 256. */
const Q6_K_PLANES = [
  integers('nibbles', 4),
  integers('pairs', 2),
  { ...integers('factors', 8), weights: 64 },
  scales('scales', 256),
];

/** (d * scale) * (q - 32) */
const Q6_K: PackedForm = {
  planes: Q6_K_PLANES,
  pack(bytes, columns) {
    const planes = planesFor(Q6_K_PLANES, weightsIn('Q6_K', bytes), columns);
    eachBlock('Q6_K', bytes, (block, at, i) => {
      planes[3].data[i] = halfAt(block, at + 208);
      for (let group = 0; group < 16; group++) put(planes[2], 8, 16 * i + group, block.getUint8(at + 192 + group)); // prettier-ignore
      for (let j = 0; j < 256; j++) {
        const [half, quarter, l] = [j >> 7, (j >> 5) & 3, j & 31];
        put(planes[0], 4, 256 * i + j, block.getUint8(at + 64 * half + 32 * (quarter & 1) + l) >> (4 * (quarter >> 1))); // prettier-ignore
        put(planes[1], 2, 256 * i + j, block.getUint8(at + 128 + 32 * half + l) >> (2 * quarter));
      }
    });
    return planes.map(banded);
  },
  unpack(b, [nibbles, pairs, factors, scale]) {
    const low = fields(b, nibbles, 4);
    const high = withScalar(b, 'shl', fields(b, pairs, 2), 4);
    const q = withScalar(b, 'sub', toFloat(b, b.binary('or', low, high)), 32);
    const factor = b.binary('mul', repeatedRows(b, scale, 16), toFloat(b, signedBytes(b, factors)));
    return scaled(b, factor, q, 16);
  },
};

const BF16_PLANES = [integers('pairs', 16)];

/** The upper halves of f32. */
const BF16: PackedForm = {
  planes: BF16_PLANES,
  pack: (bytes, columns) => {
    const planes = planesFor(BF16_PLANES, bytes.length / 2, columns);
    new Uint8Array(planes[0].data.buffer).set(bytes);
    return planes.map(banded);
  },
  unpack: (b, [pairs]) => b.emit('bitcast', [withScalar(b, 'shl', fields(b, pairs, 16), 16)], { dtype: 'f32' }), // prettier-ignore
};

const OWN: Readonly<Partial<Record<GgmlTypeName, PackedForm>>> = { Q8_0: Q8, Q4_0: Q4, Q4_K, Q6_K, BF16 };

/** How weights of a type lie on devices: packed where the rows allow it, else as f32. */
export function packedForm(type: GgmlTypeName, columns: number): PackedForm {
  const own = OWN[type];
  return own !== undefined && own.planes.every(({ weights }) => columns % weights === 0) ? own : dense(type);
}
