/**
 * Quantised weights in safetensors files. Codes have the names of the weights and the element types of the format; those of 4-bit
 * integers, which it lacks, are bytes with two codes each. `NAME_scale` and `NAME_zero_point` stand beside them, as in files of
 * compressed-tensors. The metadata say how scales belong to elements, and in what products are computed, so that such a file is read back as it was.
 */
import { bytes as someBytes, checkArguments, hostTensor } from '../base/arguments.js';
import { HeddleError, inFile } from '../base/errors.js';
import { count, dictionary, list, must, object, oneOf, optional, parseJson } from '../base/fields.js';
import { map, record, required, text } from '../base/kinds.js';
import { canonicalJson } from '../base/safetensors/format.js';
import { elementCount, type TensorData } from '../base/tensor.js';
import { decode } from '../numerics/float-format.js';
import type { RawTensor } from '../base/safetensors/write.js';
import { decodeEntry, readEntries } from '../data/safetensors/read.js';
import { writeEntries } from '../data/safetensors/write.js';
import { codeReader, integerAt } from './codes.js';
import { ARITHMETICS, type Arithmetic } from './products.js';
import { GRANULARITIES, groupsOf, isBlockSize, scaleShape } from './scheme.js';
import { bytesOfCodes, NUMERIC_TYPE_NAMES, numericType, type NumericTypeName } from './types.js';
import { checkQuantizedMap, LEAST_SCALE, type QuantizedTensor } from './quantize.js';

/** The key of the metadata. */
const KEY = 'heddle.quantization';

/** A file of weights: those that are quantised, and the others as they are. */
export interface QuantizedFile {
  /** In what products of the quantised weights are computed. Default: f32. */
  readonly arithmetic?: Arithmetic;
  readonly quantized: ReadonlyMap<string, QuantizedTensor>;
  readonly tensors: ReadonlyMap<string, TensorData>;
}

const scaleName = (name: string): string => `${name}_scale`;
const zeroName = (name: string): string => `${name}_zero_point`;

/** The file as bytes. Throws USAGE, WEIGHT_INVALID, and NAME_COLLISION where two tensors would have one name. */
export function writeQuantized(file: QuantizedFile): Uint8Array {
  checkArguments('writeQuantized', { file }, { file: required(record) });
  const { quantized, tensors, arithmetic } = file;
  if (arithmetic !== undefined && !ARITHMETICS.includes(arithmetic))
    throw new HeddleError('USAGE', 'not an arithmetic', {
      where: 'writeQuantized',
      found: String(arithmetic),
      expected: ARITHMETICS.join(' or '),
    });
  checkQuantizedMap('writeQuantized', quantized);
  checkArguments('writeQuantized', { tensors }, { tensors: required(map) });
  for (const [name, tensor] of tensors)
    checkArguments(
      'writeQuantized',
      { name, [String(name)]: tensor },
      { name: required(text), [String(name)]: hostTensor },
    );
  const entries = new Map<string, RawTensor | TensorData>(tensors);
  const add = (name: string, entry: RawTensor | TensorData): void => {
    if (entries.has(name))
      throw new HeddleError('NAME_COLLISION', 'two tensors of a file have one name', {
        found: JSON.stringify(name),
      });
    entries.set(name, entry);
  };
  for (const [name, tensor] of quantized) {
    const { shape, codes, scales, zeroPoints, granularity } = tensor;
    const perGroup = scaleShape(granularity, groupsOf(shape, tensor));
    add(name, { ...storedAs(tensor.type, shape), bytes: codes });
    if (scales.some((scale) => scale !== 1))
      add(scaleName(name), { dtype: 'f32', shape: perGroup, data: scales });
    if (zeroPoints !== undefined) add(zeroName(name), zeroEntry(tensor.type, perGroup, zeroPoints));
  }
  const facts = Array.from(
    quantized,
    ([name, { type, shape, granularity, axis, blockSize }]): [string, Facts] => [
      name,
      { type, shape, granularity, axis, blockSize },
    ],
  );
  return writeEntries(entries, {
    [KEY]: canonicalJson({ ...(arithmetic && { arithmetic }), tensors: Object.fromEntries(facts) }),
  });
}

/** The element type and the shape of codes in a file. */
function storedAs(type: NumericTypeName, shape: readonly number[]): Pick<RawTensor, 'dtype' | 'shape'> {
  const { bits, stored } = numericType(type);
  const size = elementCount(shape);
  // The format has whole bytes only.
  if (bits === 4 && (stored === 'U8' || size % 2 === 1))
    return { dtype: 'U8', shape: [bytesOfCodes(4, size)] };
  return { dtype: stored, shape };
}

/** Zero points are numbers of the type; those of 4 bits have bytes of their own. */
function zeroEntry(
  type: NumericTypeName,
  shape: readonly number[],
  zeroPoints: readonly bigint[],
): RawTensor {
  const facts = numericType(type);
  const bytes = Math.max(8, facts.bits) / 8;
  const data = new Uint8Array(zeroPoints.length * bytes);
  zeroPoints.forEach((zero, i) => {
    for (let at = 0; at < bytes; at++) data[i * bytes + at] = Number((zero >> BigInt(8 * at)) & 255n);
  });
  const dtype = facts.bits === 4 ? (facts.kind === 'integer' && facts.signed ? 'I8' : 'U8') : facts.stored;
  return { dtype, shape, bytes: data };
}

type Facts = Pick<QuantizedTensor, 'type' | 'shape' | 'granularity' | 'axis' | 'blockSize'>;

