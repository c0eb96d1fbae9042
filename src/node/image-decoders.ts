/** Decoders of images from npm packages, where they are installed. */
import { createRequire } from 'node:module';
import type { DecodeImage, ForeignFormat, ImageDecoders } from '../data/images/index.js';

/** Each has `decode`, from the bytes of a file to what ImageData of a page has. */
const PACKAGES: readonly (readonly [ForeignFormat, string])[] = [
  ['jpeg', '@cwasm/jpeg-turbo'],
  ['webp', '@cwasm/webp'],
];

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
      (require(name) as { readonly decode: DecodeImage }).decode(bytes);
  const found = PACKAGES.filter(([, name]) => isInstalled(name));
  return Object.fromEntries(found.map(([format, name]) => [format, decoderOf(name)]));
}
