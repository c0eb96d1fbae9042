/** Decoders of images from npm packages, where they are installed. */
import { createRequire } from 'node:module';
import { describeValue } from '../base/describe.js';
import { HeddleError, type ErrorFacts } from '../base/errors.js';
import type { DecodeImage, ForeignFormat, ImageDecoders } from '../data/images/index.js';

/** Each has `decode`, from the bytes of a file to what ImageData of a page has. */
const PACKAGES: readonly (readonly [ForeignFormat, string])[] = [
  ['jpeg', '@cwasm/jpeg-turbo'],
  ['webp', '@cwasm/webp'],
];

/** The decoder of a package. Throws USAGE where it cannot be loaded, or has none: whatever the image, it is no damage. */
export function decoderIn(name: string, load: () => unknown): DecodeImage {
  const refuse = (facts: ErrorFacts): never => {
    throw new HeddleError('USAGE', 'a package with a decoder of images does not work', { where: name, hint: `npm install ${name}`, ...facts }); // prettier-ignore
  };
  const { decode } = Object(
    ((): unknown => {
      try {
        return load();
      } catch (cause) {
        return refuse({ found: String(cause), cause });
      }
    })(),
  ) as Readonly<Record<string, unknown>>;
  if (typeof decode !== 'function')
    return refuse({ found: `decode: ${describeValue(decode)}`, expected: 'a function' });
  return decode as DecodeImage;
}

/**
 * What `importOnnx` takes as `imageDecoders`: libjpeg-turbo and libwebp as WebAssembly, of the npm packages `@cwasm/jpeg-turbo` and
 * `@cwasm/webp`. One that is not installed is left out; one that is installed is loaded when the first image is decoded.
 */
export function imageDecoders(): ImageDecoders {
  const require = createRequire(import.meta.url);
  const isInstalled = (name: string): boolean => {
    try {
      return require.resolve(name) !== '';
    } catch {
      return false;
    }
  };
  const decoderOf =
    (name: string): DecodeImage =>
    (bytes) =>
      decoderIn(name, () => require(name))(bytes);
  const found = PACKAGES.filter(([, name]) => isInstalled(name));
  return Object.fromEntries(found.map(([format, name]) => [format, decoderOf(name)]));
}
