/** Files of weights that are read by ranges are checked as whole ones are. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readShards } from '../../../src/llm/folder/shards.js';

const folder = mkdtempSync(join(tmpdir(), 'heddle-shards-'));
afterAll(() => rmSync(folder, { recursive: true }));

type Header = Readonly<Record<string, unknown>>;
const f32 = (shape: readonly number[], from: number, to: number): Header => ({
  dtype: 'F32',
  shape,
  data_offsets: [from, to],
});

function fileOf(header: Header, data: number, announced?: bigint): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + data);
  new DataView(bytes.buffer).setBigUint64(0, announced ?? BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.fill(7, 8 + json.length);
  return bytes;
}

const read = (...files: readonly Uint8Array[]): ReturnType<typeof readShards> => {
  const names = files.map((_, i) => `${i}.safetensors`);
  files.forEach((bytes, i) => writeFileSync(join(folder, names[i]), bytes));
  return readShards(names, (name) => join(folder, name));
};

test('weights of all files, each read where it is asked for', async () => {
  const { weights, close } = await read(
    fileOf({ __metadata__: { format: 'pt' }, b: f32([1], 4, 8), a: f32([1], 0, 4) }, 8),
    fileOf({ c: { dtype: 'BF16', shape: [2, 0], data_offsets: [0, 0] } }, 0),
  );
  expect([...weights].map(([name, { type, shape }]) => [name, type, shape])).toEqual([
    ['b', 'F32', [1]],
    ['a', 'F32', [1]],
    ['c', 'BF16', [2, 0]],
  ]);
  expect([...(await weights.get('a')!.read())]).toEqual([7, 7, 7, 7]);
  await close();
});

test.each<[string, Uint8Array, RegExp]>([
  ['nothing', new Uint8Array(0), /FILE_TRUNCATED.*0\.safetensors/s],
  ['another format', new Uint8Array(64), /FILE_FORMAT: not a safetensors file.*0\.safetensors/s],
  ['a header past the end', fileOf({}, 0, 99n), /FILE_TRUNCATED.*header/s],
  ['a header of 2^63 bytes', fileOf({}, 0, 2n ** 63n), /FILE_FORMAT.*a header of 9223372036854775808 bytes/s],
  ['tensors that overlap', fileOf({ a: f32([2], 0, 8), b: f32([2], 4, 12) }, 12), /FILE_CORRUPT.*overlap/s],
  ['a tensor past the end', fileOf({ a: f32([2], 0, 8) }, 4), /FILE_TRUNCATED/],
  ['another size than the shape', fileOf({ a: f32([3], 0, 8) }, 8), /FILE_CORRUPT.*shape/s],
  [
    'another type',
    fileOf({ a: { ...f32([1], 0, 8), dtype: 'F64' } }, 8),
    /LLM_UNSUPPORTED.*header\["a"\].*F64/s,
  ],
])('refuses %s', async (_, bytes, message) => {
  await expect(read(bytes)).rejects.toThrow(message);
});

test('refuses one name in two files', async () => {
  const file = fileOf({ a: f32([1], 0, 4) }, 4);
  await expect(read(file, file)).rejects.toThrow(/two files have tensors of one name/);
});
