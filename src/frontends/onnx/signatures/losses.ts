/** Signatures of the operators of ops/losses.ts, from the specification. */
import { bfloat16From22, v, type SignatureTable } from './signature.js';

const TYPES = { T: 'floats', Tind: 'indices' } as const;
const ATTRIBUTES = { ignore_index: 'int', reduction: 'string' } as const;

export const losses = {
  NegativeLogLikelihoodLoss: bfloat16From22(v(12, 'T Tind T? -> T', TYPES, ATTRIBUTES)),
  SoftmaxCrossEntropyLoss: [v(12, 'T Tind T? -> T T?', TYPES, ATTRIBUTES)],
} satisfies SignatureTable;
