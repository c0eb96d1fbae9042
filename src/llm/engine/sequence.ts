/** One text of a model, with its keys and values on the device. */
import type { Storage } from '../../tensor/backends/backend.js';

/** What a sequence has computed. Only the engine changes it. */
export interface SequenceState {
  /** The tokens whose keys and values lie in the caches, from position 0 on. */
  readonly tokens: readonly number[];
  readonly capacity: number;
  /** Of each layer the keys, then the values. Undefined: nothing is held yet. */
  readonly caches: readonly Storage[] | undefined;
}

export const EMPTY: SequenceState = { tokens: [], capacity: 0, caches: undefined };

/** How many tokens two lists begin with in common. */
export function commonPrefix(a: readonly number[], b: readonly number[]): number {
  const most = Math.min(a.length, b.length);
  let length = 0;
  while (length < most && a[length] === b[length]) length++;
  return length;
}
