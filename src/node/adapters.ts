/** The WebGPU adapters that the npm package `webgpu` (Dawn) offers in Node. */
import { HeddleError } from '../base/errors.js';

export interface AdapterDescription {
  /** The driver's name for the device, such as `SwiftShader Device (Subzero)`. */
  readonly name: string;
  /** `vulkan`, `metal`, `d3d12`, ... */
  readonly backend: string;
  /** Whether it computes on the CPU. */
  readonly software: boolean;
}

/** What creates a WebGPU instance; options are Dawn's, such as `adapter=NAME`. */
export type CreateGpu = (options: string[]) => GPU;

/** Throws DEVICE_NOT_FOUND where the package, or its binary for this platform, is missing. */
export async function importDawn(): Promise<CreateGpu> {
  try {
    return (await import('webgpu')).create;
  } catch (cause) {
    throw new HeddleError('DEVICE_NOT_FOUND', 'WebGPU is not available in this Node', {
      found: cause instanceof Error ? cause.message : String(cause),
      hint: 'npm install webgpu (it has binaries for Linux, macOS and Windows)',
      cause,
    });
  }
}

/** No device has this name: Dawn answers with a list of those that there are. */
const NO_SUCH_ADAPTER = 'heddle lists adapters';
const LINE = /^\s*\* backend: '([^']*)', name: '(.*)'$/gm;
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|software|basic render/i;

/** All adapters, in Dawn's order. Throws DEVICE_NOT_FOUND where WebGPU itself is missing; no adapter is an empty list. */
export async function listAdapters(): Promise<AdapterDescription[]> {
  const create = await importDawn();
  const answer = await create([`adapter=${NO_SUCH_ADAPTER}`])
    .requestAdapter()
    .then(() => '', String);
  return parseAdapters(answer);
}

/** Reads the adapters out of Dawn's message. */
export function parseAdapters(message: string): AdapterDescription[] {
  return [...message.matchAll(LINE)].map(([, backend, name]) => ({
    backend,
    name,
    software: SOFTWARE.test(name),
  }));
}

/** lavapipe calls its devices by its older name. */
const ALIASES: Readonly<Record<string, string>> = { lavapipe: 'llvmpipe' };

/**
 * The adapter that `webgpu` (any; hardware first) or `webgpu:NAME` (part of its name, in either case) stands for; undefined
 * where there is none. Throws USAGE for other names.
 */
export function chooseAdapter(
  device: string,
  adapters: readonly AdapterDescription[],
): AdapterDescription | undefined {
  const wanted = wantedName(device);
  const matching = adapters.filter(({ name }) => name.toLowerCase().includes(wanted));
  return matching.find(({ software }) => !software) ?? matching[0];
}

/** The NAME in `webgpu:NAME`, in lower case; empty for `webgpu`. */
export function wantedName(device: string): string {
  const match = /^webgpu(?::(.+))?$/.exec(device);
  if (match === null)
    throw new HeddleError('USAGE', 'no such device', {
      found: device,
      expected: 'webgpu, or webgpu:NAME with a part of the name of an adapter',
    });
  const name = ((match[1] as string | undefined) ?? '').toLowerCase();
  return Object.hasOwn(ALIASES, name) ? ALIASES[name] : name;
}
