/** Prepared programs on a device: alone, or with what the programs of one model have in common there. */
import { ensure } from './base/errors.js';
import type { TensorData } from './base/tensor.js';
import { preludeTexts } from './codegen/wgsl/prelude.js';
import {
  MAX_REMEMBERED_BYTES,
  MAX_REMEMBERED_SIZES,
  RememberedPlans,
  type RememberedLimit,
  type RememberedPlan,
} from './dynamic/remembered.js';
import { shareOn, type SharedPart } from './dynamic/share.js';
import { checkGraph } from './ir/check-program.js';
import type { Program } from './ir/graph.js';
import { weightsOf } from './ir/weights.js';
import type { Bound } from './dynamic/program.js';
import type { Plan } from './plan/plan.js';
import type { AnyDevice } from './runtime/check-device.js';
import { Executable } from './runtime/executable.js';
import type { Progress } from './runtime/pipelines.js';
import { isWasmDevice, type WasmDevice } from './runtime/wasm/device.js';
import { WasmExecutable } from './runtime/wasm/executable.js';
import { compileModule, type ModuleSource } from './runtime/wasm/kernels.js';
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

/** What is put on a device: a plan, its weights by their ids, and where kernels are WebAssembly their module. */
interface Loadable {
  readonly plan: Plan;
  readonly module?: ModuleSource | undefined;
  readonly weights: (id: string) => TensorData;
}

/** A prepared program on a device. Throws USAGE where it was prepared for one of another kind. */
export function load(
  { planned: { plan, module }, program }: Prepared,
  options: LoadOptions,
): Promise<Executable | WasmExecutable> {
  return loadPlan({ plan, module: module?.bytes, weights: weightsOf(program) }, options);
}

async function loadPlan(
  { plan, module, weights }: Loadable,
  { device, onProgress }: LoadOptions,
  shared?: SharedPart,
): Promise<Executable | WasmExecutable> {
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
  const executable = await WasmExecutable.create(plan, module!, weights, device, shared?.wasm);
  onProgress?.(plan.pipelines.length, plan.pipelines.length);
  return executable;
}

/** One of the programs of a model. */
export interface SharedRequest {
  /** The program; asked for where there is no plan of it. */
  readonly program: () => Program;
  readonly options: PrepareOptions;
  /**
   * The program for other sizes, which show the numbers that change; asked for where kernels are new. Default: none, so that programs
   * that come show them.
   */
  readonly samples?: SampleSource | undefined;
  /** What tells it from the others: its plan is remembered by it. Default: it is not remembered. */
  readonly key?: string;
}

/**
 * Prepares and loads programs of a model. All that one compiler makes have their weights, an arena and, where kernels differ in
 * numbers only, pipelines in common, so that no two of them may run at a time. Plans are remembered, with their pipelines or modules, when
 * what runs them is disposed.
 */
export interface SharedCompiler<D extends AnyDevice> {
  compile(request: SharedRequest): Promise<Bound<Prepared, ExecutableOn<D>>>;
  /** Whether the plan is remembered that was made for `key`. */
  has(key: string): boolean;
  /** The same, which counts as a use of the plan. */
  renew(key: string): boolean;
  /** The limit for which a plan was forgotten last. */
  limit(): RememberedLimit | undefined;
  /** Forgets the plans. */
  dispose(): void;
}

/** See {@link SharedCompiler}. */
export function sharedCompiler<D extends AnyDevice>(
  options: LoadOptions<D> & Pick<PrepareOptions, 'target'>,
): SharedCompiler<D> {
  const share = shareOn(options.device);
  const sharing = kernelSharing(options.target);
  const plans = new RememberedPlans(MAX_REMEMBERED_SIZES, MAX_REMEMBERED_BYTES);

  const prepared = ({ program, options: given, samples = () => [] }: SharedRequest): Prepared => {
    const own = program();
    checkGraph('prepare', own.graph);
    const planning = planningOf(own, given);
    return prepareChecked(own, planning, sharing?.(planning, samples));
  };
  const loaded = async (
    part: SharedPart,
    loadable: Loadable,
    own: () => Prepared,
  ): Promise<Bound<Prepared, ExecutableOn<D>>> => {
    try {
      const executable = (await loadPlan(loadable, options, part)) as ExecutableOn<D>;
      const dispose = (): void => {
        executable.dispose();
        part.lease.release();
      };
      return { plan: loadable.plan, prepared: own, executable, newPipelines: part.newPipelines(), dispose };
    } catch (error) {
      part.lease.release();
      throw error;
    }
  };
  const remembered = (known: RememberedPlan, own: () => Prepared): ReturnType<typeof loaded> => {
    const { plan, weights, code, keeper } = known;
    const tensors = new Map(plan.weights.map(({ id }, i) => [id, weights[i]]));
    return loaded(share(keeper), { plan, module: code, weights: weightsOf({ weights: tensors }) }, own);
  };

  return {
    compile: async (request) => {
      const { key } = request;
      const known = key === undefined ? undefined : plans.find(key);
      // What was prepared is made again where it is asked for.
      if (known !== undefined)
        return remembered(
          known,
          once(() => withPlan(prepared(request), known.plan)),
        );
      const made = prepared(request);
      const { plan, module } = made.planned;
      const weights = weightsOf(made.program);
      if (key === undefined) return loaded(share(), { plan, module: module?.bytes, weights }, () => made);
      const tensors = plan.weights.map(({ id }) => weights(id));
      // A module has the code of one size: it is kept as the host compiled it.
      const code = module && (await compileModule(module.bytes, plan.name));
      const bytes = module?.bytes.length ?? 0;
      return remembered(plans.keep(key, { plan, weights: tensors, code, codeBytes: bytes }), () => made);
    },
    has: (key) => plans.has(key),
    renew: (key) => plans.renew(key),
    limit: () => plans.limit,
    dispose: () => plans.clear(),
  };
}

/** `prepared` with the plan that was made when it was prepared before. */
const withPlan = (prepared: Prepared, plan: Plan): Prepared => ({
  ...prepared,
  planned: { ...prepared.planned, plan },
});

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
