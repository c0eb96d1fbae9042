/** Where the software GPUs are looked for, and what is not trusted. */
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { findSoftwareGpus, offersLavapipe } from '../../src/softgpu/index.js';
import { privateFolder } from '../../src/softgpu/swiftshader.js';

vi.mock('node:fs', async (original) => {
  const real = await original<typeof fs>();
  return { ...real, readdirSync: vi.fn(real.readdirSync) };
});

describe('a private folder among those of other users', () => {
  const user = process.getuid?.() ?? 0;
  let shared = '';
  let folder = '';
  beforeEach(() => {
    shared = fs.mkdtempSync(join(tmpdir(), 'heddle-shared-'));
    folder = join(shared, `heddle-${user}`);
  });
  afterEach(() => fs.rmSync(shared, { recursive: true }));

  test('is made for this user alone, and used again', () => {
    expect(privateFolder(shared)).toBe(folder);
    expect(fs.lstatSync(folder).mode & 0o777).toBe(0o700);
    expect(privateFolder(shared)).toBe(folder);
  });

  test.each([0o720, 0o702, 0o777])('is refused where others may have written to it: %o', (mode) => {
    fs.mkdirSync(folder);
    fs.chmodSync(folder, mode);
    expect(() => privateFolder(shared)).toThrow(/only this user can write to/);
  });

  test("is refused where it is a link, a file or another user's", () => {
    const elsewhere = join(shared, 'elsewhere');
    fs.mkdirSync(elsewhere, { mode: 0o700 });
    fs.symlinkSync(elsewhere, folder);
    expect(() => privateFolder(shared)).toThrow(/only this user can write to/);
    fs.rmSync(folder);
    fs.writeFileSync(folder, '');
    expect(() => privateFolder(shared)).toThrow();
    // What this user makes is not that of another one.
    expect(() => privateFolder(shared, user + 1)).toThrow(/only this user can write to/);
  });
});

test('folders of manifests that cannot be read have none', () => {
  const folders: unknown[] = [];
  vi.mocked(fs.readdirSync).mockImplementation((folder) => {
    folders.push(folder);
    throw new Error('EACCES');
  });
  try {
    expect(findSoftwareGpus().gpus).not.toContain('lavapipe');
    expect(folders).toContain('/usr/share/vulkan/icd.d');
    vi.stubEnv('VK_DRIVER_FILES', '');
    vi.stubEnv('VK_ICD_FILENAMES', '');
    expect(offersLavapipe()).toBe(false);
  } finally {
    vi.unstubAllEnvs();
    vi.mocked(fs.readdirSync).mockReset();
  }
});
