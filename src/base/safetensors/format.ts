/**
 * The safetensors format (https://github.com/huggingface/safetensors), the usual container of weights and that of bundles and
 * checkpoints: the length of the header as 8 little-endian bytes, the header as JSON, and the tensors end to end without gaps.
 */

/** Bytes before the header. */
export const LENGTH_BYTES = 8;
/** Tensors start at a multiple of this, thanks to spaces after the header. */
export const HEADER_ALIGNMENT = 8;

/** Key of the metadata in the header; no tensor can have this name. */
export const METADATA = '__metadata__';

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

/** JSON without white space, keys sorted: equal values give equal texts. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
