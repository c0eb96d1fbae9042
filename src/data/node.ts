/** `heddle/data/node`: data sets out of files. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkArguments } from '../base/arguments.js';
import { required, text } from '../base/kinds.js';
import { HeddleError } from '../base/errors.js';
import type { Dataset } from './dataset.js';
import { readMnist } from './mnist.js';

export interface Mnist {
  /** 60,000 images in the original. */
  readonly train: Dataset;
  /** 10,000 images in the original. */
  readonly test: Dataset;
}

/**
 * MNIST, or a set with the same names of files, from a folder: `train-images-idx3-ubyte`, `train-labels-idx1-ubyte` and
 * the same with `t10k`, each with `.gz` or without.
 *
 * @throws FILE_UNREADABLE where a file is missing, and what {@link readMnist} throws.
 */
export async function loadMnist(folder: string): Promise<Mnist> {
  checkArguments('loadMnist', { folder }, { folder: required(text) });
  const train = await loadPart(folder, 'train');
  return { train, test: await loadPart(folder, 't10k') };
}

async function loadPart(folder: string, part: string): Promise<Dataset> {
  // One after the other: of several files that are missing, it is always the first that is reported.
  const images = await readEither(join(folder, `${part}-images-idx3-ubyte`));
  const labels = await readEither(join(folder, `${part}-labels-idx1-ubyte`));
  const where = { images: images.path, labels: labels.path };
  return readMnist({ images: images.bytes, labels: labels.bytes }, where);
}

/** The file itself, or else the one that gzip packed. */
async function readEither(path: string): Promise<{ readonly path: string; readonly bytes: Uint8Array }> {
  for (const candidate of [path, `${path}.gz`]) {
    try {
      const { buffer, byteOffset, byteLength } = await readFile(candidate);
      // Not the Buffer itself: its slice() does not copy.
      return { path: candidate, bytes: new Uint8Array(buffer, byteOffset, byteLength) };
    } catch (cause) {
      if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') continue;
      throw new HeddleError('FILE_UNREADABLE', 'the file cannot be read', {
        where: candidate,
        found: cause instanceof Error ? cause.message : String(cause),
        cause,
      });
    }
  }
  throw new HeddleError('FILE_UNREADABLE', 'the file does not exist', {
    where: path,
    expected: 'this file, or the same with .gz',
    hint: 'the four files of MNIST must lie in one folder',
  });
}
