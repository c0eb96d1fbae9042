/** MNIST (LeCun, Cortes and Burges) and the sets in its format: Fashion-MNIST, KMNIST, EMNIST. */
import { bytes, checkArguments } from '../base/arguments.js';
import { record, required } from '../base/kinds.js';
import { ensure } from '../base/errors.js';
import { byteColumn, classColumn } from './column.js';
import { datasetOf, type Dataset } from './dataset.js';
import { unpackIdx, type IdxBytes } from './idx.js';

/** A set of images and one of labels, as idx files, packed by gzip or not. */
export interface MnistFiles {
  readonly images: Uint8Array;
  readonly labels: Uint8Array;
}

/**
 * Images as f32 `[1, height, width]` from 0 (background) to 1, labels as i32 class numbers. The images stay bytes until a
 * batch asks for them. `where` names the files in errors.
 *
 * @throws FILE_FORMAT, FILE_TRUNCATED, FILE_CORRUPT; DATASET_INVALID where images and labels are not as many.
 */
export async function readMnist(
  files: MnistFiles,
  where: { readonly images: string; readonly labels: string } = { images: 'images', labels: 'labels' },
): Promise<Dataset> {
  checkArguments('readMnist', { files, where }, { files: required(record), where: required(record) });
  const { images, labels } = files;
  checkArguments('readMnist', { images, labels }, { images: bytes, labels: bytes });
  const pixels = await unpackIdx(images, where.images);
  const classes = await unpackIdx(labels, where.labels);
  checkAxes(pixels, ['count', 'height', 'width'], where.images);
  checkAxes(classes, ['count'], where.labels);
  const [count, height, width] = pixels.shape;
  ensure(count === classes.shape[0], 'DATASET_INVALID', 'there are not as many labels as images', () => ({
    where: where.labels,
    found: `${classes.shape[0]} labels`,
    expected: `${count}, as there are images in ${where.images}`,
    hint: 'are both files of the same set?',
  }));
  ensure(height * width > 0, 'DATASET_INVALID', 'the images are empty', {
    where: where.images,
    found: `${height} x ${width} pixels`,
  });
  return datasetOf(byteColumn('image', [1, height, width], pixels.data), classColumn('label', classes.data));
}

function checkAxes({ shape }: IdxBytes, axes: readonly string[], where: string): void {
  ensure(shape.length === axes.length, 'DATASET_INVALID', 'the array has the wrong number of axes', () => ({
    where,
    found: `[${shape.join(', ')}]`,
    expected: `[${axes.join(', ')}]`,
    hint: 'were images and labels swapped?',
  }));
}
