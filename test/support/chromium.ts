/** A real browser: the headless Chromium of the npm package that SwiftShader comes from. */
import { spawn, type ChildProcess } from 'node:child_process';
import {
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { createBrotliDecompress } from 'node:zlib';

const cache = fileURLToPath(new URL('../../node_modules/.cache/heddle', import.meta.url));

/** The archive and its version; undefined where the package is not installed, or is for other machines. */
function findArchive(): { readonly path: string; readonly version: string } | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined;
  const require = createRequire(import.meta.url);
  for (const modules of require.resolve.paths('@sparticuz/chromium') ?? []) {
    const folder = join(modules, '@sparticuz', 'chromium');
    const path = join(folder, 'bin', 'chromium.br');
    if (!existsSync(path)) continue;
    const { version } = require(join(folder, 'package.json')) as { version: string };
    return { path, version };
  }
  return undefined;
}

/** The browser, unpacked at the first call; undefined where there is none for this machine. */
export async function chromiumPath(): Promise<string | undefined> {
  const archive = findArchive();
  if (archive === undefined) return undefined;
  const path = join(cache, `chromium-${archive.version}`);
  if (existsSync(path)) return path;
  mkdirSync(dirname(path), { recursive: true });
  const fresh = join(mkdtempSync(join(cache, 'chromium-')), 'chromium');
  await pipeline(
    createReadStream(archive.path),
    createBrotliDecompress(),
    createWriteStream(fresh, { mode: 0o755 }),
  );
  renameSync(fresh, path);
  rmSync(dirname(fresh), { recursive: true });
  return path;
}

/** Opens `url` in a browser of its own; `close` ends it. `failed` resolves, to what it printed, where it ends by itself. */
export function browse(
  path: string,
  url: string,
): { readonly failed: Promise<string>; readonly close: () => Promise<void> } {
  const profile = mkdtempSync(join(tmpdir(), 'heddle-browser-'));
  const flags = ['--headless', '--no-sandbox', '--no-zygote', '--disable-gpu', '--disable-dev-shm-usage'];
  const browser: ChildProcess = spawn(path, [...flags, `--user-data-dir=${profile}`, url], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let printed = '';
  browser.stderr?.on('data', (text: Buffer) => (printed += text.toString()));
  const failed = new Promise<string>((resolve) => {
    browser.on('error', (error) => resolve(String(error)));
    browser.on('exit', (code, signal) => resolve(`the browser ended (${signal ?? code}): ${printed}`));
  });
  return {
    failed,
    close: async () => {
      browser.kill();
      await failed;
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
