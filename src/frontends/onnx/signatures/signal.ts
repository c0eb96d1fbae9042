/** Signatures of the operators of ops/signal.ts, from the specification. */
import { v, type Signature, type SignatureTable } from './signature.js';

const WINDOW: readonly Signature[] = [
  v(17, 'T1 -> T2', { T1: 'indices', T2: 'numbers' }, { output_datatype: 'int', periodic: 'int' }),
];

export const signal = {
  DFT: [
    v(17, 'T1 T2? -> T1', { T1: 'floats', T2: 'indices' }, { axis: 'int', inverse: 'int', onesided: 'int' }),
    v(20, 'T1 T2? int64? -> T1', { T1: 'floats', T2: 'indices' }, { inverse: 'int', onesided: 'int' }),
  ],
  STFT: [v(17, 'T1 T2 T1? T2? -> T1', { T1: 'floats', T2: 'indices' }, { onesided: 'int' })],
  HannWindow: WINDOW,
  HammingWindow: WINDOW,
  BlackmanWindow: WINDOW,
  MelWeightMatrix: [
    v(17, 'T1 T1 T1 T2 T2 -> T3', { T1: 'indices', T2: 'floats', T3: 'numbers' }, { output_datatype: 'int' }),
  ],
  Det: [v(11, 'T -> T', { T: 'floats' })],
} satisfies SignatureTable;
