/** Loads bundles that have plans for several sizes: each run takes the one for the shapes of its inputs. */
import { copyInputs, type TensorSpec } from '../base/check-tensors.js';
import { ensure } from '../base/errors.js';
import { parseJson } from '../base/fields.js';
import { isBytes } from '../base/values.js';
import type { TensorData } from '../base/tensor.js';
import { checkPlan } from '../plan/check.js';
import { metadataKey } from '../plan/container.js';
import type { Plan } from '../plan/plan.js';
import { readBundle, weightsOf, type Bundle } from '../plan/read-bundle.js';
import { checkSizedPlans, planOf, type PlanSize, type SizedInput, type SizedPlans } from '../plan/sizes.js';
import type { Device } from '../runtime/device.js';
import { Executable } from '../runtime/executable.js';
import type { Tensors } from '../runtime/inputs.js';
import type { Progress } from '../runtime/pipelines.js';
import { Bindings, DEFAULT_BINDINGS } from '../runtime/shared/bindings.js';
import { shareOnGpu, type GpuPart } from '../runtime/shared/gpu.js';
import { deviceFor } from './load.js';
import { extentsOf, sizeFor } from './sizes.js';

export interface DynamicLoadOptions {
  /** Where to run it: a device that was opened before, or WebGPU itself (`navigator.gpu`), which is then opened. */
  readonly device: Device | GPU;
  /** Called as pipelines become ready. */
  readonly onProgress?: Progress;
  /** For how many sizes it stays ready. Default: 16. */
  readonly maxBindings?: number;
}

/** What a bundle is ready to run with. */
export interface SizeBinding {
  /** By the names of the dimensions. */
  readonly sizes: Readonly<Record<string, number>>;
  /** Bytes of intermediate values. */
  readonly arenaBytes: number;
  readonly kernels: number;
  /** Pipelines that no binding before it had. */
  readonly newPipelines: number;
  /** How long it took to make. */
  readonly milliseconds: number;
}

interface Entry extends SizeBinding {
  readonly executable: Executable;
  dispose(): void;
}

/** A bundle for several sizes on a device. Made by {@link loadDynamicBundle}. */
export class DynamicExecutable {
  readonly #plans: SizedPlans;
  readonly #bindings: Bindings<Entry>;
  readonly #make: (size: PlanSize) => Promise<Entry>;

  constructor(plans: SizedPlans, maxBindings: number, make: (size: PlanSize) => Promise<Entry>) {
    this.#plans = plans;
    this.#bindings = new Bindings(maxBindings);
    this.#make = make;
  }

  /** What it takes; axes are numbers, or dimensions as text. */
  get inputs(): readonly SizedInput[] {
    return this.#plans.inputs;
  }

  /** The sizes that it was compiled for, by the names of the dimensions. */
  get sizes(): readonly Readonly<Record<string, number>>[] {
    return this.#plans.sizes.map((size) => namedSizes(this.#plans, size));
  }

  /**
   * Runs it with the plan for the shapes of `inputs`, as they are at the time of the call. Runs queue up. Rejects with INPUT_* for
   * inputs that do not fit, among them shapes that it was not compiled for.
   */
  async run(inputs: Tensors): Promise<Record<string, TensorData>> {
    const size = sizeFor(this.#plans, inputs);
    const own = copyInputs(specsOf(this.#plans, size), inputs);
    return this.#use(size, async ({ executable }) => ({ ...(await executable.run(own)) }));
  }

  /** Makes what a run with inputs of these shapes needs, ahead of it. Rejects as that would. */
  async ready(shapes: Readonly<Record<string, readonly number[]>>): Promise<void> {
    const given = Object.entries(Object(shapes) as typeof shapes).map(([name, shape]) => [name, { shape }] as const); // prettier-ignore
    await this.#use(sizeFor(this.#plans, Object.fromEntries(given)), () => Promise.resolve());
  }

  /** What it is ready for; sizes that were used last come last. */
  bindings(): readonly SizeBinding[] {
    return this.#bindings.values().map(({ sizes, arenaBytes, kernels, newPipelines, milliseconds }) => ({
      sizes,
      arenaBytes,
      kernels,
      newPipelines,
      milliseconds,
    }));
  }

