/** Texts in addresses: deflated, in the alphabet of base64 for addresses. */

export async function packText(text: string): Promise<string> {
  const stream = through(new CompressionStream('deflate-raw'), new TextEncoder().encode(text));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const packed = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
  return packed.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** Bytes that a text in an address may have. */
const LONGEST = 1 << 20;

/** Throws where there is none, and where it is too long: no more of it than that is inflated. */
export async function unpackText(packed: string): Promise<string> {
  const bytes = Uint8Array.from(atob(packed.replaceAll('-', '+').replaceAll('_', '/')), (c) =>
    c.charCodeAt(0),
  );
  const reader = through(new DecompressionStream('deflate-raw'), bytes).getReader();
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let text = '';
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    length += value.byteLength;
    if (length > LONGEST) {
      await reader.cancel();
      throw new Error(`it is too long: more than ${LONGEST} bytes`);
    }
    text += decoder.decode(value, { stream: true });
  }
}

const through = (stream: CompressionStream | DecompressionStream, bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array> =>
  new Blob([bytes]).stream().pipeThrough(stream); // prettier-ignore
