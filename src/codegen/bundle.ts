/** Writes bundles: one file with everything that a program needs to run without the compiler. See src/plan/container.ts. */
import { checkWeight } from '../base/check-tensors.js';
import { ensure } from '../base/errors.js';
import { canonicalJson, METADATA } from '../base/safetensors/format.js';
import { concatenate, layOut, writeContainer } from '../base/safetensors/write.js';
import { describeType, type TensorData } from '../base/tensor.js';
import {
  BUNDLE_VERSION,
  headerHash,
  METADATA_KEYS,
  RESIDENT_BUNDLE_VERSION,
  sha256,
} from '../plan/container.js';
import type { Graph } from '../ir/graph.js';
import { printGraph } from '../ir/print.js';
import type { Plan, PlanPort, Preludes } from '../plan/plan.js';

export interface BundleOptions {
  /** Name and version of what writes the bundle. */
  readonly producer?: string;
  /** The graph that the plan was made from. Nothing needs it to run; `heddle verify` does to name the op at fault. */
  readonly graph?: Graph;
}

/**
 * A bundle as bytes. The same plan and weights give the same bytes, always. `weights` gives a weight by its id. Throws
 * WEIGHT_MISSING or WEIGHT_INVALID where a weight is not the one of the plan.
 */
export async function writeBundle(
  plan: Plan,
  preludes: Preludes,
  weights: (id: string) => TensorData,
  { producer = 'heddle', graph }: BundleOptions = {},
): Promise<Uint8Array> {
  const { tensors, parts } = layOut(
    plan.weights.map((weight) => {
      ensure(weight.id !== METADATA, 'WEIGHT_INVALID', `safetensors reserves the name "${METADATA}"`, {
        where: `weight "${weight.id}"`,
      });
      return [weight.id, checkWeight(weight, weights(weight.id))];
    }),
  );
  const data = concatenate(parts);
  const metadata = {
    [METADATA_KEYS.version]: plan.ports === undefined ? BUNDLE_VERSION : RESIDENT_BUNDLE_VERSION,
    [METADATA_KEYS.producer]: producer,
    [METADATA_KEYS.numerics]: 'exact',
    [METADATA_KEYS.inputs]: describePorts(plan.inputs),
    [METADATA_KEYS.outputs]: describePorts(plan.outputs),
    [METADATA_KEYS.plan]: canonicalJson(plan),
    [METADATA_KEYS.preludes]: canonicalJson(preludes),
    ...(graph === undefined ? {} : { [METADATA_KEYS.graph]: printGraph(graph, { names: true }) }),
    [METADATA_KEYS.weightsHash]: await sha256(data),
  };
  const hash = await headerHash({ metadata, tensors });
  return writeContainer({ metadata: { ...metadata, [METADATA_KEYS.headerHash]: hash }, tensors }, [data]);
}

const describePorts = (ports: readonly PlanPort[]): string =>
  ports.map(({ name, dtype, shape }) => `${name}: ${describeType(dtype, shape)}`).join(', ');
