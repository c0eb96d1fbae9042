/**
 * The container of bundles, which writer and loader share: a safetensors file. Every tool that knows safetensors can read the
 * weights; the rest is strings in the header's metadata.
 */
import { headerText, type Header } from '../base/safetensors/format.js';

/** Increased whenever loaders and bundles would misread each other. Up to 3, bundles had no suite. */
export const BUNDLE_VERSION = '4';

/** The tensor, of U8, that is the module of kernels for WebAssembly. */
export const WASM_MODULE = 'heddle.wasm';

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
  /** Optional: the plan for WebAssembly, as JSON; the module that it runs is the tensor {@link WASM_MODULE}. */
  wasmPlan: 'heddle.wasm.plan',
  /** Optional: the graph behind the plan as IR text, for tools such as `heddle verify`. */
  graph: 'heddle.graph',
  /** SHA-256 of the tensors' bytes, in hex. */
  weightsHash: 'heddle.weights.sha256',
  /** SHA-256 of the header without this entry, see {@link headerHash}. */
  headerHash: 'heddle.header.sha256',
} as const;

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
