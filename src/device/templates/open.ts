/** Opens devices as the runtime does, and has the probe run the templates as well as its patterns. */
import { either, flag, func, list, oneOf, record } from '../../base/kinds.js';
import { checkedOptions, type OptionTable } from '../../base/options.js';
import type { Preludes } from '../../plan/preludes.js';
import { buildPreludes } from '../../codegen/wgsl/prelude.js';
import { openGpuDevice, type Device } from '../../runtime/device.js';
import { proveDevice, requireExact, type OpenOptions, type ProbedDevice, type Proof } from '../open.js';
import { templatePrograms, type TemplateSet } from './programs.js';

export interface TemplateOpenOptions extends OpenOptions {
  /** Which templates the probe runs. Default: quick. */
  readonly probe?: TemplateSet;
}

/** What the options of {@link openWithTemplates} may be. */
export const OPEN_OPTIONS: OptionTable<TemplateOpenOptions> = {
  adapter: record,
  programs: either(list, func),
  allowInexact: flag,
  probe: oneOf('quick', 'full'),
};

/** What the caller knows of an adapter better than the adapter itself does. */
export interface KnownAdapter {
  readonly software?: boolean;
  /** `vulkan`, `metal`, ...: one device may compute differently through another. */
  readonly backend?: string;
}

/**
 * The proofs by {@link proofKey}, one list for the process: in it a GPU stays as it is, so that a device opened again is not
 * probed again.
 */
const proofs = new Map<string, Proof>();

/**
 * `openDevice` of the package, where the loader has one without templates. Opens the adapter that `gpu` offers and
 * probes it: the patterns of the runtime, and the templates of the code generator. The caller keeps `gpu` referenced for as long as the device is used. Throws DEVICE_NOT_FOUND where there is none,
 * DEVICE_INEXACT where its arithmetic cannot be made exact, USAGE for options that it does not have.
 */
export async function openWithTemplates(
  gpu: GPU,
  preludes: Preludes = buildPreludes(),
  options: TemplateOpenOptions = {},
  known: KnownAdapter = {},
): Promise<ProbedDevice> {
  checkedOptions(options, OPEN_OPTIONS, 'openDevice');
  const device = await openGpuDevice(gpu, options.adapter);
  const { software = device.software ?? false, backend } = known;
  const opened = { ...device, software };
  try {
    const proof = await proofOf(opened, backend, preludes, options);
    if (options.allowInexact !== true) requireExact(opened.name, proof.report);
    return { ...opened, ...proof };
  } catch (error) {
    opened.gpu.destroy();
    throw error;
  }
}

/**
 * Probes a device that somebody else has opened, as {@link openWithTemplates} does; it stays theirs. Throws DEVICE_INEXACT
 * where its arithmetic cannot be made exact, USAGE for options that it does not have.
 */
export async function adoptDevice(
  gpu: GPUDevice,
  options: Pick<TemplateOpenOptions, 'allowInexact' | 'probe'> = {},
): Promise<ProbedDevice> {
  checkedOptions(options, OPEN_OPTIONS, 'adoptDevice');
  const { adapterInfo: info } = gpu as { readonly adapterInfo?: GPUAdapterInfo };
  const opened = {
    gpu,
    name: info?.description || info?.device || info?.vendor || 'unnamed adapter',
    software: info?.isFallbackAdapter ?? false,
  };
  const proof = await proofOf(opened, '', buildPreludes(), options);
  if (options.allowInexact !== true) requireExact(opened.name, proof.report);
  return { ...opened, ...proof };
}

type Opened = Pick<Device, 'gpu' | 'name'> & { readonly software: boolean };

async function proofOf(
  opened: Opened,
  backend: string | undefined,
  preludes: Preludes,
  { probe: set = 'quick', programs }: TemplateOpenOptions,
): Promise<Proof> {
  const prove = (): Promise<Proof> => {
    const own = typeof programs === 'function' ? programs(opened) : (programs ?? []);
    // Kernels of this version may call what the preludes of another do not have.
    const ours = JSON.stringify(preludes) === JSON.stringify(buildPreludes());
    const templates = ours ? templatePrograms(opened, set) : [];
    return proveDevice(opened.gpu, opened.name, preludes, { programs: [...templates, ...own], allowInexact: true }); // prettier-ignore
  };
  const key =
    programs === undefined ? proofKey(opened.gpu, opened.software, backend ?? '', set, preludes) : undefined;
  if (key === undefined) return prove();
  const proof = proofs.get(key) ?? (await prove());
  proofs.set(key, proof);
  return proof;
}

/** What a proof is about: the adapter, and how it was proved; undefined where the adapter does not say who it is. */
function proofKey(gpu: GPUDevice, ...facts: readonly unknown[]): string | undefined {
  // Older browsers do not have it.
  const info = (gpu as { readonly adapterInfo?: GPUAdapterInfo }).adapterInfo;
  if (info === undefined) return undefined;
  const { vendor, architecture, device, description } = info;
  const isAnonymous = [vendor, device, description].every((text) => text === '');
  return isAnonymous ? undefined : JSON.stringify([vendor, architecture, device, description, ...facts]);
}
