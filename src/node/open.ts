/** Opens WebGPU devices in Node by name. */
import { checkArguments } from '../base/arguments.js';
import { record, required, text } from '../base/kinds.js';
import { checkedOptions, type OptionTable } from '../base/options.js';
import type { Preludes } from '../plan/preludes.js';
import { buildPreludes } from '../codegen/wgsl/prelude.js';
import type { ProbedDevice } from '../device/open.js';
import { withVariables, type Variables } from '../softgpu/process.js';
import { OPEN_OPTIONS, openKnown, type TemplateOpenOptions } from '../device/templates/open.js';
import { importDawn, type AdapterDescription } from './adapters.js';
import { findAdapter } from './find.js';

export interface NodeOpenOptions extends Omit<TemplateOpenOptions, 'adapter' | 'proofs'> {
  /** Those of a bundle, where another version wrote it; this version's without. */
  readonly preludes?: Preludes;
}

const { programs, allowInexact, onProgress, probe } = OPEN_OPTIONS;
/** What the options of {@link openNodeDevice} may be. */
export const NODE_OPTIONS: OptionTable<NodeOpenOptions> = {
  preludes: record,
  programs,
  allowInexact,
  onProgress,
  probe,
};

/** A device of this process. */
export interface NodeDevice extends ProbedDevice {
  readonly adapter: AdapterDescription;
  /** Held here because Node crashes if it is collected while the device is in use. */
  readonly instance: GPU;
}

/**
 * Opens `webgpu`, the best adapter that there is (hardware before software; {@link openDefaultDevice} takes the CPU before software), or `webgpu:NAME`, the one whose name
 * contains NAME in either case. Where the npm package `@sparticuz/chromium` is installed, its SwiftShader is offered as
 * well, whatever environment this process was started with. (Where the device is Mesa's lavapipe, Dawn itself writes a few
 * warnings about `maxDynamic...BuffersPerPipelineLayout` to stderr, which mean nothing here.) Throws DEVICE_NOT_FOUND with
 * the adapters that there are, DEVICE_INEXACT where the device cannot be made exact, USAGE for other names and options.
 */
export async function openNodeDevice(device = 'webgpu', options: NodeOpenOptions = {}): Promise<NodeDevice> {
  checkArguments('openNodeDevice', { device }, { device: required(text) });
  const { preludes = buildPreludes(), ...rest } = checkedOptions(options, NODE_OPTIONS, 'openNodeDevice');
  const { adapter, variables } = await findAdapter(device);
  const instance = await instanceFor(adapter, variables);
  return { ...(await openKnown(instance, preludes, rest, adapter)), adapter, instance };
}

/** An instance that offers `adapter` only, and from now on needs no environment. */
async function instanceFor({ name, backend }: AdapterDescription, variables: Variables): Promise<GPU> {
  const create = await importDawn();
  return withVariables(variables, async () => {
    const instance = create([`adapter=${name}`, `backend=${backend}`]);
    // Dawn looks for drivers when it is first asked, and remembers them.
    await instance.requestAdapter();
    return instance;
  });
}
