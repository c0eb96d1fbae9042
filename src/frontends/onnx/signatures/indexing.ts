/** Signatures of the operators of ops/indexing.ts and ops/mask.ts, from the specification. */
import { v, type SignatureTable } from './signature.js';

const BY_AXIS = { T: 'all', Tind: 'indices' } as const;

export const indexing = {
  Gather: [v(1, 'T Tind -> T', BY_AXIS, { axis: 'int' })],
  GatherElements: [v(11, 'T Tind -> T', BY_AXIS, { axis: 'int' })],
  GatherND: [v(11, 'T int64 -> T', { T: 'all' }), v(12, 'T int64 -> T', { T: 'all' }, { batch_dims: 'int' })],
  Scatter: [v(9, 'T Tind T -> T', BY_AXIS, { axis: 'int' })],
  ScatterElements: [
    v(11, 'T Tind T -> T', BY_AXIS, { axis: 'int' }),
    v(16, 'T Tind T -> T', BY_AXIS, { axis: 'int', reduction: 'string' }),
  ],
  ScatterND: [
    v(11, 'T int64 T -> T', { T: 'all' }),
    v(16, 'T int64 T -> T', { T: 'all' }, { reduction: 'string' }),
  ],
  EyeLike: [v(9, 'T1 -> T2', { T1: 'all', T2: 'all' }, { dtype: 'int', k: 'int' })],
  Trilu: [v(14, 'T int64? -> T', { T: 'all' }, { upper: 'int' })],
} satisfies SignatureTable;