  /** Frees all device memory, after the runs that were asked for. Runs after this fail. */
  dispose(): void {
    this.#bindings.dispose();
  }

  #use<T>(size: PlanSize, body: (entry: Entry) => Promise<T>): Promise<T> {
    return this.#bindings.use(size.extents.join(), () => this.#make(size), body);
  }
}

const namedSizes = ({ symbols }: SizedPlans, { values }: PlanSize): Record<string, number> =>
  Object.fromEntries(symbols.map((symbol, i) => [symbol, values[i]]));

const specsOf = ({ inputs }: SizedPlans, size: PlanSize): TensorSpec[] =>
  inputs.map(({ name, dtype }, i) => ({ name, dtype, shape: extentsOf(inputs, size)[i] }));

/** The plans of a bundle for all of its sizes; undefined where it has one. Throws FILE_CORRUPT where they contradict themselves. */
export function sizedPlansOf({ plan, container: { metadata } }: Bundle): SizedPlans | undefined {
  const key = metadataKey('sizes');
  return Object.hasOwn(metadata, key) ? parseJson(metadata[key], checkSizedPlans(plan), key) : undefined;
}

/**
 * Makes a bundle that was compiled for ranges of sizes ready to run with any of them. Plans share weights, arena and pipelines.
 * Throws what `loadBundle` does, and USAGE where the bundle has one size.
 */
export async function loadDynamicBundle(
  bytes: Uint8Array,
  given: DynamicLoadOptions,
): Promise<DynamicExecutable> {
  const {
    device,
    onProgress,
    maxBindings = DEFAULT_BINDINGS,
    ...others
  } = Object(given) as DynamicLoadOptions;
  ensure(
    Object.keys(others).length === 0 && Number.isSafeInteger(maxBindings) && maxBindings > 0,
    'USAGE',
    'a bundle is loaded with a device',
    { expected: 'loadDynamicBundle(bytes, { device }), and onProgress and maxBindings (from 1) or not' },
  );
  const bundle = await readBundle(isBytes(bytes) ? new Uint8Array(bytes) : bytes);
  const plans = sizedPlansOf(bundle);
  ensure(plans !== undefined, 'USAGE', 'the bundle was compiled for one size', {
    expected: 'a bundle of a model with ranges of sizes: heddle compile --dim NAME=1..8',
    hint: 'loadBundle of heddle/runtime runs it',
  });
  const opened = await deviceFor(device, bundle.preludes);
  const share = shareOnGpu(opened.gpu);
  return new DynamicExecutable(plans, maxBindings, async (size) => {
    const start = performance.now();
    const plan = checkPlan(planOf(plans, bundle.plan, size), metadataKey('sizes'));
    const part = share();
    const executable = await executableFor(plan, bundle, opened, part, onProgress);
    return {
      executable,
      sizes: namedSizes(plans, size),
      arenaBytes: plan.arenaBytes,
      kernels: plan.commands.length,
      newPipelines: part.newPipelines(),
      milliseconds: performance.now() - start,
      dispose: () => {
        executable.dispose();
        part.lease.release();
      },
    };
  });
}

async function executableFor(
  plan: Plan,
  { preludes, container }: Bundle,
  device: Device,
  part: GpuPart,
  onProgress?: Progress,
): Promise<Executable> {
  try {
    return await Executable.create(plan, preludes, weightsOf(plan, container), device, {
      ...(onProgress === undefined ? {} : { onProgress }),
      shared: part.gpu,
    });
  } catch (error) {
    part.lease.release();
    throw error;
  }
}
