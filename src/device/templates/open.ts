/** Opens devices as the runtime does, and has the probe run the templates as well as its patterns. */
import { either, flag, func, kind, list, oneOf, record } from '../../base/kinds.js';
import { checkedOptions, type OptionTable } from '../../base/options.js';
import type { Preludes } from '../../plan/preludes.js';
import { buildPreludes } from '../../codegen/wgsl/prelude.js';
import { describeAdapter, openGpuDevice, type Device } from '../../runtime/device.js';
import { proveDevice, requireExact, type OpenOptions, type ProbedDevice, type Proof } from '../open.js';
import type { ProbeProgram } from '../probe/program.js';
import { templatePrograms, type TemplateSet } from './programs.js';
import { isProofStore, placeOfProof, storedProof, storeKey, storeProof, type ProofStore } from './proofs.js';

export interface TemplateOpenOptions extends OpenOptions {
  /** Which templates the probe runs. Default: quick. */
  readonly probe?: TemplateSet;
  /** Where proofs are kept from one page to the next, such as `localStorage`. See {@link ProofStore}. */
  readonly proofs?: ProofStore;
}

/** What the options of {@link openDevice} may be. */
export const OPEN_OPTIONS: OptionTable<TemplateOpenOptions> = {
  adapter: record,
  programs: either(list, func),
  allowInexact: flag,
  probe: oneOf('quick', 'full'),
  onProgress: func,
  proofs: kind('{ getItem, setItem }, such as localStorage', isProofStore),
};

/** What the caller knows of an adapter better than the adapter itself does. */
export interface KnownAdapter {
  readonly software?: boolean;
  /** `vulkan`, `metal`, ...: one device may compute differently through another. */
  readonly backend?: string;
}

/**
 * Opens the adapter that `gpu` offers and probes it: the patterns of the runtime, as `openDevice` of `heddle/runtime` does, whose
 * contract it keeps (`OpenDevice`), and the templates of the code generator. `preludes`: those of a bundle; default: this version's. The
 * caller keeps `gpu` referenced for as long as the device is used.
 *
 * @throws HeddleError: DEVICE_NOT_FOUND where there is none, DEVICE_INEXACT where its arithmetic cannot be made exact, USAGE for options
 *   that it does not have.
 */
export async function openDevice(
  gpu: GPU | undefined,
  preludes?: Preludes,
  options: TemplateOpenOptions = {},
): Promise<ProbedDevice> {
  return openKnown(gpu, preludes, options, {});
}

/** {@link openDevice}, by who knows the adapter. */
export async function openKnown(
  gpu: GPU | undefined,
  preludes: Preludes = buildPreludes(),
  options: TemplateOpenOptions,
  known: KnownAdapter,
): Promise<ProbedDevice> {
  checkedOptions(options, OPEN_OPTIONS, 'openDevice');
  const device = await openGpuDevice(gpu, options.adapter);
  const { software = device.software ?? false, backend = '' } = known;
  const opened = { ...device, software };
  try {
    const proof = await proofOf(gpu!, opened, backend, preludes, options);
    if (options.allowInexact !== true) requireExact(opened.name, proof.report);
    return { ...opened, ...proof };
  } catch (error) {
    opened.gpu.destroy();
    throw error;
  }
}

/**
 * Probes a device that somebody else has opened, as {@link openDevice} does; it stays theirs. Throws DEVICE_INEXACT
 * where its arithmetic cannot be made exact, USAGE for options that it does not have.
 */
export async function adoptDevice(
  gpu: GPUDevice,
  options: Pick<TemplateOpenOptions, 'allowInexact' | 'probe'> = {},
): Promise<ProbedDevice> {
  checkedOptions(options, OPEN_OPTIONS, 'adoptDevice');
  const { adapterInfo: info } = gpu as { readonly adapterInfo?: GPUAdapterInfo };
  const opened = { gpu, ...describeAdapter(info ?? {}) };
  const proof = await proofOf(gpu, opened, '', buildPreludes(), options);
  if (options.allowInexact !== true) requireExact(opened.name, proof.report);
  return { ...opened, ...proof };
}

type Opened = Pick<Device, 'gpu' | 'name'> & { readonly software: boolean };

async function proofOf(
  source: object,
  opened: Opened,
  backend: string,
  preludes: Preludes,
  { probe: set = 'quick', programs: given, onProgress, proofs: store, adapter }: TemplateOpenOptions,
): Promise<Proof> {
  const { gpu, name } = opened;
  // Kernels of this version may call what the preludes of another do not have.
  const templates = (): readonly ProbeProgram[] =>
    JSON.stringify(preludes) === JSON.stringify(buildPreludes()) ? templatePrograms(opened, set) : [];
  const prove = (programs: readonly ProbeProgram[]): Promise<Proof> =>
    proveDevice(gpu, name, preludes, { programs, allowInexact: true, onProgress });
  if (given !== undefined)
    return prove([...templates(), ...(typeof given === 'function' ? given(opened) : given)]);

  const place = placeOfProof(source, gpu, [opened.software, backend, set, adapter, preludes]);
  const known = place.proofs.get(place.key);
  if (known !== undefined) return known;
  const programs = templates();
  const kept = store && { store, key: storeKey(place, preludes, programs) };
  const stored = kept && storedProof(kept, preludes, Date.now());
  const proof = stored ?? (await prove(programs));
  if (kept !== undefined && stored === undefined) storeProof(kept, proof, Date.now());
  place.proofs.set(place.key, proof);
  return proof;
}
