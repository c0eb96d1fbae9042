/**
 * The container of bundles, which writer and loader share: a safetensors file (https://github.com/huggingface/safetensors),
 * that is the length of the header as 8 little-endian bytes, the header as JSON, and the tensors end to end without gaps.
 * Every tool that knows safetensors can read the weights; the rest is strings in the header's metadata.
 */

/** Increased whenever older loaders would misread a bundle. */
export const BUNDLE_VERSION = '1';

/** That of bundles with resident inputs and outputs, which loaders of version 1 do not know. */
export const RESIDENT_BUNDLE_VERSION = '2';

/** Bytes before the header. */
export const LENGTH_BYTES = 8;
/** Tensors start at a multiple of this, thanks to spaces after the header. */
export const HEADER_ALIGNMENT = 8;

/** Key of the metadata in the header; no tensor can have this name. */
export const METADATA = '__metadata__';

/** What the metadata holds. */
export const METADATA_KEYS = {
  version: 'heddle.version',
  producer: 'heddle.producer',
  numerics: 'heddle.numerics',
  /** Names and types, for people; the plan has them too. */
  inputs: 'heddle.inputs',
  outputs: 'heddle.outputs',
  /** The plan and the preludes, as JSON. */
  plan: 'heddle.plan',
  preludes: 'heddle.preludes',
  /** Optional: the graph behind the plan as IR text, for tools such as `heddle verify`. */
  graph: 'heddle.graph',
  /** SHA-256 of the tensors' bytes, in hex. */
  weightsHash: 'heddle.weights.sha256',
  /** SHA-256 of the header without this entry, see {@link headerHash}. */
  headerHash: 'heddle.header.sha256',
} as const;

/** A tensor in the header. */
export interface TensorEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  /** First byte and the byte after the last, counted from the end of the header. */
  readonly data_offsets: readonly [number, number];
}

export interface Header {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, TensorEntry>;
}

/** The header as JSON in a form that does not depend on the order in which anything was built. */
export function headerText({ metadata, tensors }: Header): string {
  return canonicalJson(Object.fromEntries([[METADATA, metadata], ...tensors]));
}

/** Covers everything that a bundle says: the header by itself, the weights by their own hash in it. */
export function headerHash({ metadata, tensors }: Header): Promise<string> {
  const rest = Object.entries(metadata).filter(([key]) => key !== METADATA_KEYS.headerHash);
  return sha256(new TextEncoder().encode(headerText({ metadata: Object.fromEntries(rest), tensors })));
}

/** SHA-256 in hex. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', bytes);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** JSON without white space, keys sorted: equal values give equal texts. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
