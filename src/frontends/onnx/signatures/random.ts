/** Signatures of the operators of ops/random.ts, from the specification. */
import { v, type SignatureTable } from './signature.js';

const UNIFORM = { dtype: 'int', high: 'float', low: 'float', seed: 'float' } as const;
const NORMAL = { dtype: 'int', mean: 'float', scale: 'float', seed: 'float' } as const;
const LIKE = { T1: 'all', T2: 'floats' } as const;

export const random = {
  RandomUniform: [v(1, ' -> T', { T: 'floats' }, { ...UNIFORM, shape: 'ints!' })],
  RandomUniformLike: [v(1, 'T1 -> T2', LIKE, UNIFORM)],
  RandomNormal: [v(1, ' -> T', { T: 'floats' }, { ...NORMAL, shape: 'ints!' })],
  RandomNormalLike: [v(1, 'T1 -> T2', LIKE, NORMAL)],
  Bernoulli: [
    v(15, 'T1 -> T2', { T1: 'ieee', T2: 'all' }, { dtype: 'int', seed: 'float' }),
    v(22, 'T1 -> T2', { T1: 'floats', T2: 'all' }, { dtype: 'int', seed: 'float' }),
  ],
  Multinomial: [
    v(7, 'T1 -> T2', { T1: 'floats', T2: 'indices' }, { dtype: 'int', sample_size: 'int', seed: 'float' }),
  ],
} satisfies SignatureTable;
