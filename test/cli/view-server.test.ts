/** The server of the inspector: whatever is asked of it, it answers, and only those who ask for it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { viewServer } from '../../src/cli/commands/view-server.js';
import { readProgram } from '../../src/cli/reports/inspection/program-file.js';
import { inspectProgram } from '../../src/cli/reports/inspection/index.js';
import { listen } from '../../src/cli/terminal/serving.js';
import { HeddleError, tensorData } from '../../src/index.js';
import { GraphBuilder } from '../../src/ir/builder.js';
import type { Program } from '../../src/ir/graph.js';

const folder = mkdtempSync(join(tmpdir(), 'heddle-view-'));
const template = pathToFileURL(join(folder, 'index.html'));
writeFileSync(template, '<script type="text/plain" id="report"></script>');
writeFileSync(new URL('worker.js', template), 'worker');
const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true });
});

const b = new GraphBuilder('g');
b.output('y', b.emit('neg', [b.weight('w', 'f32', [2])], {}));
const program: Program = {
  graph: b.build(),
  weights: new Map([['w', tensorData('f32', [2], new Float32Array([1, 2]))]]),
};
const report = inspectProgram('g', program);

/** The port of a server that listens on this machine. */
async function serve(served: Program = program, host = '127.0.0.1'): Promise<number> {
  const server = viewServer(template, { report, program: served }, host);
  servers.push(server);
  await listen(server, { port: 0, host: '127.0.0.1' });
  return (server.address() as AddressInfo).port;
}

interface Answer {
  readonly status: number | undefined;
  readonly body: Buffer;
}

const ask = (port: number, path: string, host = `127.0.0.1:${port}`): Promise<Answer> =>
  new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, headers: { host }, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => resolve({ status: response.statusCode, body: Buffer.concat(parts) }));
    })
      .on('error', reject)
      .end();
  });

describe('what is asked for', () => {
  test('is a file of the page, whatever stands behind a question mark', async () => {
    const port = await serve();
    for (const path of ['/', '/?', '/?a=/b?c', '/worker.js?1', '/model.safetensors'])
      expect((await ask(port, path)).status, path).toBe(200);
  });

  test('or is not found, however it is written', async () => {
    const port = await serve();
    const paths = ['//', '///', '//[', '/%', '/\\', '*', 'http://', '/__proto__', '/constructor', '/../worker.js']; // prettier-ignore
    for (const path of paths) expect((await ask(port, path)).status, path).toBe(404);
    const path = fc.stringMatching(/^\/[!-~]{1,12}$/).filter((text) => !text.startsWith('/?'));
    await fc.assert(fc.asyncProperty(path, async (text) => (await ask(port, text)).status === 404), { numRuns: 50 }); // prettier-ignore
    expect((await ask(port, '/')).status).toBe(200);
  });
});

describe('the model', () => {
  test('is serialised once', async () => {
    let reads = 0;
    const counted: Program = {
      ...program,
      get weights() {
        reads++;
        return program.weights;
      },
    };
    const port = await serve(counted);
    const { body } = await ask(port, '/model.safetensors');
    expect([...readProgram(new Uint8Array(body)).weights]).toEqual([...program.weights]);
    const before = reads;
    expect((await ask(port, '/model.safetensors')).body.equals(body)).toBe(true);
    expect(reads).toBe(before);
  });

  test.each([
    new HeddleError('FILE_FORMAT', 'too large for a file'),
    new RangeError('Array buffer allocation failed'),
  ])('that cannot be serialised is an answer, and the server goes on: %s', async (error) => {
    const port = await serve({
      ...program,
      get weights(): Program['weights'] {
        throw error;
      },
    });
    const { status, body } = await ask(port, '/model.safetensors');
    expect([status, body.toString()]).toEqual([500, expect.stringContaining(error.message)]);
    expect((await ask(port, '/')).status).toBe(200);
  });

  test('has no page without the worker that measures it', () => {
    const bare = pathToFileURL(join(mkdtempSync(join(folder, 'bare-')), 'index.html'));
    writeFileSync(bare, '<script type="text/plain" id="report"></script>');
    expect(() => viewServer(bare, { report, program }, 'localhost')).toThrow(/^FILE_UNREADABLE/);
    viewServer(bare, { report, program: undefined }, 'localhost');
  });
});

describe('whom the server answers', () => {
  test('those who ask for this machine, or for the name that was given', async () => {
    const port = await serve(program, 'Desk.lan');
    for (const name of ['127.0.0.1', 'localhost', 'LOCALHOST', '[::1]', 'desk.lan', 'DESK.LAN'])
      expect((await ask(port, '/model.safetensors', `${name}:${port}`)).status, name).toBe(200);
  });

  test('those who ask for the address that they came to, of a server that listens at all', async () => {
    const server = viewServer(template, { report, program }, '0.0.0.0');
    servers.push(server);
    await listen(server, { port: 0, host: '::' }).catch(() => listen(server, { port: 0, host: '0.0.0.0' }));
    const { port } = server.address() as AddressInfo;
    expect((await ask(port, '/', `127.0.0.1:${port}`)).status).toBe(200);
    expect((await ask(port, '/', `127.0.0.2:${port}`)).status).toBe(403);
  });

  test('nobody else', async () => {
    const port = await serve();
    const hosts = ['evil.example', `evil.example:${port}`, 'localhost', `localhost:${port + 1}`, `localhost.evil.example:${port}`]; // prettier-ignore
    for (const host of hosts)
      for (const path of ['/', '/model.safetensors', '/none'])
        expect((await ask(port, path, host)).status, host).toBe(403);
    // Without the header, as HTTP 1.0 allows.
    const bare = await new Promise<string>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.0\r\n\r\n'));
      socket.once('data', (data) => {
        resolve(data.toString());
        socket.destroy();
      });
    });
    expect(bare).toMatch(/^HTTP\/1\.1 403 /);
  });
});
