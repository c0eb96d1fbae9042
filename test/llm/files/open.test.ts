/** Models behind URLs: servers that answer otherwise than they said. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSource } from '../../../src/llm/files/open.js';

const BYTES = Uint8Array.from({ length: 100 }, (_, i) => i);

describe('a file behind a URL', () => {
  let server: Server;
  let url: string;
  /** What the server does once a file is open. */
  let later: 'range' | 'whole' | 'error' | 'cut' | 'short';
  beforeAll(async () => {
    server = createServer((request, response) => {
      const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(String(request.headers.range))!.map(Number);
      const isFirst = to === 0;
      const part = BYTES.subarray(from, to + 1);
      const range = { 'content-range': `bytes ${from}-${to}/${BYTES.length}` };
      if (isFirst || later === 'range') response.writeHead(206, range).end(part);
      else if (later === 'whole') response.writeHead(200).end(BYTES);
      else if (later === 'error')
        response.writeHead(503).end('busy, come back later, with more than a few bytes');
      else if (later === 'short') response.writeHead(206, range).end(part.subarray(1));
      else {
        response.writeHead(206, { ...range, 'content-length': String(part.length) });
        response.write(part.subarray(0, 1), () => request.socket.destroy());
      }
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/model.gguf`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  const read = async (behaviour: typeof later): Promise<Uint8Array> => {
    later = behaviour;
    const source = await openSource(url);
    expect(source.size).toBe(100);
    return source.read(10, 20);
  };

  it('is read by ranges', async () => {
    expect(await read('range')).toEqual(BYTES.slice(10, 30));
  });

  it.each([
    ['whole', /FILE_UNREADABLE.*does not send ranges.*status 200/s],
    ['error', /FILE_UNREADABLE.*does not send ranges.*status 503/s],
    ['cut', /FILE_UNREADABLE.*cannot be read/s],
    ['short', /FILE_TRUNCATED.*29 bytes.*30 bytes/s],
  ] as const)('is no data where the server answers otherwise: %s', async (behaviour, error) => {
    await expect(read(behaviour)).rejects.toThrow(error);
  });
});
