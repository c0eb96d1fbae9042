/** Weights in safetensors files, checkpoints among them. */
import { LENGTH_BYTES } from '../../../src/base/safetensors/format.js';
import { readSafetensors } from '../../../src/data/safetensors/read.js';
import { writeSafetensors } from '../../../src/data/safetensors/write.js';
import { loadCheckpoint, nn, saveCheckpoint, zeros } from '../../../src/index.js';
import type { InputFamily } from './family.js';
import { mutateBytes, mutateJson } from './mutate.js';
import type { Random } from './random.js';

const good = writeSafetensors(
  new Map([
    ['w', { dtype: 'f32', shape: [2, 3], data: new Float32Array(6) }],
    ['b', { dtype: 'i32', shape: [3], data: new Int32Array(3) }],
  ]),
  { made: 'here' },
);
const model = new nn.Linear(3, 2, { key: 1 });
const checkpoint = await saveCheckpoint({ model, state: { step: zeros([2]) }, metadata: { epoch: 1 } });

/** The header of a file as JSON, and the bytes of its tensors. */
export function takeApart(bytes: Uint8Array): { header: unknown; data: Uint8Array } {
  const end = LENGTH_BYTES + Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  return {
    header: JSON.parse(new TextDecoder().decode(bytes.subarray(LENGTH_BYTES, end))),
    data: bytes.subarray(end),
  };
}

/** A file with this text as its header. */
export function putTogether(header: string, data: Uint8Array): Uint8Array {
  const text = new TextEncoder().encode(header);
  const out = new Uint8Array(LENGTH_BYTES + text.length + data.length);
  new DataView(out.buffer).setBigUint64(0, BigInt(text.length), true);
  out.set(text, LENGTH_BYTES);
  out.set(data, LENGTH_BYTES + text.length);
  return out;
}

function wounded(bytes: Uint8Array, random: Random): { bytes: Uint8Array; how: string } {
  if (random.chance(0.4)) return mutateBytes(bytes, random);
  const { header, data } = takeApart(bytes);
  if (random.chance(0.03)) {
    const depth = random.pick([1000, 100_000]);
    return { bytes: putTogether(`{"w":${'['.repeat(depth)}${']'.repeat(depth)}}`, data), how: 'deep' };
  }
  const { value, how } = mutateJson(header, random);
  return { bytes: putTogether(jsonOf(value), data), how };
}

/** JSON text of a value that may be too deep for `JSON.stringify`. */
export function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'null';
  } catch {
    return `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
  }
}

export const safetensors: InputFamily = {
  name: 'safetensors',
  make(random) {
    const { bytes, how } = wounded(good, random);
    return { describe: how, run: () => void readSafetensors(bytes, 'x.safetensors') };
  },
};

export const checkpoints: InputFamily = {
  name: 'checkpoints',
  make(random) {
    const { bytes, how } = wounded(checkpoint, random);
    return {
      describe: how,
      run: () => void loadCheckpoint(bytes, { model, state: { step: zeros([2]) } }),
    };
  },
};
