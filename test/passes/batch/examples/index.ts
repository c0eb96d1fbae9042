/** Examples of every op that has operands; exhaustive by type. */
import type { CanonicalOp } from '../../../../src/ir/ops.js';
import { contractionExamples } from './contraction.js';
import type { Examples } from './example.js';
import { indexingExamples } from './indexing.js';
import { movementExamples } from './movement.js';
import { reductionExamples } from './reduction.js';
import { subgraphExamples } from './subgraphs.js';
import { scalarExamples } from './scalar.js';

export type SourceOp = 'param' | 'weight' | 'constant' | 'iota';

export const EXAMPLES: Examples<Exclude<CanonicalOp, SourceOp>> = {
  ...scalarExamples,
  ...movementExamples,
  ...reductionExamples,
  ...contractionExamples,
  ...indexingExamples,
  ...subgraphExamples,
};

export const EXAMPLE_OPS = Object.keys(EXAMPLES) as readonly Exclude<CanonicalOp, SourceOp>[];
