/**
 * A decoder of UTF-8 that keeps U+FEFF at the beginning of a text. By default it is taken for a byte order mark and dropped, but a token of a
 * vocabulary or an element of a tensor is no file.
 */
export const utf8Decoder = (): InstanceType<typeof TextDecoder> =>
  new TextDecoder('utf-8', { ignoreBOM: true });
