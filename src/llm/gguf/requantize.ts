/** A model's file with its matrices in another type. */
import type { Gguf } from './read.js';
import { quantize, type QuantizedType } from '../quants/quantize.js';
import { dequantize, GGML_TYPES, type GgmlTypeName } from '../quants/types.js';
import { encode, writeGguf, type TensorToWrite } from './write.js';

/** `general.file_type` of llama.cpp. */
const FILE_TYPES: Readonly<Record<QuantizedType, number>> = { Q8_0: 7, Q4_0: 2, Q4_K: 15, Q6_K: 18 };

/** Narrower blocks for rows that those of a type do not fill, as llama.cpp chooses them. */
const FALLBACKS: Readonly<Record<QuantizedType, readonly QuantizedType[]>> = {
  Q8_0: [],
  Q4_0: [],
  Q4_K: ['Q4_0', 'Q8_0'],
  Q6_K: ['Q8_0'],
};

/**
 * The file of `model`, which has float weights or others, with all matrices as `type`: but for those whose rows its blocks do
 * not fill, which take a type of smaller blocks, or stay as they are. Vectors stay.
 */
export async function requantize(model: Gguf, type: QuantizedType): Promise<Uint8Array<ArrayBuffer>> {
  const tensors: TensorToWrite[] = [];
  for (const { name, type: from, shape, offset, bytes, source } of model.tensors.values()) {
    const data = await source.read(offset, bytes);
    const to = shape.length < 2 ? undefined : fitting(type, shape.at(-1)!);
    const same: TensorToWrite = { name, type: from satisfies GgmlTypeName, shape, data };
    tensors.push(to === undefined ? same : { name, type: to, shape, data: quantize(to, dequantize(from, data)) }); // prettier-ignore
  }
  const metadata = new Map(model.encoded);
  metadata.set('general.file_type', encode.u32(FILE_TYPES[type]));
  metadata.set('general.quantization_version', encode.u32(2));
  return writeGguf(metadata, tensors);
}

const fitting = (type: QuantizedType, row: number): QuantizedType | undefined =>
  [type, ...FALLBACKS[type]].find((each) => row % GGML_TYPES[each].weights === 0);
