/** Safetensors by ranges: headers at once, tensors when they are asked for. */
import { HeddleError } from '../../base/errors.js';
import { count, dictionary, list, must, object, parseJson, text, tuple } from '../../base/fields.js';
import { LENGTH_BYTES, METADATA, type TensorEntry } from '../../base/safetensors/format.js';
import { elementCount } from '../../base/tensor.js';
import { openSource } from '../files/open.js';
import type { ByteSource } from '../files/source.js';
import type { StoredWeight, StoredWeights } from '../model/stored.js';

const TYPES = { F32: 4, F16: 2, BF16: 2 } as const;
const isType = (name: string): name is keyof typeof TYPES => Object.hasOwn(TYPES, name);

const checkEntry = object<TensorEntry>({
  dtype: text,
  shape: list(count),
  data_offsets: tuple(count, count),
});

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
      for (const [tensor, weight] of await readHeader(source)) {
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

async function readHeader(source: ByteSource): Promise<ReadonlyMap<string, StoredWeight>> {
  const length = new DataView((await source.read(0, LENGTH_BYTES)).buffer).getBigUint64(0, true);
  const start = Number(length) + LENGTH_BYTES;
  must(length > 1n && start <= source.size, 'the header does not fit the file', source.name, String(length), `at most ${source.size - LENGTH_BYTES} bytes`); // prettier-ignore
  const header = parseJson(
    await source.read(LENGTH_BYTES, Number(length)),
    dictionary((value) => value),
    source.name,
  );
  const weights = new Map<string, StoredWeight>();
  for (const [name, value] of header) {
    if (name === METADATA) continue;
    const where = `${source.name}, tensor ${JSON.stringify(name)}`;
    const { dtype, shape, data_offsets: [from, to] } = checkEntry(value, where); // prettier-ignore
    if (!isType(dtype))
      throw new HeddleError('LLM_UNSUPPORTED', 'a weight has a type that Heddle does not read here', {
        where,
        found: dtype,
        expected: Object.keys(TYPES).join(', '),
      });
    must(to - from === elementCount(shape) * TYPES[dtype], 'a tensor has another size than its shape', where, to - from, elementCount(shape) * TYPES[dtype]); // prettier-ignore
    if (start + to > source.size)
      throw new HeddleError('FILE_TRUNCATED', 'the file ends before the data it announces', {
        where,
        found: `${source.size} bytes`,
        expected: `at least ${start + to} bytes`,
      });
    weights.set(name, { type: dtype, shape, read: () => source.read(start + from, to - from) });
  }
  return weights;
}
