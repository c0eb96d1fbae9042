/** The WebGPU adapters that the npm package `webgpu` (Dawn) offers in Node. */
import { HeddleError } from '../base/errors.js';
import { loadVulkan, vulkanEnvironments, withVariables, type Variables } from '../softgpu/process.js';

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
const LAVAPIPE = /llvmpipe/i;
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|software|basic render/i;

/** The adapters that one environment offers. */
export interface Offer {
  /** What has to be in the environment to open one of them. */
  readonly variables: Variables;
  /** In Dawn's order. */
  readonly adapters: readonly AdapterDescription[];
  /** Whether lavapipe is among them where it is installed. */
  readonly complete: boolean;
}

/** What there is to choose from, one environment after another. Throws DEVICE_NOT_FOUND where WebGPU itself is missing. */
export async function* offers(): AsyncGenerator<Offer> {
  loadVulkan();
  const create = await importDawn();
  for (const { variables, complete } of vulkanEnvironments()) {
    const answer = await withVariables(variables, () =>
      create([`adapter=${NO_SUCH_ADAPTER}`])
        .requestAdapter()
        .then(() => '', String),
    );
    const adapters = parseAdapters(answer);
    // Old Vulkan loaders offer it in any case.
    yield { variables, adapters, complete: complete || adapters.some(({ name }) => LAVAPIPE.test(name)) };
  }
}

/**
 * All adapters that {@link openNodeDevice} can open, the software GPU from npm among them. Throws DEVICE_NOT_FOUND where
 * WebGPU itself is missing; no adapter is an empty list.
 */
export async function listAdapters(): Promise<AdapterDescription[]> {
  let all: readonly AdapterDescription[] = [];
  for await (const { adapters } of offers()) all = joined(all, adapters);
  return [...all];
}

/** `all`, and those of `more` that are not among them. */
export function joined(
  all: readonly AdapterDescription[],
  more: readonly AdapterDescription[],
): AdapterDescription[] {
  const known = new Set(all.map(({ name, backend }) => `${backend} ${name}`));
  return [...all, ...more.filter(({ name, backend }) => !known.has(`${backend} ${name}`))];
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

/** Hardware first; SwiftShader, the slower of the software GPUs, last. */
const rank = ({ name, software }: AdapterDescription): number =>
  !software ? 0 : /swiftshader/i.test(name) ? 2 : 1;

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
  return matching.sort((a, b) => rank(a) - rank(b)).at(0);
}

/** The command line has `reference` for a device; in programs it is none that could be opened. */
const REFERENCE_HINT =
  'the reference needs no device: interpret(program, inputs) of heddle, or REFERENCE for tensors, where it is the default';

/** The NAME in `webgpu:NAME`, in lower case; empty for `webgpu`. */
export function wantedName(device: string): string {
  const match = /^webgpu(?::(.+))?$/.exec(device);
  if (match === null)
    throw new HeddleError('USAGE', 'no such device', {
      found: device,
      expected: 'webgpu, or webgpu:NAME with a part of the name of an adapter',
      hint: device === 'reference' ? REFERENCE_HINT : undefined,
    });
  const name = ((match[1] as string | undefined) ?? '').toLowerCase();
  return Object.hasOwn(ALIASES, name) ? ALIASES[name] : name;
}
