/** Weights on their way to a device: read in pieces, joined, packed; and what is left where that fails. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TensorData } from '../../../src/base/tensor.js';
import { bytesSource, type ByteSource } from '../../../src/llm/files/source.js';
import { computed, joinRows, weightIn, type StoredWeight } from '../../../src/llm/model/stored.js';
import { uploadWeights } from '../../../src/llm/model/upload.js';
import { planesOf, specOf } from '../../../src/llm/model/weights.js';
import { openWasmDevice } from '../../../src/runtime/wasm/device.js';
import { ResidentWasmBackend } from '../../../src/tensor/backends/resident-wasm.js';
import { REFERENCE } from '../../../src/tensor/backends/reference.js';
import { uniform } from '../support/tiny.js';

const random = uniform(11);
const bytesOf = (count: number): Uint8Array<ArrayBuffer> => Uint8Array.from({ length: count }, () => random() * 0x70); // prettier-ignore

/** A Q8_0 weight in a file of its own. */
function weight(rows: number, columns: number, source?: (bytes: Uint8Array) => ByteSource): StoredWeight {
  const bytes = (rows * columns * 34) / 32;
  const file = (source ?? bytesSource)(bytesOf(bytes + 6));
  return weightIn(file, { type: 'Q8_0', shape: [rows, columns], offset: 6, bytes });
}

const ofFloats: StoredWeight = computed([32, 8], () => Promise.resolve(Float32Array.from({ length: 256 }, random))); // prettier-ignore

it('parts of joined rows are those of the whole', async () => {
  const parts = [weight(3, 32), weight(1, 32), weight(5, 32)];
  const union = joinRows(parts)!;
  const all = await union.read();
  await fc.assert(
    fc.asyncProperty(fc.nat(all.length), fc.nat(all.length), async (a, b) => {
      const [start, end] = [Math.min(a, b), Math.max(a, b)];
      const target = new Uint8Array(end - start);
      await union.readInto!(start, target);
      expect(target).toEqual(all.subarray(start, end));
    }),
  );
});

describe('uploaded weights', () => {
  // More than one piece, less, bands of 64, 16 and all rows, and rows in fours and not.
  const stored = [weight(9216, 576), weight(48, 64), weight(7, 32), ofFloats, joinRows([weight(64, 64), weight(64, 64)])!]; // prettier-ignore

  it('are what packing them at once gives', async () => {
    const backend = new ResidentWasmBackend(await openWasmDevice({ threads: 1 }));
    try {
      const constant = await Promise.all(stored.map(async (each) => ({ ...each, read: await once(each) })));
      const specs = constant.map((each, i) => specOf(`w${i}`, each));
      const expected = (await Promise.all(specs.map(planesOf))).flat();
      for (const place of [backend, REFERENCE])
        expect(words(await place.read(await uploadWeights(specs, place)))).toEqual(words(expected));
    } finally {
      backend.dispose();
    }
  });

  it('leave nothing behind where a file cannot be read', async () => {
    const backend = new ResidentWasmBackend(await openWasmDevice({ threads: 1 }));
    const broken = (bytes: Uint8Array): ByteSource => ({
      ...bytesSource(bytes),
      read: () => Promise.reject(new Error('the disk is gone')),
    });
    const specs = [weight(64, 32), weight(64, 32, broken)].map((each, i) => specOf(`w${i}`, each));
    await expect(uploadWeights(specs, backend)).rejects.toThrow('the disk is gone');
    await backend.read([]);
    expect(backend.memory.tensorBytes).toBe(0);
    backend.dispose();
  });
});

/** What `read` gives is the same each time. */
async function once({ read }: StoredWeight): Promise<StoredWeight['read']> {
  const bytes = await read();
  return () => Promise.resolve(bytes);
}

const words = (tensors: readonly TensorData[]): unknown =>
  tensors.map(({ dtype, shape, data: { buffer, byteOffset, length } }) => ({
    dtype,
    shape,
    bytes: Buffer.from(buffer, byteOffset, 4 * length).toString('base64'),
  }));
