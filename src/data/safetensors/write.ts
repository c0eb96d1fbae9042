/** Writes safetensors files (https://github.com/huggingface/safetensors). */
import {
  HEADER_ALIGNMENT,
  headerText,
  LENGTH_BYTES,
  METADATA,
  type TensorEntry,
} from '../../plan/container.js';
import { DTYPE_INFO } from '../../base/dtype.js';
import { checkArguments, hostTensor } from '../../base/arguments.js';
import { kind, record, required, text } from '../../base/kinds.js';
import { ensure } from '../../base/errors.js';
import { describeType, elementCount, tensorBytes, type TensorData } from '../../base/tensor.js';

const SPACE = 0x20;

/**
 * The file as bytes: those of each tensor as they are, NaN payloads included. The same tensors and metadata give the same
 * bytes, in whatever order they are given. Throws WEIGHT_INVALID for a tensor that cannot be written: one named
 * `__metadata__`, one whose data does not fill its shape, a bool other than 0 and 1.
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, TensorData> | Readonly<Record<string, TensorData>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  checkArguments(
    'writeSafetensors',
    { tensors, metadata },
    { tensors: required(record), metadata: dictionary },
  );
  const all = isMap(tensors) ? [...tensors] : Object.entries(tensors);
  const entries = new Map<string, TensorEntry>();
  let end = 0;
  for (const [name, tensor] of all)
    checkArguments('writeSafetensors', { name, [String(name)]: tensor }, { name: text, [String(name)]: hostTensor }); // prettier-ignore
  const inOrder = all.sort(inFileOrder);
  for (const [name, tensor] of inOrder) {
    checkWritable(name, tensor);
    const { dtype, shape, data } = tensor;
    const next = end + data.byteLength;
    entries.set(name, { dtype: DTYPE_INFO[dtype].safetensors, shape, data_offsets: [end, next] });
    end = next;
  }
  const header = new TextEncoder().encode(headerText({ metadata, tensors: entries }));
  const start = LENGTH_BYTES + Math.ceil(header.length / HEADER_ALIGNMENT) * HEADER_ALIGNMENT;
  const out = new Uint8Array(start + end).fill(SPACE, LENGTH_BYTES, start);
  new DataView(out.buffer).setBigUint64(0, BigInt(start - LENGTH_BYTES), true);
  out.set(header, LENGTH_BYTES);
  let position = start;
  for (const [, tensor] of inOrder) {
    out.set(tensorBytes(tensor), position);
    position += tensor.data.byteLength;
  }
  return out;
}

const dictionary = kind(
  'an object of texts',
  (value) =>
    record.accepts(value) && Object.values(value as object).every((each) => typeof each === 'string'),
);

type Named = readonly [string, TensorData];

/** The format allows no gaps; larger elements first keeps every tensor aligned to its own elements. */
function inFileOrder([nameA, a]: Named, [nameB, b]: Named): number {
  return DTYPE_INFO[b.dtype].hostBytes - DTYPE_INFO[a.dtype].hostBytes || (nameA < nameB ? -1 : 1);
}

const isMap = (
  tensors: ReadonlyMap<string, TensorData> | Readonly<Record<string, TensorData>>,
): tensors is ReadonlyMap<string, TensorData> => tensors instanceof Map;

function checkWritable(name: string, { dtype, shape, data }: TensorData): void {
  const where = `tensor ${JSON.stringify(name)}`;
  ensure(name !== METADATA, 'WEIGHT_INVALID', 'safetensors reserves this name', { where });
  const good = shape.every((extent) => Number.isSafeInteger(extent) && extent >= 0);
  const expected = elementCount(shape) * DTYPE_INFO[dtype].hostBytes;
  ensure(good && data.byteLength === expected, 'WEIGHT_INVALID', 'the data does not fill the shape', () => ({
    where,
    found: `${data.byteLength} bytes`,
    expected: `${expected} bytes for ${describeType(dtype, shape)}`,
  }));
  const wrong = dtype === 'bool' ? data.find((value) => value > 1) : undefined;
  ensure(wrong === undefined, 'WEIGHT_INVALID', 'a truth value is neither 0 nor 1', () => ({
    where,
    found: String(wrong),
    expected: '0 or 1',
  }));
}
