/** Writes safetensors files (https://github.com/huggingface/safetensors). */
import { HOST_BYTES } from '../../base/dtype.js';
import { checkArguments, hostTensor } from '../../base/arguments.js';
import { kind, record, required, text } from '../../base/kinds.js';
import { ensure } from '../../base/errors.js';
import { METADATA } from '../../base/safetensors/format.js';
import {
  layOut,
  layOutRaw,
  rawTensor,
  writeContainer,
  type RawTensor,
} from '../../base/safetensors/write.js';
import { describeType, elementCount, type TensorData } from '../../base/tensor.js';
import { ELEMENT_TYPES } from './elements.js';

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
  for (const [name, tensor] of all)
    checkArguments('writeSafetensors', { name, [String(name)]: tensor }, { name: text, [String(name)]: hostTensor }); // prettier-ignore
  for (const [name, tensor] of all) checkWritable(name, tensor);
  const { tensors: entries, parts } = layOut(all);
  return writeContainer({ metadata, tensors: entries }, parts);
}

/** The file of tensors of which some are as files have them. Throws WEIGHT_INVALID. */
export function writeEntries(
  entries: ReadonlyMap<string, RawTensor | TensorData>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const all = Array.from(entries, ([name, entry]) => {
    if (!('bytes' in entry)) checkWritable(name, entry);
    const raw = 'bytes' in entry ? entry : rawTensor(entry);
    return [name, raw, ELEMENT_TYPES.get(raw.dtype)?.bytes ?? 1] as const;
  });
  const { tensors, parts } = layOutRaw(all);
  return writeContainer({ metadata, tensors }, parts);
}

const dictionary = kind(
  'an object of texts',
  (value) =>
    record.accepts(value) && Object.values(value as object).every((each) => typeof each === 'string'),
);

const isMap = (
  tensors: ReadonlyMap<string, TensorData> | Readonly<Record<string, TensorData>>,
): tensors is ReadonlyMap<string, TensorData> => tensors instanceof Map;

function checkWritable(name: string, { dtype, shape, data }: TensorData): void {
  const where = `tensor ${JSON.stringify(name)}`;
  ensure(name !== METADATA, 'WEIGHT_INVALID', 'safetensors reserves this name', { where });
  const good = shape.every((extent) => Number.isSafeInteger(extent) && extent >= 0);
  const expected = elementCount(shape) * HOST_BYTES[dtype];
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
