/** Signatures of the operators of ops/selection.ts, from the specification. */
import { v, type SignatureTable } from './signature.js';

export const selection = {
  TopK: [
    v(1, 'T -> T int64', { T: 'floats' }, { axis: 'int', k: 'int!' }),
    v(10, 'T int64 -> T int64', { T: 'floats' }, { axis: 'int' }),
    v(11, 'T int64 -> T int64', { T: 'numbers' }, { axis: 'int', largest: 'int', sorted: 'int' }),
  ],
  OneHot: [
    v(
      9,
      'T1 T2 T3 -> T3',
      { T1: ['ieee', 'integers'], T2: ['ieee', 'integers'], T3: 'all' },
      { axis: 'int' },
    ),
  ],
} satisfies SignatureTable;
