/** ImageDecoder: its result has the size of an image, which bytes say that only a run has. */
import { decodeImage, type Image } from '../../../../data/images/index.js';
import { HeddleError } from '../../../../base/errors.js';
import { v } from '../../signatures/signature.js';
import type { TextNode, TextOp, TextWork } from '../node.js';

type PixelFormat = 'RGB' | 'BGR' | 'Grayscale';

/** The pixels of an image, or of none where the bytes are no image: the specification wants an empty matrix. */
function decode({ attr, images, inputs, fail }: TextNode): TextWork {
  const format = attr.choice('pixel_format', ['RGB', 'BGR', 'Grayscale'], 'RGB');
  const channels = format === 'Grayscale' ? 1 : 3;
  const check = (dtype: string, rank: number | undefined): void => {
    if (dtype !== 'uint8' || (rank ?? 1) !== 1)
      fail('ONNX_INVALID', 'an image is given as a row of bytes', {
        found: `${dtype} of rank ${rank}`,
        expected: 'uint8[N]',
      });
  };
  const [input] = inputs;
  if (input !== undefined) check(input.dtype, input.dims?.length);
  return {
    outputs: [{ dtype: 'uint8', dims: [undefined, undefined, channels] }],
    run: ([given], budget) => {
      check(given!.dtype, given!.shape.length);
      const spend = (w: number, h: number): void => budget?.spend(w * h * channels);
      const { width, height, data } = orEmpty(() => decodeImage(Uint8Array.from(given!.data as Uint8Array), images, spend)); // prettier-ignore
      return [{ dtype: 'uint8', shape: [height, width, channels], data: arranged(data, format) }];
    },
  };
}

function orEmpty(decoded: () => Image): Image {
  try {
    return decoded();
  } catch (error) {
    if (error instanceof HeddleError && error.code.startsWith('FILE_'))
      return { width: 0, height: 0, data: new Uint8Array(0) };
    throw error;
  }
}

/** Grey is the luma of BT.601 in 16 bits, to the nearest, as Pillow has it, which the specification's cases come from. */
function arranged(data: Uint8Array, format: PixelFormat): Uint8Array {
  if (format === 'RGB') return data;
  const at = (pixel: number, channel: number): number => data[3 * pixel + channel];
  if (format === 'BGR') return Uint8Array.from(data, (_, i) => at(Math.floor(i / 3), 2 - (i % 3)));
  return Uint8Array.from(
    { length: data.length / 3 },
    (_, i) => (19595 * at(i, 0) + 38470 * at(i, 1) + 7471 * at(i, 2) + 32768) >> 16,
  );
}

export const images: readonly TextOp[] = [
  { op: 'ImageDecoder', signature: v(20, 'T -> T', {}, { pixel_format: 'string' }), plan: decode },
];
