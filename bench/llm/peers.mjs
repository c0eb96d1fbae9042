/**
 * llama.cpp for Node. It is no dependency of this folder, since what it depends on for graphics cards is half a gigabyte: it is
 * installed beside the model, with the one binary of this platform.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export const LLAMA = { name: 'node-llama-cpp', version: '3.22.1' };

/** Packages of binaries that compute on the CPU. */
const BINARIES = {
  'linux-x64': '@node-llama-cpp/linux-x64',
  'linux-arm64': '@node-llama-cpp/linux-arm64',
  'darwin-arm64': '@node-llama-cpp/mac-arm64-metal',
  'darwin-x64': '@node-llama-cpp/mac-x64',
  'win32-x64': '@node-llama-cpp/win-x64',
};

const folder = join(tmpdir(), 'heddle-bench', `llama-${LLAMA.version}`);
export const isInstalled = () => existsSync(join(folder, 'node_modules', LLAMA.name, 'package.json'));

/** The module, installed where it is not there yet. Throws where this platform has no binary. */
export async function importLlama() {
  const platform = `${process.platform}-${process.arch}`;
  const binary = BINARIES[platform];
  if (binary === undefined) throw new Error(`${LLAMA.name} has no binary for ${platform}`);
  if (!isInstalled()) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true }));
    const packages = [LLAMA.name, binary].map((name) => `${name}@${LLAMA.version}`);
    const options = ['--omit=optional', '--no-audit', '--no-fund', '--ignore-scripts'];
    execFileSync('npm', ['install', ...options, ...packages], { cwd: folder, stdio: 'ignore' });
  }
  const entry = createRequire(join(folder, 'package.json')).resolve(LLAMA.name);
  return import(pathToFileURL(entry).href);
}
