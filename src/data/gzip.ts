/** gzip by means of the standard DecompressionStream, which browsers and Node have. */
import { HeddleError } from '../base/errors.js';

const MAGIC = [0x1f, 0x8b] as const;

export const isGzip = (bytes: Uint8Array): boolean => bytes[0] === MAGIC[0] && bytes[1] === MAGIC[1];

/**
 * What gzip packed; `bytes` themselves where they are not gzip. Throws FILE_CORRUPT where the stream is damaged or ends
 * early, LIMIT_EXCEEDED where more than `limit` bytes come out of it.
 */
export async function gunzip(bytes: Uint8Array, where: string, limit: number): Promise<Uint8Array> {
  if (!isGzip(bytes)) return bytes;
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    // A copy, since a Blob takes no view of shared memory.
    const stream = new Blob([new Uint8Array(bytes)]).stream().pipeThrough(new DecompressionStream('gzip'));
    // Not `for await`, which Safari's streams lack.
    const reader: ReadableStreamDefaultReader<Uint8Array> = stream.getReader();
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      const part = read.value;
      length += part.length;
      if (length > limit)
        throw new HeddleError('LIMIT_EXCEEDED', 'the file is too large when unpacked', {
          where,
          found: `more than ${limit} bytes`,
          expected: `at most ${limit} bytes`,
          hint: 'what is unpacked before may be larger',
        });
      parts.push(part);
    }
  } catch (cause) {
    if (cause instanceof HeddleError) throw cause;
    throw new HeddleError('FILE_CORRUPT', 'the gzip stream is damaged, or ends early', {
      where,
      found: cause instanceof Error ? cause.message : String(cause),
      hint: 'fetch the file once more',
      cause,
    });
  }
  const out = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    out.set(part, offset);
    offset += part.length;
  }
  return out;
}
