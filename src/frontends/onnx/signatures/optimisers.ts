/** Signatures of the operators of ops/optimisers.ts, from the specification. */
import { v, type SignatureTable } from './signature.js';

const TYPES = { T1: ['float', 'double'] } as const;

export const optimisers = {
  'ai.onnx.preview.training:Adagrad': [
    v(
      1,
      'T1 int64 T** -> T**',
      { ...TYPES, T: ['float', 'double'] },
      {
        ...{ decay_factor: 'float', epsilon: 'float', norm_coefficient: 'float' },
      },
    ),
  ],
  'ai.onnx.preview.training:Adam': [
    v(
      1,
      'T1 int64 T** -> T**',
      { ...TYPES, T: ['float', 'double'] },
      {
        ...{ alpha: 'float', beta: 'float', epsilon: 'float' },
        ...{ norm_coefficient: 'float', norm_coefficient_post: 'float' },
      },
    ),
  ],
  'ai.onnx.preview.training:Momentum': [
    v(
      1,
      'T1 int64 T** -> T**',
      { ...TYPES, T: ['float', 'double'] },
      {
        ...{ alpha: 'float!', beta: 'float!', mode: 'string!', norm_coefficient: 'float!' },
      },
    ),
  ],
} satisfies SignatureTable;
