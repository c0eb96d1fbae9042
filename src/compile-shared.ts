/** Prepared programs on a device: alone, or with what the programs of one model have in common there. */
import { ensure } from './base/errors.js';
import { preludeTexts } from './codegen/wgsl/prelude.js';
import { shareOn, type SharedPart } from './dynamic/share.js';
import type { Program } from './ir/graph.js';
import { weightsOf } from './ir/weights.js';
import type { Bound } from './dynamic/program.js';
import type { AnyDevice } from './runtime/check-device.js';
import { Executable } from './runtime/executable.js';
import type { Progress } from './runtime/pipelines.js';
import { isWasmDevice, type WasmDevice } from './runtime/wasm/device.js';
import { WasmExecutable } from './runtime/wasm/executable.js';
import {
  kernelSharing,
  planningOf,
  prepareChecked,
  type Prepared,
  type PrepareOptions,
  type SampleSource,
} from './prepare.js';

/** What runs a program on a device of a kind. */
export type ExecutableOn<D extends AnyDevice> = D extends WasmDevice ? WasmExecutable : Executable;

/** Where a program runs. */
export interface LoadOptions<D extends AnyDevice = AnyDevice> {
  readonly device: D;
  /** Called as pipelines become ready. */
  readonly onProgress?: Progress;
}

/** A prepared program on a device. Throws USAGE where it was prepared for one of another kind. */
export async function load(
  { planned: { plan, module }, program }: Prepared,
  { device, onProgress }: LoadOptions,
  shared?: SharedPart,
): Promise<Executable | WasmExecutable> {
  const weights = weightsOf(program);
  const isWasm = isWasmDevice(device);
  ensure(isWasm === (module !== undefined), 'USAGE', 'the program was prepared for another kind of device', {
    expected: `the target ${isWasm ? 'WASM_TARGET' : 'DEFAULT_TARGET, SOFTWARE_TARGET'}, or none where it is compiled`,
    where: device.name,
  });
  if (!isWasm)
    return Executable.create(plan, preludeTexts(), weights, device, {
      ...(onProgress === undefined ? {} : { onProgress }),
      ...(shared?.gpu === undefined ? {} : { shared: shared.gpu }),
    });
  const executable = await WasmExecutable.create(plan, module!.bytes, weights, device, shared?.wasm);
  onProgress?.(plan.pipelines.length, plan.pipelines.length);
  return executable;
}

/**
 * Prepares and loads a program of a model. All that one compiler makes have their weights, an arena and, where kernels differ in
 * numbers only, pipelines in common, so that no two of them may run at a time. `samples`: the program for other sizes, which
 * show the numbers that change; asked for where kernels are new. Default: none, so that programs that come show them.
 */
export type SharedCompiler<D extends AnyDevice> = (
  program: Program,
  options: PrepareOptions,
  samples?: SampleSource,
) => Promise<Bound<Prepared, ExecutableOn<D>>>;

/** See {@link SharedCompiler}. */
export function sharedCompiler<D extends AnyDevice>(
  options: LoadOptions<D> & Pick<PrepareOptions, 'target'>,
): SharedCompiler<D> {
  const share = shareOn(options.device);
  const sharing = kernelSharing(options.target);
  return async (program, request, samples = () => []) => {
    const planning = planningOf(program, request);
    const prepared = prepareChecked(program, planning, sharing?.(planning, samples));
    const part = share();
    try {
      const executable = (await load(prepared, options, part)) as ExecutableOn<D>;
      const dispose = (): void => {
        executable.dispose();
        part.lease.release();
      };
      return { prepared, executable, newPipelines: part.newPipelines(), dispose };
    } catch (error) {
      part.lease.release();
      throw error;
    }
  };
}
