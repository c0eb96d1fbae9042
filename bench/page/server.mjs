/** A server of files in memory that counts what it sends. */
import { createServer } from 'node:http';
import { gzipSync } from 'node:zlib';

/** What lets WebAssembly have threads. Nothing is kept from one page to the next: each browser is new. */
const HEADERS = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cache-Control': 'max-age=600',
  'Content-Encoding': 'gzip',
};
const TYPES = { html: 'text/html', mjs: 'text/javascript', wasm: 'application/wasm' };

/**
 * Everything is sent under gzip.
 * @param {Map<string, Uint8Array>} files by path
 */
export async function serve(files) {
  const answers = new Map(
    [...files].map(([path, bytes]) => {
      const type = TYPES[path.split('.').at(-1)] ?? 'application/octet-stream';
      return [path, { type, body: gzipSync(bytes) }];
    }),
  );
  let sent = [];
  const server = createServer(({ url }, response) => {
    const path = url.slice(1).split('?')[0] || 'index.html';
    const answer = answers.get(path);
    if (answer === undefined) return response.writeHead(404).end();
    sent.push({ path, bytes: answer.body.length });
    const { type, body } = answer;
    response.writeHead(200, { ...HEADERS, 'Content-Type': type, 'Content-Length': body.length });
    response.end(body);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    /** What was sent since the last call. @returns {{ path: string, bytes: number }[]} */
    take() {
      const taken = sent;
      sent = [];
      return taken;
    },
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
