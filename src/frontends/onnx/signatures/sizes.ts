/** Signatures of the operators of ops/sizes.ts and ops/suppression.ts, from the specification. */
import { v, type SignatureTable } from './signature.js';

export const sizes = {
  Compress: [v(9, 'T bool -> T', { T: 'all' }, { axis: 'int' })],
  NonZero: [v(9, 'T -> int64', { T: 'all' })],
  NonMaxSuppression: [v(10, 'float float int64? float? float? -> int64', {}, { center_point_box: 'int' })],
  Unique: [v(11, 'T -> T int64? int64? int64?', { T: 'all' }, { axis: 'int', sorted: 'int' })],
} satisfies SignatureTable;
