/**
 * Software GPUs: WebGPU on a machine that has no GPU of its own.
 *
 * SwiftShader and a Vulkan loader come from the npm package `@sparticuz/chromium` (x64 Linux); lavapipe is taken from
 * the system where a recent enough one is installed. This module finds them, and says which variables a process can be
 * started with to have both; `create(['adapter=NAME'])` of the npm package `webgpu` picks one. A process that runs already
 * is helped by `process.ts`.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { chosenDrivers, onlyDrivers } from './drivers.js';
import { LOADER, SWIFTSHADER_ICD, unpackSwiftShader } from './swiftshader.js';

/** A software Vulkan driver that Heddle knows how to find. */
export type SoftwareGpu = 'swiftshader' | 'lavapipe';

/** What dawn.node's `adapter=` option has to be to select each driver: part of the Vulkan device's name, in its case. */
export const adapterName: Readonly<Record<SoftwareGpu, string>> = {
  swiftshader: 'SwiftShader',
  lavapipe: 'llvmpipe',
};

/** The software GPUs of this machine, and how to start a process that can use them. */
export interface SoftwareGpus {
  /** The drivers found, SwiftShader first. */
  readonly gpus: readonly SoftwareGpu[];
  /** Their Vulkan manifests, in the same order. */
  readonly drivers: readonly string[];
  /** SwiftShader's Vulkan loader, for machines that have none. */
  readonly loader?: string;
  /**
   * Variables to start a process with that opens the GPU, whatever it is written in. Drivers that the user has chosen
   * (VK_DRIVER_FILES) stay, and stay first. Empty if no driver was found.
   */
  readonly env: Readonly<Record<string, string>>;
  /** Why SwiftShader is not among `gpus`, for people; absent if it is. */
  readonly swiftshaderProblem?: string;
}

const ICD_FOLDERS = ['/usr/share/vulkan/icd.d', '/usr/local/share/vulkan/icd.d', '/etc/vulkan/icd.d'];

/**
 * Finds the software GPUs of this machine, unpacking SwiftShader into a cache the first time (about 7 MB). Safe to call
 * from several processes at once.
 *
 * @throws never: what is missing is told in the result.
 */
export function findSoftwareGpus(): SoftwareGpus {
  if (process.platform !== 'linux') {
    return {
      gpus: [],
      drivers: [],
      env: {},
      swiftshaderProblem: 'the software GPU from npm runs on x64 Linux only',
    };
  }
  const gpus: SoftwareGpu[] = [];
  const drivers: string[] = [];
  let folder: string | undefined;
  let swiftshaderProblem: string | undefined;
  try {
    folder = unpackSwiftShader();
    gpus.push('swiftshader');
    drivers.push(join(folder, SWIFTSHADER_ICD));
  } catch (error) {
    swiftshaderProblem = error instanceof Error ? error.message : String(error);
  }
  const lavapipe = findLavapipe();
  if (lavapipe !== undefined) {
    gpus.push('lavapipe');
    drivers.push(lavapipe);
  }
  const env: Record<string, string> = drivers.length > 0 ? { ...onlyDrivers(drivers) } : {};
  if (folder !== undefined) {
    const inherited = (process.env.LD_LIBRARY_PATH ?? '').split(':').filter((p) => p !== '' && p !== folder);
    env.LD_LIBRARY_PATH = [folder, ...inherited].join(':');
  }
  return {
    gpus,
    drivers,
    env,
    ...(folder === undefined ? {} : { loader: join(folder, LOADER) }),
    ...(swiftshaderProblem === undefined ? {} : { swiftshaderProblem }),
  };
}

/** Whether this process was started with `env`, so that the Vulkan loader sees those drivers. */
export function isStartedWith(env: Readonly<Record<string, string>>): boolean {
  return Object.entries(env).every(([name, value]) => process.env[name] === value);
}

/** lavapipe's Vulkan manifest, if it is recent enough for Dawn: Mesa 25, the first to say Vulkan 1.4. */
const findLavapipe = (): string | undefined =>
  systemManifests().find((file) => isLavapipe(file) && isVulkan14(file));

const systemManifests = (): string[] => ICD_FOLDERS.flatMap(filesIn);

/** None where the folder does not exist, or it cannot be read. */
function filesIn(folder: string): string[] {
  try {
    const names = readdirSync(folder).sort();
    return names.map((name) => join(folder, name));
  } catch {
    return [];
  }
}

const isLavapipe = (manifest: string): boolean =>
  /^lvp_icd(\.(x86_64|aarch64))?\.json$/.test(basename(manifest));

/** Whether the Vulkan loader offers lavapipe, of whatever age: Dawn has something to say about it each time. */
export function offersLavapipe(): boolean {
  const chosen = chosenDrivers();
  return process.platform === 'linux' && (chosen.length > 0 ? chosen : systemManifests()).some(isLavapipe);
}

function isVulkan14(manifest: string): boolean {
  try {
    const { ICD } = JSON.parse(readFileSync(manifest, 'utf8')) as { ICD?: { api_version?: string } };
    const match = /^(\d+)\.(\d+)/.exec(ICD?.api_version ?? '');
    return match !== null && (Number(match[1]) > 1 || Number(match[2]) >= 4);
  } catch {
    return false;
  }
}
