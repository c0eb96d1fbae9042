/** Signatures of the operators of ops/indexing.ts, from the specification. */
import { v, type SignatureTable } from './signature.js';

export const indexing = {
  Gather: [v(1, 'T Tind -> T', { T: 'all', Tind: 'indices' }, { axis: 'int' })],
  EyeLike: [v(9, 'T1 -> T2', { T1: 'all', T2: 'all' }, { dtype: 'int', k: 'int' })],
  Trilu: [v(14, 'T int64? -> T', { T: 'all' }, { upper: 'int' })],
} satisfies SignatureTable;
