/**
 * The container of bundles, which writer and loader share: a safetensors file. Every tool that knows safetensors can read the
 * weights; the rest is strings in the header's metadata.
 */
import { ensure } from '../base/errors.js';
import { headerText, type Header } from '../base/safetensors/format.js';

/** Increased whenever loaders and bundles would misread each other. Up to 3, bundles had no suite; up to 4, outputs named their donors. */
export const BUNDLE_VERSION = '5';

/** The tensor, of U8, that is the module of kernels for WebAssembly. */
export const WASM_MODULE = 'heddle.wasm';

/**
 * What the metadata holds. `inputs` and `outputs`: names and types, for people; the plan has them too. `plan` and `preludes`: JSON.
 * `wasmPlan`, optional: the plan for WebAssembly, as JSON; the module that it runs is the tensor {@link WASM_MODULE}. `graph`,
 * optional: the graph behind the plan as IR text, for tools such as `heddle verify`. `names`, optional: where its nodes come from, a
 * text for each, as JSON. `sizes`, optional: plans for other sizes, as JSON,
 * see sizes.ts; `plan` is that of the first. `graphs`, optional: their graphs, as JSON, see graphs.ts. `weightsSha256`: that of the
 * tensors' bytes, in
 * hex. `headerSha256`: that of the header without this entry, see {@link headerHash}.
 */
export type MetadataField =
  | 'version'
  | 'producer'
  | 'numerics'
  | 'inputs'
  | 'outputs'
  | 'plan'
  | 'preludes'
  | 'wasmPlan'
  | 'sizes'
  | 'graph'
  | 'names'
  | 'graphs'
  | 'weightsSha256'
  | 'headerSha256';

/** The key of a field in the header's metadata. */
export const metadataKey = <F extends MetadataField>(field: F) => `heddle.${field}` as const;

/** Covers everything that a bundle says: the header by itself, the weights by their own hash in it. */
export function headerHash({ metadata, tensors }: Header): Promise<string> {
  const rest = Object.entries(metadata).filter(([key]) => key !== metadataKey('headerSha256'));
  return sha256(new TextEncoder().encode(headerText({ metadata: Object.fromEntries(rest), tensors })));
}

/** SHA-256 in hex. Throws USAGE where the platform keeps it from pages: on plain HTTP. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  const { subtle } = crypto as Partial<typeof crypto>;
  ensure(subtle !== undefined, 'USAGE', 'bundles need a page of HTTPS or localhost');
  const digest = await subtle.digest('SHA-256', bytes);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
