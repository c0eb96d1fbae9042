/** Images of the formats that ONNX names: bitmaps, PNG and anymaps here, the others by decoders that are given. */
import { describeValue } from '../../base/describe.js';
import { HeddleError } from '../../base/errors.js';
import { isBytes, isTyped } from '../../base/values.js';
import { decodeBmp } from './bmp.js';
import { checkExtents, corrupt, type Admit, type Image } from './image.js';
import { decodePng, PNG_SIGNATURE } from './png.js';
import { decodePnm } from './pnm.js';

export type { Image } from './image.js';

/** What a decoder gives: rows from the top left, and red, green, blue and alpha of each pixel, a byte each. */
export interface DecodedImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint8ClampedArray;
}

/** Throws an Error for what is no image of its format. A TypeError, or a module that cannot be loaded, is a fault of its own. */
export type DecodeImage = (bytes: Uint8Array) => DecodedImage;

/** The formats that need a decoder. */
export const FOREIGN_FORMATS = ['jpeg', 'jpeg2000', 'tiff', 'webp'] as const;
export type ForeignFormat = (typeof FOREIGN_FORMATS)[number];

export type ImageDecoders = Readonly<Partial<Record<ForeignFormat, DecodeImage>>>;

const OWN = { bmp: decodeBmp, png: decodePng, pnm: decodePnm } as const;

type Format = keyof typeof OWN | ForeignFormat;

/** What files begin with; undefined is any byte. */
const SIGNATURES: readonly (readonly [Format, readonly (number | undefined)[]])[] = [
  ['bmp', [0x42, 0x4d]],
  ['png', PNG_SIGNATURE],
  ['jpeg', [0xff, 0xd8, 0xff]],
  ['jpeg2000', [0, 0, 0, 12, 0x6a, 0x50, 0x20, 0x20, 0x0d, 0x0a, 0x87, 0x0a]],
  ['jpeg2000', [0xff, 0x4f, 0xff, 0x51]],
  ['tiff', [0x49, 0x49, 42, 0]],
  ['tiff', [0x4d, 0x4d, 0, 42]],
  ['webp', [0x52, 0x49, 0x46, 0x46, ...new Array<undefined>(4).fill(undefined), 0x57, 0x45, 0x42, 0x50]],
  ...[1, 2, 3, 4, 5, 6].map((kind) => ['pnm', [0x50, 0x30 + kind]] as const),
];

/** npm packages that heddle/node takes, where they are installed. */
const PACKAGES: Readonly<Partial<Record<ForeignFormat, string>>> = {
  jpeg: '@cwasm/jpeg-turbo',
  webp: '@cwasm/webp',
};

/**
 * Decodes an image. `admit` is told of its extents before its pixels are made; a given decoder has made them already.
 *
 * @throws FILE_FORMAT for what is of no format of these, FILE_TRUNCATED and FILE_CORRUPT, LIMIT_EXCEEDED for more than 2^27
 *   pixels or 2^29 bytes of samples, USAGE where a given decoder gives something else or does not work, ONNX_UNSUPPORTED_FEATURE where there is no decoder.
 */
export function decodeImage(
  bytes: Uint8Array,
  decoders: ImageDecoders,
  admit: Admit = () => undefined,
): Image {
  const found = SIGNATURES.find(([, start]) => start.every((byte, i) => byte === undefined || byte === bytes[i])); // prettier-ignore
  if (found === undefined)
    throw new HeddleError('FILE_FORMAT', 'the bytes are not an image of a known format', {
      found: describeValue(bytes),
    });
  const [format] = found;
  if (format === 'bmp' || format === 'png' || format === 'pnm') return OWN[format](bytes, admit);
  const decode = Object.hasOwn(decoders, format) ? decoders[format] : undefined;
  if (decode !== undefined) return foreign(format, decode, bytes, admit);
  const name = PACKAGES[format];
  throw new HeddleError('ONNX_UNSUPPORTED_FEATURE', 'images of this format need a decoder', {
    found: format,
    expected: 'bmp, png, pnm, or imageDecoders with a function for it',
    hint: name && `npm install ${name}, and imageDecoders: { ${format}: decode } of importOnnx`,
  });
}

/** Errors that tell of a fault in a decoder, whatever the image, by their names. */
const FAULTS: ReadonlySet<unknown> = new Set(['TypeError', 'ReferenceError', 'SyntaxError', 'CompileError', 'LinkError']); // prettier-ignore

/** Codes of Node for a module that cannot be loaded. */
const NOT_LOADED: ReadonlySet<unknown> = new Set(['MODULE_NOT_FOUND', 'ERR_MODULE_NOT_FOUND', 'ERR_REQUIRE_ESM', 'ERR_PACKAGE_PATH_NOT_EXPORTED', 'ERR_DLOPEN_FAILED']); // prettier-ignore

/** Throws USAGE for a fault of the decoder, FILE_CORRUPT for other errors: the image is none. Those of Heddle stay as they are. */
function failed(format: ForeignFormat, cause: unknown): never {
  if (cause instanceof HeddleError) throw cause;
  const { name, code } = Object(cause) as Readonly<Record<'name' | 'code', unknown>>;
  if (FAULTS.has(name) || NOT_LOADED.has(code))
    throw new HeddleError('USAGE', 'a decoder of images does not work', {
      where: `imageDecoders, ${format}`,
      found: String(cause),
      expected: 'a function that throws an Error for what is no image',
      cause,
    });
  return corrupt('an image cannot be decoded', format, String(cause), cause);
}

const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0;
const isSamples = (value: unknown): value is Uint8Array | Uint8ClampedArray => isBytes(value) || isTyped(value, 'Uint8ClampedArray'); // prettier-ignore

/** What a given decoder makes, without alpha. */
function foreign(format: ForeignFormat, decode: DecodeImage, bytes: Uint8Array, admit: Admit): Image {
  const decoded = ((): unknown => {
    try {
      return decode(bytes);
    } catch (cause) {
      return failed(format, cause);
    }
  })();
  const { width, height, data } = Object(decoded) as Readonly<Record<keyof DecodedImage, unknown>>;
  if (!isSize(width) || !isSize(height) || !isSamples(data) || data.length !== 4 * width * height)
    throw new HeddleError('USAGE', 'a decoder of images gives something else', {
      where: `imageDecoders, ${format}`,
      found: describeValue(decoded),
      expected:
        '{ width, height, data }: integers above 0, and a Uint8Array or Uint8ClampedArray with four bytes a pixel',
    });
  checkExtents(width, height, format);
  admit(width, height);
  const pixels = new Uint8Array(3 * width * height);
  for (let i = 0; i < width * height; i++) for (let c = 0; c < 3; c++) pixels[3 * i + c] = data[4 * i + c];
  return { width, height, data: pixels };
}
