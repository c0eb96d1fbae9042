/** What dot and conv have in common. */
import { HeddleError } from '../base/errors.js';
import type { OpAttrs } from './ops.js';

/** For those who meet contractions before `optimize` only: throws IR_INVALID for one whose blocks are separate. */
export function requireTotals(op: 'dot' | 'conv', { blocks }: OpAttrs['dot' | 'conv']): void {
  if (blocks === undefined) return;
  throw new HeddleError('IR_INVALID', `${op} with separate blocks in a graph that is not optimised yet`, {
    found: blocks,
    expected: 'the sum of the blocks',
  });
}
