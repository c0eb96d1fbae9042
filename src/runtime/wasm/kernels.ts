/** The kernels of a module, ready to be called. */
import { ensure, HeddleError } from '../../base/errors.js';
import type { Factors, Plan } from '../../plan/plan.js';
import type { SubnormalMode } from '../../numerics/subnormals.js';
import { FLUSH_GLOBAL, MEMORY_IMPORT, SCRATCH_GLOBAL } from '../../plan/wasm.js';
import type { LinearMemory } from './memory.js';
import type { StandIns } from './normal.js';

/** Runs the workgroups from `from` up to `to`. */
export type KernelFunction = (record: number, scratch: number, from: number, to: number) => void;

export interface Kernels {
  readonly code: WebAssembly.Module;
  /** Exports: those of the pipelines in their order, and then those of `normal`, which stand in for them. */
  readonly names: readonly string[];
  readonly functions: readonly KernelFunction[];
  readonly normal: readonly { readonly pipeline: number; readonly factors: Factors }[];
  /** Bytes of scratch memory that a call needs. */
  readonly scratch: number;
}

/** What kernels need of a device. */
export interface KernelHost {
  readonly memory: LinearMemory;
  readonly profile: { readonly subnormals: SubnormalMode };
  readonly standIns?: StandIns | undefined;
}

/** A module as bytes, or compiled by the host. */
export type ModuleSource = Uint8Array<ArrayBuffer> | WebAssembly.Module;

/** Compiles the module of the plan `name`. Throws DEVICE_VALIDATION where the host refuses it. */
export const compileModule = (bytes: Uint8Array<ArrayBuffer>, name: string): Promise<WebAssembly.Module> =>
  WebAssembly.compile(bytes).catch(refused(name));

const refused =
  (where: string) =>
  (cause: unknown): never => {
    const found = cause instanceof Error ? cause.message : String(cause);
    throw new HeddleError('DEVICE_VALIDATION', 'the host refused the kernels', { where, found, cause });
  };

/**
 * Puts kernels in place. Throws DEVICE_VALIDATION where the host refuses the module, IR_INVALID where it is not that of the plan, USAGE
 * where it treats subnormals otherwise than the device.
 */
export async function instantiate(
  { pipelines, name }: Plan,
  module: ModuleSource,
  { memory: { memory }, profile, standIns }: KernelHost,
): Promise<Kernels> {
  const { module: space, name: field } = MEMORY_IMPORT;
  const code = module instanceof WebAssembly.Module ? module : await compileModule(module, name);
  const imports = { [space]: { [field]: memory } };
  const { exports } = await WebAssembly.instantiate(code, imports).catch(refused(name));
  const scratch = exports[SCRATCH_GLOBAL];
  const own = pipelines.map(({ code }) => code);
  const normal =
    standIns && pipelines.flatMap((each, pipeline) => (each.normal ? [{ ...each.normal, pipeline }] : []));
  const names = [...own, ...(normal ?? []).map((kernel) => kernel.code)];
  const functions = names.map((each) => exports[each]);
  if (!(scratch instanceof WebAssembly.Global) || !functions.every((each) => typeof each === 'function'))
    throw new HeddleError('IR_INVALID', 'the module is not that of the plan', { where: name });
  const { subnormals: expected } = profile;
  ensure(
    FLUSH_GLOBAL in exports === (expected === 'flush'),
    'USAGE',
    'the kernels treat subnormals differently',
    {
      where: name,
      expected,
    },
  );
  return {
    code,
    names,
    functions: functions as KernelFunction[],
    normal: normal ?? [],
    scratch: Number(scratch.value),
  };
}
