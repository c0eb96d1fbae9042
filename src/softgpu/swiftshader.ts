/** SwiftShader and a Vulkan loader out of the npm package `@sparticuz/chromium`: libraries that this process then runs. */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { parseTar } from 'nanotar';

export const LOADER = 'libvulkan.so.1';
export const SWIFTSHADER_ICD = 'vk_swiftshader_icd.json';
const FILES = ['libvk_swiftshader.so', LOADER, SWIFTSHADER_ICD];

/** The folder with SwiftShader and the Vulkan loader, unpacked from the npm package. Throws where there is none. */
export function unpackSwiftShader(): string {
  if (process.arch !== 'x64') throw new Error('the software GPU from npm runs on x64 Linux only');
  const { archive, version, modules } = findArchive();
  const name = `swiftshader-${version}`;
  try {
    return unpackedIn(join(modules, '.cache', 'heddle'), name, archive);
  } catch {
    // A folder that cannot be written, such as that of a package which another user installed.
    return unpackedIn(privateFolder(tmpdir()), name, archive);
  }
}

function findArchive(): { archive: string; version: string; modules: string } {
  const require = createRequire(import.meta.url);
  const suffix = join('@sparticuz', 'chromium');
  for (const modules of require.resolve.paths('@sparticuz/chromium') ?? []) {
    const archive = join(modules, suffix, 'bin', 'swiftshader.tar.br');
    if (!existsSync(archive)) continue;
    const manifest = JSON.parse(readFileSync(join(modules, suffix, 'package.json'), 'utf8')) as {
      version: string;
    };
    return { archive, version: manifest.version, modules };
  }
  throw new Error(
    'the npm package @sparticuz/chromium, which carries SwiftShader, is not installed (npm install @sparticuz/chromium)',
  );
}

/**
 * A folder of this user in one that all users write to; made if need be. Throws where another user made it, or may have
 * put something there.
 */
export function privateFolder(shared: string, user = process.getuid?.()): string {
  const folder = join(shared, `heddle-${user ?? 'cache'}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // Not of what a link leads to: the link itself may be another user's.
  const found = lstatSync(folder);
  const isOwn = found.isDirectory() && found.uid === user && (found.mode & 0o022) === 0;
  if (!isOwn) throw new Error(`${folder} is not a folder that only this user can write to`);
  return folder;
}

const isComplete = (folder: string): boolean => FILES.every((name) => existsSync(join(folder, name)));

/**
 * The folder `name` in `parent`, unpacked if need be: beside its place, then renamed, so that no process ever sees half of
 * it.
 */
function unpackedIn(parent: string, name: string, archive: string): string {
  const folder = join(parent, name);
  if (isComplete(folder)) return folder;
  mkdirSync(parent, { recursive: true, mode: 0o700 });
  const fresh = mkdtempSync(join(parent, `${name}-`));
  try {
    const files = parseTar(brotliDecompressSync(readFileSync(archive)));
    for (const wanted of FILES) {
      const data = files.find((file) => file.name.replace(/^\.\//, '') === wanted)?.data;
      if (data === undefined)
        throw new Error(`@sparticuz/chromium has no ${wanted} in its swiftshader.tar.br`);
      writeFileSync(join(fresh, wanted), data, { mode: wanted.endsWith('.json') ? 0o644 : 0o755 });
    }
    renameSync(fresh, folder);
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    if (!isComplete(folder)) throw error; // Otherwise another process was faster.
  }
  return folder;
}
