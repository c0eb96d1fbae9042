/** Opens what a path or a URL names. Node's file system is imported where a path is given, so that pages can do without it. */
import { HeddleError } from '../../base/errors.js';
import { checkRange, type ByteSource } from './source.js';

/** Bytes that one call of the system reads at most: less than the 2 GiB at which some systems stop. */
const READ_AT_ONCE = 2 ** 30;

const isUrl = (name: string): boolean => /^https?:\/\//.test(name);

/** The file at a path or an http(s) URL, whose server must answer ranges. Throws FILE_UNREADABLE. */
export function openSource(name: string): Promise<ByteSource> {
  return isUrl(name) ? openUrl(name) : openPath(name);
}

/** Whether a path names a folder. False for URLs and for what is not there. */
export async function isFolder(name: string): Promise<boolean> {
  if (isUrl(name)) return false;
  const { stat } = await import('node:fs/promises');
  return stat(name).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** Whether a file is there. */
export async function exists(name: string): Promise<boolean> {
  const { stat } = await import('node:fs/promises');
  return stat(name).then(
    (found) => found.isFile(),
    () => false,
  );
}

const unreadable = (where: string, cause: unknown): HeddleError =>
  new HeddleError('FILE_UNREADABLE', 'the file cannot be read', {
    where,
    found: reasonOf(cause),
    cause,
  });

const reasonOf = (cause: unknown): string => {
  if (!(cause instanceof Error)) return String(cause);
  return (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'the file does not exist' : cause.message;
};

const noRange = (url: string, status: number): HeddleError =>
  new HeddleError('FILE_UNREADABLE', 'the server does not send ranges of the file', {
    where: url,
    found: `status ${status}`,
    expected: 'status 206 with a content-range',
  });

async function openPath(path: string): Promise<ByteSource> {
  const { open } = await import('node:fs/promises');
  const handle = await open(path, 'r').catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  const { size } = await handle.stat();
  const readInto = async (offset: number, target: Uint8Array<ArrayBuffer>): Promise<void> => {
    const { length } = target;
    checkRange(path, size, offset, length);
    let done = 0;
    while (done < length) {
      const part = Math.min(READ_AT_ONCE, length - done);
      const { bytesRead } = await handle.read(target, done, part, offset + done).catch((cause: unknown) => {
        throw unreadable(path, cause);
      });
      // The file became shorter since it was opened.
      if (bytesRead === 0) checkRange(path, offset + done, offset, length);
      done += bytesRead;
    }
  };
  return {
    name: path,
    size,
    async read(offset, length) {
      checkRange(path, size, offset, length);
      const bytes = new Uint8Array(length);
      await readInto(offset, bytes);
      return bytes;
    },
    readInto,
    close: () => handle.close(),
  };
}

async function openUrl(url: string): Promise<ByteSource> {
  const get = (range: string): Promise<Response> =>
    fetch(url, { headers: { range } }).catch((cause: unknown) => {
      throw unreadable(url, cause);
    });
  const first = await get('bytes=0-0');
  await first.body?.cancel();
  const size = Number(/\/(\d+)$/.exec(first.headers.get('content-range') ?? '')?.[1] ?? Number.NaN);
  if (first.status !== 206 || !Number.isSafeInteger(size)) throw noRange(url, first.status);
  return {
    name: url,
    size,
    async read(offset, length) {
      checkRange(url, size, offset, length);
      if (length === 0) return new Uint8Array(0);
      const response = await get(`bytes=${offset}-${offset + length - 1}`);
      if (response.status !== 206) {
        await response.body?.cancel();
        throw noRange(url, response.status);
      }
      const bytes = await response.arrayBuffer().catch((cause: unknown) => {
        throw unreadable(url, cause);
      });
      checkRange(url, offset + bytes.byteLength, offset, length);
      return new Uint8Array(bytes, 0, length);
    },
    close: () => Promise.resolve(),
  };
}

/** The whole text of a file. Throws FILE_UNREADABLE. */
export async function readText(name: string): Promise<string> {
  const source = await openSource(name);
  try {
    return new TextDecoder().decode(await source.read(0, source.size));
  } finally {
    await source.close();
  }
}
