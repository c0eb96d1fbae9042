/**
 * llama.cpp for Node and for pages. They are no dependencies of this folder, since what the first depends on for graphics cards is half a
 * gigabyte: they are installed beside the model, the first with the one binary of this platform.
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

/** llama.cpp for pages, as WebAssembly. */
export const WLLAMA = { name: '@wllama/wllama', version: '3.13.0' };

/** Where a peer is installed, and whether it is there yet. */
const folderOf = ({ name, version }) =>
  join(tmpdir(), 'heddle-bench', `${name === LLAMA.name ? 'llama' : 'wllama'}-${version}`);
export const isInstalled = (peer) =>
  existsSync(join(folderOf(peer), 'node_modules', ...peer.name.split('/'), 'package.json'));

/** Installs `names`, which have the version of the peer, where it is not there yet. Returns the peer's own folder. */
function install(peer, names) {
  const folder = folderOf(peer);
  if (!isInstalled(peer)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true }));
    const packages = names.map((name) => `${name}@${peer.version}`);
    const options = ['--omit=optional', '--no-audit', '--no-fund', '--ignore-scripts'];
    execFileSync('npm', ['install', ...options, ...packages], { cwd: folder, stdio: 'ignore' });
  }
  return join(folder, 'node_modules', ...peer.name.split('/'));
}

/** The folder of wllama's modules, installed where it is not there yet. */
export const wllamaFolder = () => join(install(WLLAMA, [WLLAMA.name]), 'esm');

/** node-llama-cpp's module, installed where it is not there yet. Throws where this platform has no binary. */
export async function importLlama() {
  const platform = `${process.platform}-${process.arch}`;
  const binary = BINARIES[platform];
  if (binary === undefined) throw new Error(`${LLAMA.name} has no binary for ${platform}`);
  const folder = install(LLAMA, [LLAMA.name, binary]);
  const entry = createRequire(join(folder, 'package.json')).resolve(LLAMA.name);
  return import(pathToFileURL(entry).href);
}
