/** Writes bundles: one file with everything that a program needs to run without the compiler. See src/plan/container.ts. */
import { checkWeight } from '../base/check-tensors.js';
import {
  BUNDLE_VERSION,
  canonicalJson,
  HEADER_ALIGNMENT,
  headerHash,
  headerText,
  LENGTH_BYTES,
  METADATA,
  METADATA_KEYS,
  RESIDENT_BUNDLE_VERSION,
  sha256,
  type TensorEntry,
} from '../plan/container.js';
import { DTYPE_INFO } from '../base/dtype.js';
import { ensure } from '../base/errors.js';
import { describeType, tensorBytes, type TensorData } from '../base/tensor.js';
import type { Graph } from '../ir/graph.js';
import { printGraph } from '../ir/print.js';
import type { Plan, PlanPort, PlanWeight } from '../plan/plan.js';
import type { Preludes } from '../plan/plan.js';

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
  const tensors = new Map<string, TensorEntry>();
  const parts: Uint8Array[] = [];
  let end = 0;
  for (const weight of inFileOrder(plan.weights)) {
    ensure(weight.id !== METADATA, 'WEIGHT_INVALID', `safetensors reserves the name "${METADATA}"`, {
      where: `weight "${weight.id}"`,
    });
    const tensor = checkWeight(weight, weights(weight.id));
    const bytes = tensorBytes(tensor);
    const { safetensors } = DTYPE_INFO[weight.dtype];
    tensors.set(weight.id, {
      dtype: safetensors,
      shape: tensor.shape,
      data_offsets: [end, end + bytes.length],
    });
    parts.push(bytes);
    end += bytes.length;
  }
  const data = concatenate(parts, end);
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
  const text = headerText({ metadata: { ...metadata, [METADATA_KEYS.headerHash]: hash }, tensors });
  const header = padded(new TextEncoder().encode(text));
  const length = new Uint8Array(LENGTH_BYTES);
  new DataView(length.buffer).setBigUint64(0, BigInt(header.length), true);
  return concatenate([length, header, data], length.length + header.length + data.length);
}

/** safetensors allows no gaps; larger elements first keeps every tensor aligned to its own elements. */
function inFileOrder(weights: readonly PlanWeight[]): PlanWeight[] {
  const bytes = ({ dtype }: PlanWeight): number => DTYPE_INFO[dtype].hostBytes;
  return [...weights].sort((a, b) => bytes(b) - bytes(a) || (a.id < b.id ? -1 : 1));
}

const describePorts = (ports: readonly PlanPort[]): string =>
  ports.map(({ name, dtype, shape }) => `${name}: ${describeType(dtype, shape)}`).join(', ');

function padded(header: Uint8Array): Uint8Array {
  const SPACE = 0x20;
  const out = new Uint8Array(Math.ceil(header.length / HEADER_ALIGNMENT) * HEADER_ALIGNMENT).fill(SPACE);
  out.set(header);
  return out;
}

function concatenate(parts: readonly Uint8Array[], length: number): Uint8Array {
  const out = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    out.set(part, offset);
    offset += part.length;
  }
  return out;
}
