/** Layers in a layer. */
import { designChain } from '../chain.js';
import type { Blueprint, Scope } from '../scope.js';
import type { SequentialConfig } from '../types.js';
import { refuse } from '../validate.js';

export function sequential({ branches, layers }: SequentialConfig, scope: Scope): Blueprint {
  if ((branches === undefined) === (layers === undefined))
    refuse('a sequential layer has one list of layers', {
      path: scope.path,
      found: layers === undefined ? 'neither "layers" nor "branches"' : 'both "layers" and "branches"',
      expected: '"layers", or LOOM\'s name for it, "branches"',
    });
  const key = branches === undefined ? 'layers' : 'branches';
  return designChain(branches ?? layers ?? [], key, scope);
}
