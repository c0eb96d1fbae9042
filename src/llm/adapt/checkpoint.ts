/** Trainings of adapters that go on later: factors, moments of the optimiser and losses, as safetensors. */
import { checksum } from '../../base/checksum.js';
import { HeddleError, inFile } from '../../base/errors.js';
import { tensorData, type TensorData } from '../../base/tensor.js';
import { readSafetensors } from '../../data/safetensors/read.js';
import { writeSafetensors } from '../../data/safetensors/write.js';

/** What decides the bits of a training, but for the model: `text` is a checksum, `matrices` are the names with commas. */
export type TrainingSettings = Readonly<Record<string, string | number>>;

/** A training after some updates: lists are in the order of the parameters. */
export interface TrainingState {
  readonly parameters: readonly Float32Array[];
  readonly first: readonly Float64Array[];
  readonly second: readonly Float64Array[];
  /** Before each update that was made: their number is that of the updates. */
  readonly losses: readonly number[];
}

export interface Checkpoint {
  /** A checksum of the model's weights and sizes. */
  readonly model: string;
  readonly state: TrainingState;
}

const FORMAT = 'heddle.finetune.1';

const bytesOf = ({ data: { buffer, byteOffset, byteLength } }: TensorData): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** Finds damage in names, types, shapes, values and settings. */
const checksumOf = (tensors: ReadonlyMap<string, TensorData>, settings: string, model: string): string => {
  const parts = Array.from(tensors, ([name, tensor]) => [name, tensor.dtype, tensor.shape, checksum(bytesOf(tensor))] as const); // prettier-ignore
  const sorted = parts.sort(([a], [b]) => (a < b ? -1 : 1));
  return checksum(new TextEncoder().encode(JSON.stringify([sorted, settings, model])));
};

/** The words of doubles, the lower one first: safetensors of Heddle have no doubles. */
const wordsOf = (values: Float64Array): TensorData => {
  const view = new DataView(values.buffer, values.byteOffset, values.byteLength);
  const words = Int32Array.from({ length: 2 * values.length }, (_, i) => {
    const double = view.getBigInt64(8 * (i >> 1), true);
    return Number(BigInt.asIntN(32, i % 2 === 0 ? double : double >> 32n));
  });
  return tensorData('i32', [values.length, 2], words);
};

const doublesOf = (words: Int32Array): Float64Array => new Float64Array(words.slice().buffer);

/** A training as a file. */
export function encodeCheckpoint({ model, state }: Checkpoint, settings: TrainingSettings): Uint8Array {
  const tensors = new Map<string, TensorData>();
  tensors.set('losses', tensorData('f32', [state.losses.length], Float32Array.from(state.losses)));
  for (const [at, values] of state.parameters.entries()) {
    tensors.set(`parameter.${at}`, tensorData('f32', [values.length], values.slice()));
    tensors.set(`first.${at}`, wordsOf(state.first[at]));
    tensors.set(`second.${at}`, wordsOf(state.second[at]));
  }
  const own = JSON.stringify(settings);
  const metadata = { format: FORMAT, model, settings: own, checksum: checksumOf(tensors, own, model) };
  return writeSafetensors(tensors, metadata);
}

/**
 * The training in a file, whose parameters have these lengths. Throws FILE_* for files that are none or damaged, USAGE where the training
 * had other settings.
 */
export const decodeCheckpoint = (
  bytes: Uint8Array,
  settings: TrainingSettings,
  lengths: readonly number[],
): Checkpoint =>
  inFile('the checkpoint', () => {
    const { tensors, metadata } = readSafetensors(bytes);
    const { format, model = '', settings: own = '', checksum: sum } = metadata;
    if (format !== FORMAT)
      throw new HeddleError('FILE_FORMAT', 'the file is no checkpoint of fineTune', {
        found: format ?? 'no format',
        expected: FORMAT,
      });
    if (sum !== checksumOf(tensors, own, model))
      throw new HeddleError('FILE_CORRUPT', 'the checkpoint is damaged', { found: 'another checksum' });
    const before = JSON.parse(own) as TrainingSettings;
    const other = Object.keys(settings).find((name) => before[name] !== settings[name]);
    if (other !== undefined)
      throw new HeddleError('USAGE', 'the training that the checkpoint is of had other options', {
        found: `${other}: ${settings[other]}`,
        expected: `${other}: ${before[other]}`,
      });
    const tensorOf = (name: string, dtype: 'f32' | 'i32', shape: readonly number[]): TensorData['data'] => {
      const tensor = tensors.get(name);
      if (tensor?.dtype === dtype && String(tensor.shape) === String(shape)) return tensor.data;
      throw new HeddleError('LLM_INVALID', 'the checkpoint is of another model', {
        found: tensor === undefined ? 'nothing' : `${tensor.dtype}[${tensor.shape.join(', ')}]`,
        expected: `${name} ${dtype}[${shape.join(', ')}]`,
      });
    };
    const doubles = (name: string): Float64Array[] =>
      lengths.map((length, at) => doublesOf(tensorOf(`${name}.${at}`, 'i32', [length, 2]) as Int32Array));
    return {
      model,
      state: {
        parameters: lengths.map((length, at) => tensorOf(`parameter.${at}`, 'f32', [length]) as Float32Array),
        first: doubles('first'),
        second: doubles('second'),
        losses: Array.from(tensors.get('losses')?.data ?? [], Number),
      },
    };
  });