const checkFacts = object<{ readonly arithmetic?: Arithmetic; readonly tensors: ReadonlyMap<string, Facts> }>(
  {
    arithmetic: optional(oneOf(...ARITHMETICS)),
    tensors: dictionary(
      object<Facts>({
        type: oneOf(...NUMERIC_TYPE_NAMES),
        shape: list(count),
        granularity: oneOf(...GRANULARITIES),
        axis: count,
        blockSize: count,
      }),
    ),
  },
);

/**
 * What `writeQuantized` has written; of another safetensors file, all its tensors as `readSafetensors` gives them.
 *
 * @throws FILE_FORMAT, FILE_TRUNCATED, FILE_CORRUPT as `readSafetensors` does, and where scales or zero points are missing or do not
 *   fit; WEIGHT_INVALID for a scale that is not a normal number above 0, and for a code that is no finite number
 */
export function readQuantized(bytes: Uint8Array, where = 'the file'): QuantizedFile {
  checkArguments('readQuantized', { bytes, where }, { bytes: someBytes, where: text });
  const { tensors: entries, metadata } = readEntries(bytes, where);
  const rest = new Map(entries);
  const quantized = new Map<string, QuantizedTensor>();
  let own: Arithmetic | undefined;
  const json = Object.hasOwn(metadata, KEY) ? metadata[KEY] : undefined;
  if (json !== undefined)
    inFile(where, () => {
      const { tensors, arithmetic } = parseJson(
        new TextEncoder().encode(json),
        checkFacts,
        `metadata["${KEY}"]`,
      );
      own = arithmetic;
      for (const [name, facts] of tensors) quantized.set(name, taken(rest, name, facts));
    });
  const tensors = Array.from(
    rest,
    ([name, entry]) => [name, decodeEntry(entry, placeOf(name, where))] as const,
  );
  return { ...(own && { arithmetic: own }), quantized, tensors: new Map(tensors) };
}

const placeOf = (name: string, file?: string): string =>
  `${file === undefined ? '' : `${file}, `}tensor ${JSON.stringify(name)}`;

/** Takes a quantised tensor and what belongs to it out of `entries`. */
function taken(entries: Map<string, RawTensor>, name: string, facts: Facts): QuantizedTensor {
  const where = placeOf(name);
  const { type, shape, axis, blockSize, granularity } = facts;
  const own = numericType(type);
  must(isBlockSize(blockSize), 'not the size of a block', where, blockSize, 'a power of two from 8 to 65536');
  must(axis < Math.max(1, shape.length), 'the axis is out of range', where, axis, `below ${shape.length}`);
  const groups = groupsOf(shape, facts);
  const perGroup = scaleShape(granularity, groups);
  const take = (entryName: string): RawTensor | undefined => {
    const entry = entries.get(entryName);
    entries.delete(entryName);
    return entry;
  };
  const codes = checked(take(name), storedAs(type, shape), where);
  const scale = take(scaleName(name));
  const scales =
    scale === undefined
      ? new Float32Array(groups.count).fill(1)
      : scalesOf(
          checked(scale, { dtype: 'F32', shape: perGroup }, placeOf(scaleName(name))),
          scaleName(name),
        );
  const zero = take(zeroName(name));
  if (own.kind === 'integer') {
    must(
      own.signed || zero !== undefined,
      'unsigned codes have no zero point',
      where,
      'none',
      zeroName(name),
    );
    const zeroType = zeroTypeOf(type);
    const raw = zero && checked(zero, zeroEntry(type, perGroup, []), placeOf(zeroName(name)));
    const zeroPoints = raw && Array.from({ length: groups.count }, (_, i) => integerAt(zeroType, raw, i));
    return { ...facts, codes, scales, ...(zeroPoints && { zeroPoints }) };
  }
  must(zero === undefined, 'floats have no zero points', placeOf(zeroName(name)), 'a zero point', 'none');
  const read = codeReader(own.bits, codes);
  for (let i = 0; i < elementCount(shape); i++)
    if (!Number.isFinite(decode(own.format, read(i))))
      throw new HeddleError('WEIGHT_INVALID', 'a weight is not finite', {
        where: `${where}, element ${i}`,
        found: String(decode(own.format, read(i))),
        expected: 'a finite number',
      });
  return { ...facts, codes, scales };
}

/** The type of zero points: those of 4 bits have bytes of their own. */
const zeroTypeOf = (type: NumericTypeName): NumericTypeName =>
  type === 'int4' ? 'int8' : type === 'uint4' ? 'uint8' : type;

/** The bytes of an entry. Throws FILE_CORRUPT where it is missing or of another type. */
function checked(
  entry: RawTensor | undefined,
  expected: Pick<RawTensor, 'dtype' | 'shape'>,
  where: string,
): Uint8Array {
  const print = ({ dtype, shape }: Pick<RawTensor, 'dtype' | 'shape'>): string =>
    `${dtype}[${shape.join(',')}]`;
  const found = entry === undefined ? 'no such tensor' : print(entry);
  must(entry !== undefined && found === print(expected), 'a quantised tensor is not what the metadata say', where, found, print(expected)); // prettier-ignore
  return entry.bytes;
}

function scalesOf(bytes: Uint8Array, name: string): Float32Array {
  const scales = new Float32Array(bytes.slice().buffer);
  const wrong = scales.findIndex((scale) => !(scale >= LEAST_SCALE && scale < Infinity));
  if (wrong < 0) return scales;
  throw new HeddleError('WEIGHT_INVALID', 'not a scale', {
    where: `${placeOf(name)}, element ${wrong}`,
    found: String(scales[wrong]),
    expected: 'a finite number of at least 2^-126',
  });
}
