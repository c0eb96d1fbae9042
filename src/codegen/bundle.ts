/** Writes bundles: one file with everything that a program needs to run without the compiler. See src/plan/container.ts. */
import { checkWeight } from '../base/check-tensors.js';
import { ensure } from '../base/errors.js';
import { canonicalJson, METADATA } from '../base/safetensors/format.js';
import { concatenate, layOut, writeContainer } from '../base/safetensors/write.js';
import { describeType, tensorBytes, type TensorData } from '../base/tensor.js';
import { BUNDLE_VERSION, headerHash, metadataKey, sha256, WASM_MODULE } from '../plan/container.js';
import type { WasmSection } from '../plan/read-wasm.js';
import type { Graph } from '../ir/graph.js';
import { printGraph } from '../ir/print.js';
import type { SizedGraphs } from '../plan/graphs.js';
import type { Plan, PlanPort } from '../plan/plan.js';
import type { Preludes } from '../plan/preludes.js';
import type { SizedPlans } from '../plan/sizes.js';

export interface BundleOptions {
  /** Name and version of what writes the bundle. */
  readonly producer?: string;
  /** The graph that the plan was made from. Nothing needs it to run; `heddle verify` does to name the op at fault. */
  readonly graph?: Graph;
  /** The same program for several sizes, of which `plan` is the first. */
  readonly sized?: {
    readonly sizes: SizedPlans;
    readonly plans: readonly WeighedPlan[];
    /** The graphs of all of them, for tools. */
    readonly graphs: SizedGraphs;
  };
  /** The same program for WebAssembly. */
  readonly wasm?: WasmSection;
}

/** A plan with its weights by their ids. */
export interface WeighedPlan {
  readonly plan: Plan;
  readonly weights: (id: string) => TensorData;
}

/**
 * A bundle as bytes. The same plans and weights give the same bytes, always; a weight that both plans have is there once.
 * `weights` gives a weight by its id. Throws WEIGHT_MISSING or WEIGHT_INVALID where a weight is not the one of the plan.
 */
export async function writeBundle(
  plan: Plan,
  preludes: Preludes,
  weights: (id: string) => TensorData,
  { producer = 'heddle', graph, wasm, sized }: BundleOptions = {},
): Promise<Uint8Array> {
  const stored = weightsFor(plan, weights);
  const store = (found: ReadonlyMap<string, TensorData>): void => {
    for (const [id, weight] of found) {
      const known = stored.get(id);
      const fits = known === undefined || areEqual(known, weight);
      ensure(fits, 'WEIGHT_INVALID', 'two weights have one name', { where: `weight "${id}"` });
      stored.set(id, known ?? weight);
    }
  };
  for (const other of sized?.plans ?? []) store(weightsFor(other.plan, (id) => other.weights(id)));
  if (wasm !== undefined) store(weightsFor(wasm.plan, (id) => wasm.weights(id)));
  const { tensors: entries, parts: bytes } = layOut(stored);
  const tensors = new Map(entries);
  const parts = [...bytes];
  if (wasm !== undefined) {
    const start = parts.reduce((sum, { length }) => sum + length, 0);
    const { length } = wasm.module;
    tensors.set(WASM_MODULE, { dtype: 'U8', shape: [length], data_offsets: [start, start + length] });
    parts.push(wasm.module);
  }
  const data = concatenate(parts);
  const metadata = {
    [metadataKey('version')]: BUNDLE_VERSION,
    [metadataKey('producer')]: producer,
    [metadataKey('numerics')]: 'exact',
    [metadataKey('inputs')]: describePorts(plan.inputs),
    [metadataKey('outputs')]: describePorts(plan.outputs),
    [metadataKey('plan')]: canonicalJson(plan),
    [metadataKey('preludes')]: canonicalJson(preludes),
    ...(wasm === undefined ? {} : { [metadataKey('wasmPlan')]: canonicalJson(wasm.plan) }),
    ...(sized === undefined
      ? {}
      : {
          [metadataKey('sizes')]: canonicalJson(sized.sizes),
          [metadataKey('graphs')]: canonicalJson(sized.graphs),
        }),
    ...(graph === undefined ? {} : describeGraph(graph)),
    [metadataKey('weightsSha256')]: await sha256(data),
  };
  const hash = await headerHash({ metadata, tensors });
  return writeContainer({ metadata: { ...metadata, [metadataKey('headerSha256')]: hash }, tensors }, [data]);
}

const describeGraph = (graph: Graph): Readonly<Record<string, string>> => ({
  [metadataKey('graph')]: printGraph(graph),
  ...(graph.nodes.every(({ name }) => name === undefined)
    ? {}
    : { [metadataKey('names')]: canonicalJson(graph.nodes.map(({ name = '' }) => name)) }),
});

/** The weights of a plan by their ids. */
const weightsFor = (plan: Plan, weights: (id: string) => TensorData): Map<string, TensorData> =>
  new Map(
    plan.weights.map((weight) => {
      ensure(!RESERVED.includes(weight.id), 'WEIGHT_INVALID', `bundles reserve the name "${weight.id}"`, {
        where: `weight "${weight.id}"`,
      });
      return [weight.id, checkWeight(weight, weights(weight.id))];
    }),
  );

const RESERVED: readonly string[] = [METADATA, WASM_MODULE];

function areEqual(a: TensorData, b: TensorData): boolean {
  if (a === b) return true;
  const [x, y] = [a.data, b.data];
  if (a.dtype === b.dtype && x.buffer === y.buffer && x.byteOffset === y.byteOffset && x.length === y.length)
    return true;
  const [left, right] = [tensorBytes(a), tensorBytes(b)];
  return a.dtype === b.dtype && left.length === right.length && left.every((byte, i) => byte === right[i]);
}

const describePorts = (ports: readonly PlanPort[]): string =>
  ports.map(({ name, dtype, shape }) => `${name}: ${describeType(dtype, shape)}`).join(', ');
