/** Safetensors by ranges: headers at once, tensors when they are asked for. */
import { HeddleError, inFile } from '../../base/errors.js';
import { must } from '../../base/fields.js';
import { LENGTH_BYTES } from '../../base/safetensors/format.js';
import { headerEnd, readHeader, START_BYTES } from '../../base/safetensors/read.js';
import { openSource } from '../files/open.js';
import type { ByteSource } from '../files/source.js';
import { weightIn, type StoredWeight, type StoredWeights } from '../model/stored.js';

const TYPES = { F32: 4, F16: 2, BF16: 2 } as const;
const isType = (name: string): name is keyof typeof TYPES => Object.hasOwn(TYPES, name);

export interface Shards {
  readonly weights: StoredWeights;
  close(): Promise<void>;
}

/** The tensors of all files. Throws FILE_*, and LLM_UNSUPPORTED for other types than floats of 32 and 16 bits. */
export async function readShards(names: readonly string[], at: (name: string) => string): Promise<Shards> {
  const sources: ByteSource[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(sources.map((source) => source.close()));
  };
  const weights = new Map<string, StoredWeight>();
  try {
    for (const name of names) {
      const source = await openSource(at(name));
      sources.push(source);
      for (const [tensor, weight] of await readWeights(source)) {
        must(!weights.has(tensor), 'two files have tensors of one name', source.name, tensor, 'unique names');
        weights.set(tensor, weight);
      }
    }
    return { weights, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function readWeights(source: ByteSource): Promise<ReadonlyMap<string, StoredWeight>> {
  const { name, size } = source;
  const start = await source.read(0, Math.min(START_BYTES, size));
  const end = inFile(name, () => headerEnd(start, size, 'not a safetensors file'));
  const header = await source.read(LENGTH_BYTES, end - LENGTH_BYTES);
  const { tensors } = inFile(name, () =>
    readHeader(header, size - end, (dtype, where) => TYPES[typeOf(dtype, where)]),
  );
  return new Map(
    [...tensors].map(
      ([
        tensor,
        {
          dtype,
          shape,
          data_offsets: [from, to],
        },
      ]) => [tensor, weightIn(source, { type: typeOf(dtype, tensor), shape, offset: end + from, bytes: to - from })], // prettier-ignore
    ),
  );
}

function typeOf(dtype: string, where: string): keyof typeof TYPES {
  if (isType(dtype)) return dtype;
  throw new HeddleError('LLM_UNSUPPORTED', 'a weight has a type that Heddle does not read here', {
    where,
    found: dtype,
    expected: Object.keys(TYPES).join(', '),
  });
}
