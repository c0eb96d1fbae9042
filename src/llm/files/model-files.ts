/** What opening a model gives, whichever format it has. */
import type { Hyperparameters } from '../model/hyper.js';
import type { StoredWeights } from '../model/stored.js';
import type { Vocabulary } from '../text/vocabulary.js';

/** A model that is still in its files. */
export interface ModelFiles {
  readonly name: string;
  readonly hyper: Hyperparameters;
  readonly weights: StoredWeights;
  readonly vocabulary: Vocabulary;
  close(): Promise<void>;
}
