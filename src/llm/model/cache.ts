/**
 * Caches of keys and values: f32, one of each kind for each layer of a sequence. Positions are the last axis of keys, so that the scores
 * of neighbouring positions are computed from numbers that lie side by side.
 */
import type { Hyperparameters } from './hyper.js';

export const CACHE_KINDS = ['keys', 'values'] as const;
export type CacheKind = (typeof CACHE_KINDS)[number];

/** The axis of the positions. */
export const POSITION_AXIS: Readonly<Record<CacheKind, number>> = { keys: 2, values: 1 };

/** Keys [kv heads, head size, positions], values [kv heads, positions, head size]. */
export const cacheShape = (
  kind: CacheKind,
  { kvHeads, headSize }: Pick<Hyperparameters, 'kvHeads' | 'headSize'>,
  positions: number,
): readonly number[] => (kind === 'keys' ? [kvHeads, headSize, positions] : [kvHeads, positions, headSize]);

export interface Cache {
  readonly name: string;
  readonly kind: CacheKind;
}

export const cacheName = (kind: CacheKind, layer: number, sequence: number): string =>
  `${kind}.${layer}.${sequence}`;

/** The caches of a step in the order in which programs take and give them. */
export const cachesOf = (layers: number, batch: number): readonly Cache[] =>
  Array.from({ length: batch * layers }, (_, i) =>
    CACHE_KINDS.map((kind) => ({ kind, name: cacheName(kind, i % layers, Math.floor(i / layers)) })),
  ).flat();

/** The kind of the cache at a place in that order. */
export const cacheKindAt = (place: number): CacheKind => CACHE_KINDS[place % CACHE_KINDS.length];
