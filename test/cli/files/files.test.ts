/** Files that are replaced in one step. */
import {
  mkdtempSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { replaceFile } from '../../../src/cli/files/files.js';

const folder = mkdtempSync(join(tmpdir(), 'heddle-files-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('a file is written where there is none, and in the place of one, through a link as well', () => {
  const file = join(folder, 'file');
  replaceFile(file, Uint8Array.of(1));
  expect([...readFileSync(file)]).toEqual([1]);
  const link = join(folder, 'link');
  symlinkSync(file, link);
  replaceFile(link, Uint8Array.of(2, 3));
  expect([...readFileSync(file)]).toEqual([2, 3]);
  expect(readdirSync(folder).sort()).toEqual(['file', 'link']);
});

test('what fails leaves nothing behind, and the file as it was', () => {
  const [file, beside] = [join(folder, 'kept'), join(folder, `kept.${process.pid}.part`)];
  writeFileSync(file, 'before');
  mkdirSync(beside);
  expect(() => replaceFile(file, Uint8Array.of(1))).toThrow('FILE_UNWRITABLE');
  expect(readFileSync(file, 'utf8')).toBe('before');
  rmSync(beside, { recursive: true });
  expect(() => replaceFile(join(folder, 'none/file'), Uint8Array.of(1))).toThrow('the folder does not exist');
  expect(() => replaceFile(folder, Uint8Array.of(1))).toThrow('FILE_UNWRITABLE');
});
