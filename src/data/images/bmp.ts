/**
 * BMP, the bitmaps of Windows: pixels of 1 to 32 bits, with a palette or masks, from the bottom or the top on. Alpha is left out.
 * (https://learn.microsoft.com/windows/win32/gdi/bitmap-storage)
 */
import { HeddleError } from '../../base/errors.js';
import { checkExtents, checkLength, corrupt, type Admit, type Image } from './image.js';

const WHERE = 'BMP';
const FILE_HEADER = 14;
/** The header of OS/2 1; all others begin as that of Windows does. */
const CORE_HEADER = 12;
const INFO_HEADER = 40;

/** Compressions that are none: plain, and with masks for the channels. */
const [PLAIN, MASKS, MASKS_WITH_ALPHA] = [0, 3, 6];

/** Sizes of pixels that may have masks of their own. */
const MASKED: readonly number[] = [16, 32];

/** How many bits of a pixel, from the lowest on, are red, green and blue, where no masks say it. */
const DEFAULT_MASKS: ReadonlyMap<number, readonly number[]> = new Map([
  [16, [0x7c00, 0x03e0, 0x001f]],
  [24, [0xff0000, 0x00ff00, 0x0000ff]],
  [32, [0xff0000, 0x00ff00, 0x0000ff]],
]);

interface Header {
  readonly width: number;
  readonly height: number;
  readonly fromTop: boolean;
  /** Of a pixel. */
  readonly bits: number;
  /** Where the rows begin, from the start of the file. */
  readonly start: number;
  readonly color: (pixel: number) => readonly number[];
}

/** Throws FILE_TRUNCATED, FILE_CORRUPT, LIMIT_EXCEEDED, and ONNX_UNSUPPORTED_FEATURE where rows are run-length encoded. */
export function decodeBmp(bytes: Uint8Array, admit: Admit): Image {
  checkLength(bytes, FILE_HEADER + CORE_HEADER, WHERE);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const { width, height, fromTop, bits, start, color } = readHeader(bytes, view);
  const stride = Math.ceil((width * bits) / 32) * 4;
  checkLength(bytes, start + stride * height, WHERE);
  admit(width, height);
  const data = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y++) {
    const line = bytes.subarray(start + stride * (fromTop ? y : height - 1 - y));
    for (let x = 0; x < width; x++) data.set(color(pixelAt(line, x, bits)), 3 * (y * width + x));
  }
  return { width, height, data };
}

function readHeader(bytes: Uint8Array, view: DataView): Header {
  const start = view.getUint32(10, true);
  const size = view.getUint32(FILE_HEADER, true);
  const isCore = size === CORE_HEADER;
  if (!isCore && size < INFO_HEADER) corrupt('the header of an image is too short', WHERE, `${size} bytes`);
  checkLength(bytes, FILE_HEADER + size, WHERE);
  const width = isCore ? view.getUint16(18, true) : view.getInt32(18, true);
  const signed = isCore ? view.getUint16(20, true) : view.getInt32(22, true);
  const bits = view.getUint16(isCore ? 24 : 28, true);
  const compression = isCore ? PLAIN : view.getUint32(30, true);
  if (compression !== PLAIN && compression !== MASKS && compression !== MASKS_WITH_ALPHA)
    throw new HeddleError('ONNX_UNSUPPORTED_FEATURE', 'compressed bitmaps are not decoded', {
      where: WHERE,
      found: `compression ${compression}`,
      hint: 'save the image as PNG',
    });
  const height = Math.abs(signed);
  checkExtents(width, height, WHERE);
  const masks = DEFAULT_MASKS.get(bits);
  const about = { width, height, fromTop: signed < 0, bits, start };
  const isMasked = compression !== PLAIN;
  if (isMasked ? !MASKED.includes(bits) : masks === undefined && ![1, 4, 8].includes(bits))
    return corrupt('the pixels of an image have no such size', WHERE, `${bits} bits, compression ${compression}`); // prettier-ignore
  const from = FILE_HEADER + size;
  if (masks !== undefined) {
    const own = FILE_HEADER + INFO_HEADER;
    // Longer headers have the masks inside of them.
    checkStart(bytes, start, isMasked ? Math.max(from, own + (compression === MASKS ? 12 : 16)) : from);
    return { ...about, color: maskedColor(isMasked ? [0, 4, 8].map((at) => view.getUint32(own + at, true)) : masks) }; // prettier-ignore
  }
  const used = isCore ? 0 : view.getUint32(46, true);
  const count = used === 0 ? 2 ** bits : Math.min(used, 2 ** bits);
  const width4 = isCore ? 3 : 4;
  checkStart(bytes, start, from + count * width4);
  return {
    ...about,
    color: (pixel) => {
      if (pixel >= count) return corrupt('a color is not in the palette', WHERE, `${pixel}`);
      const at = from + pixel * width4;
      return [bytes[at + 2], bytes[at + 1], bytes[at]];
    },
  };
}

/** Throws FILE_TRUNCATED where the file ends before its headers, masks and palette do, FILE_CORRUPT where the rows begin before. */
function checkStart(bytes: Uint8Array, start: number, end: number): void {
  checkLength(bytes, end, WHERE);
  if (start < end) corrupt('the pixels of an image begin before its headers end', WHERE, `byte ${start} of ${end}`); // prettier-ignore
}

/** The channels behind masks, scaled to 255 and rounded down. */
function maskedColor(masks: readonly number[]): (pixel: number) => readonly number[] {
  const channels = masks.map((mask) => {
    const shift = mask === 0 ? 0 : 31 - Math.clz32(mask & -mask);
    const most = (mask >>> shift) || 1; // prettier-ignore
    return { mask, shift, most };
  });
  return (pixel) =>
    channels.map(({ mask, shift, most }) => Math.floor((((pixel & mask) >>> shift) * 255) / most));
}

/** Pixel `x` of a row, as an unsigned number: little-endian where it has bytes, from the highest bits on where it has not. */
function pixelAt(line: Uint8Array, x: number, bits: number): number {
  if (bits < 8) return (line[(x * bits) >> 3] >> (8 - bits - ((x * bits) & 7))) & (2 ** bits - 1);
  let pixel = 0;
  for (let i = bits / 8 - 1; i >= 0; i--) pixel = pixel * 256 + line[(x * bits) / 8 + i];
  return pixel;
}
