/**
 * Brings weights to a device: they are read in pieces, and each piece is packed into the memory where it stays while the next is
 * read. Of a weight out of a file no more than two pieces are on the host; one that is computed is there whole.
 */
import { elementCount } from '../../base/tensor.js';
import type { Backend, Filling, Storage } from '../../tensor/backends/backend.js';
import { bandedShape } from '../quants/layout.js';
import { packBands, rowBytes } from '../quants/packed.js';
import type { WeightSpec } from './weights.js';

/** Bytes of a file that are read at a time, or those of one band where it has more: enough for a server, too. */
const PIECE = 4 * 2 ** 20;

/** Bands of a weight that follow each other. */
interface Piece {
  readonly weight: PackedWeight;
  readonly first: number;
  readonly bands: number;
}

/** A weight, where it comes from and where it goes. */
interface PackedWeight {
  readonly spec: WeightSpec;
  readonly bands: number;
  /** Rows of a band. */
  readonly band: number;
  /** Bytes of a row in the file. */
  readonly row: number;
  readonly planes: readonly Filling[];
}

/**
 * The planes of all weights, in the order in which programs take them. Where it throws (as `read` of a weight and `upload` of the
 * backend do), nothing is left on the device.
 */
export async function uploadWeights(
  specs: readonly WeightSpec[],
  backend: Backend,
): Promise<readonly Storage[]> {
  const storages: Storage[] = [];
  try {
    const weights = specs.map((spec) => {
      const weight = reserved(spec, backend);
      for (const { storage } of weight.planes) storages.push(storage);
      return weight;
    });
    await fillAll(weights);
    return storages;
  } catch (error) {
    for (const storage of storages) storage.release();
    throw error;
  }
}

function reserved(spec: WeightSpec, backend: Backend): PackedWeight {
  const shapes = spec.form.planes.map(({ weights }) => bandedShape(spec.rows, spec.columns / weights));
  const [bands, , band] = shapes[0];
  const planes = spec.form.planes.map(({ dtype }, i) => {
    const type = { dtype, shape: shapes[i] };
    return backend.allocate?.(type) ?? onHost(type, backend);
  });
  return { spec, bands, band, row: rowBytes(spec.stored.type, spec.columns), planes };
}

/** A tensor of a backend whose tensors lie on the host: it keeps the memory that it is given. */
function onHost(
  type: { readonly dtype: 'f32' | 'u32'; readonly shape: readonly number[] },
  backend: Backend,
): Filling {
  // prettier-ignore
  const words = new Uint32Array(elementCount(type.shape));
  const data = type.dtype === 'f32' ? new Float32Array(words.buffer) : words;
  return {
    storage: backend.upload({ ...type, data }),
    fill: (start, length, write) => write(words.subarray(start, start + length)),
  };
}

function* piecesOf(weights: readonly PackedWeight[]): Generator<Piece, undefined> {
  for (const weight of weights) {
    const { spec, bands, band, row } = weight;
    const each = spec.stored.readInto === undefined ? bands : Math.max(1, Math.floor(PIECE / (band * row)));
    for (let first = 0; first < bands; first += each)
      yield { weight, first, bands: Math.min(each, bands - first) };
  }
  return undefined;
}

async function fillAll(weights: readonly PackedWeight[]): Promise<void> {
  // What is read and what is packed change places.
  let [free, used] = [new Uint8Array(PIECE), new Uint8Array(PIECE)];
  const read = async ({
    weight: { spec, band, row },
    first,
    bands,
  }: Piece): Promise<Uint8Array<ArrayBuffer>> => {
    const { stored } = spec;
    if (stored.readInto === undefined) return stored.read();
    [free, used] = [used, free];
    const size = band * row;
    if (used.length < bands * size) used = new Uint8Array(bands * size);
    const target = used.subarray(0, bands * size);
    await stored.readInto(first * size, target);
    return target;
  };
  const pieces = piecesOf(weights);
  const next = ():
    { readonly piece: Piece; readonly bytes: Promise<Uint8Array<ArrayBuffer>> } | undefined => {
    const { value: piece } = pieces.next();
    if (piece === undefined) return undefined;
    const bytes = read(piece);
    // Where packing throws, nobody waits for it.
    bytes.catch(() => undefined);
    return { piece, bytes };
  };
  for (let current = next(); current !== undefined;) {
    const bytes = await current.bytes;
    const following = next();
    pack(current.piece, bytes);
    current = following;
  }
}

function pack({ weight, first, bands }: Piece, bytes: Uint8Array<ArrayBuffer>): void {
  const { spec, band, row, planes } = weight;
  const lengths = spec.form.planes.map(({ weights }) => (spec.columns / weights) * band);
  const within = (i: number, words: readonly Uint32Array[]): void => {
    if (i === planes.length) packBands(spec.form, bytes, { columns: spec.columns, band, row }, words);
    else planes[i].fill(first * lengths[i], bands * lengths[i], (own) => within(i + 1, [...words, own]));
  };
  within(0, []);
}
