/** Reads bundles: the container, with everything in it checked. */
import { safetensorsName } from '../base/dtype.js';
import { ensure, HeddleError } from '../base/errors.js';
import { must, object, parseJson, same, text } from '../base/fields.js';
import type { Container } from '../base/safetensors/read.js';
import { tensorFromBytes, type TensorData } from '../base/tensor.js';
import { checkPlan } from './check.js';
import { BUNDLE_VERSION, headerHash, metadataKey, sha256, type MetadataField } from './container.js';
import type { Plan } from './plan.js';
import type { Preludes } from './preludes.js';
import { readBundleContainer } from './read-container.js';
import { checkSuite } from './suite.js';

/** What a bundle holds. */
export interface Bundle {
  readonly plan: Plan;
  readonly preludes: Preludes;
  /** Name and version of what wrote it. */
  readonly producer: string;
  readonly numerics: 'exact';
  /** The graph behind the plan as IR text (`parseGraph` of `heddle` reads it), where the bundle has it. */
  readonly graph: string | undefined;
  /** The file, taken apart: its hashes hold. */
  readonly container: Container;
  /** A weight of the plan by its id: a view of the file wherever alignment allows it. */
  weights(id: string): TensorData;
}

const variants = object({ native: text, preserve: text, flush: text });
const checkPreludes = object<Preludes>({
  base: text,
  mac: object({ fusedZero: text, opaque: text }),
  divide: variants,
  squareRoot: variants,
  suite: checkSuite,
});

/**
 * Reads and checks a bundle. Throws USAGE if `bytes` is not a Uint8Array, FILE_FORMAT where they are something else,
 * FILE_VERSION where this loader cannot run it, FILE_TRUNCATED, and FILE_CORRUPT where a hash is wrong or anything in it
 * contradicts itself.
 */
export async function readBundle(bytes: Uint8Array): Promise<Bundle> {
  const container = readBundleContainer(bytes);
  const { metadata } = container;
  const optional = (key: MetadataField): string | undefined =>
    Object.hasOwn(metadata, metadataKey(key)) ? metadata[metadataKey(key)] : undefined;
  const field = (key: MetadataField): string => {
    const value = optional(key);
    must(value !== undefined, 'the metadata lacks a field', metadataKey(key));
    return value;
  };
  if (optional('version') === undefined)
    throw new HeddleError('FILE_FORMAT', 'a safetensors file, but not a bundle', {
      expected: `${metadataKey('version')} in the metadata`,
      hint: 'bundles are written by `heddle compile`',
    });
  const [version, numerics] = [field('version'), field('numerics')];
  const isKnown = version === BUNDLE_VERSION && numerics === 'exact';
  ensure(isKnown, 'FILE_VERSION', 'this loader does not run the bundle', {
    found: `version ${version}, ${numerics}`,
    expected: `version ${BUNDLE_VERSION}, exact`,
    hint: 'compile the model again',
  });
  const hashes = { headerSha256: await headerHash(container), weightsSha256: await sha256(container.data) };
  for (const [key, hash] of Object.entries(hashes))
    same(hash, field(key as keyof typeof hashes), 'the file was changed after it was written', key);

  const plan = parseJson(field('plan'), checkPlan, 'plan');
  return {
    plan,
    preludes: parseJson(field('preludes'), checkPreludes, 'preludes'),
    producer: field('producer'),
    numerics,
    graph: optional('graph'),
    container,
    weights: weightsOf(plan, container),
  };
}

/** Every weight that the plan names, in the shape that the plan gives it; the file's own may differ, its size may not. */
export function weightsOf({ weights }: Plan, { tensors, data }: Container): (id: string) => TensorData {
  const known = new Map(
    weights.map(({ id, dtype, shape }) => {
      const entry = tensors.get(id);
      must(entry !== undefined, 'a weight of the plan is missing', id);
      same(entry.dtype, safetensorsName(dtype), 'a weight has another dtype', `header["${id}"]`);
      return [id, tensorFromBytes(dtype, shape, data.subarray(...entry.data_offsets))];
    }),
  );
  return (id) => {
    const weight = known.get(id);
    ensure(weight !== undefined, 'USAGE', `the bundle has no weight "${id}"`);
    return weight;
  };
}
