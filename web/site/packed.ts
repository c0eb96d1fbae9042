/** Texts in addresses: deflated, in the alphabet of base64 for addresses. */

export async function packText(text: string): Promise<string> {
  const bytes = new Uint8Array(
    await through(new CompressionStream('deflate-raw'), new TextEncoder().encode(text)),
  );
  const packed = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
  return packed.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** Bytes that a text in an address may have. */
const LONGEST = 1 << 20;

/** Throws where there is none. */
export async function unpackText(packed: string): Promise<string> {
  const bytes = Uint8Array.from(atob(packed.replaceAll('-', '+').replaceAll('_', '/')), (c) =>
    c.charCodeAt(0),
  );
  const text = await through(new DecompressionStream('deflate-raw'), bytes);
  if (text.byteLength > LONGEST) throw new Error('it is too long');
  return new TextDecoder().decode(text);
}

const through = (stream: CompressionStream | DecompressionStream, bytes: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer> =>
  new Response(new Blob([bytes]).stream().pipeThrough(stream)).arrayBuffer(); // prettier-ignore
