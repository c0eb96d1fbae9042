import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { allExamples, readIdx, readMnist, unpackIdx } from '../../src/data/index.js';
import { gunzip } from '../../src/data/gzip.js';
import { loadMnist } from '../../src/data/node.js';
import { errorOf, idxFile, rejection } from './support.js';

const pixels = Array.from({ length: 3 * 2 * 2 }, (_, i) => 20 * i);
const images = idxFile([3, 2, 2], pixels);
const labels = idxFile([3], [7, 0, 9]);

describe('idx files', () => {
  test('shape and bytes, packed or not, at any offset', async () => {
    expect(readIdx(images)).toEqual({ shape: [3, 2, 2], data: Uint8Array.from(pixels) });
    const shifted = new Uint8Array(images.length + 1);
    shifted.set(images, 1);
    expect(readIdx(shifted.subarray(1)).shape).toEqual([3, 2, 2]);
    expect(await unpackIdx(new Uint8Array(gzipSync(images)))).toEqual(readIdx(images));
    expect(await unpackIdx(images)).toEqual(readIdx(images));
  });

  test('a file that ends early is named at every length', () => {
    for (let length = 0; length < images.length; length++) {
      const error = errorOf('FILE_TRUNCATED', () => readIdx(images.subarray(0, length), 'a.idx'));
      expect(error).toMatchObject({ where: 'a.idx', found: `${length} bytes` });
    }
    const huge = idxFile([0xffffffff, 0xffffffff, 0xffffffff], []);
    errorOf('FILE_TRUNCATED', () => readIdx(huge));
  });

  test('other files', async () => {
    errorOf('FILE_CORRUPT', () => readIdx(idxFile([3], [1, 2, 3, 4])));
    const other = errorOf('FILE_FORMAT', () => readIdx(new TextEncoder().encode('PNG and more')));
    expect(other).toMatchObject({
      found: 'the bytes 50 4e 47 20',
      expected: '00 00 08 and the number of axes',
    });
    const float = errorOf('FILE_FORMAT', () => readIdx(idxFile([1], [0, 0, 0, 0], 0x0d)));
    expect(float.found).toBe('float (0d)');
    expect(errorOf('FILE_FORMAT', () => readIdx(new Uint8Array(gzipSync(images)))).found).toBe('gzip');
    const packed = new Uint8Array(gzipSync(images));
    await rejection('FILE_CORRUPT', unpackIdx(packed.subarray(0, packed.length - 4)));
    await rejection('LIMIT_EXCEEDED', gunzip(packed, 'a.gz', images.length - 1));
    packed[12] ^= 0xff;
    await rejection('FILE_CORRUPT', unpackIdx(packed));
  });
});

describe('MNIST', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'heddle-mnist-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('images become f32 [1, h, w], labels i32', async () => {
    const dataset = await readMnist({ images, labels });
    expect(dataset.size).toBe(3);
    expect(dataset.features).toEqual({ name: 'image', dtype: 'f32', shape: [1, 2, 2] });
    expect(dataset.labels).toEqual({ name: 'label', dtype: 'i32', shape: [] });
    const { x, y } = allExamples(dataset);
    expect(x).toEqual({ dtype: 'f32', shape: [3, 1, 2, 2], data: Float32Array.from(pixels, (p) => p / 255) });
    expect(y).toEqual({ dtype: 'i32', shape: [3], data: Int32Array.of(7, 0, 9) });
  });

  test('files that do not belong together', async () => {
    const few = await rejection('DATASET_INVALID', readMnist({ images, labels: idxFile([2], [1, 2]) }));
    expect(few).toMatchObject({ found: '2 labels', where: 'labels' });
    const swapped = await rejection('DATASET_INVALID', readMnist({ images: labels, labels: images }));
    expect(swapped.hint).toContain('swapped');
    await rejection('DATASET_INVALID', readMnist({ images: idxFile([3, 0, 2], []), labels }));
  });

  test('a folder, with packed files among them', async () => {
    // The same one every time.
    for (let i = 0; i < 20; i++)
      expect((await rejection('FILE_UNREADABLE', loadMnist(folder))).where).toBe(join(folder, 'train-images-idx3-ubyte')); // prettier-ignore
    for (const part of ['train', 't10k']) {
      writeFileSync(join(folder, `${part}-images-idx3-ubyte.gz`), gzipSync(images));
      writeFileSync(join(folder, `${part}-labels-idx1-ubyte`), labels);
    }
    const { train, test: held } = await loadMnist(folder);
    expect(allExamples(train)).toEqual(allExamples(held));
    expect([...allExamples(train).y.data]).toEqual([7, 0, 9]);
  });
});
