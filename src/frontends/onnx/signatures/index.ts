/** All signatures. A family of operators has its file here beside the one in ops. */
import { activation } from './activation.js';
import { arithmetic } from './arithmetic.js';
import { constant } from './constant.js';
import { contraction } from './contraction.js';
import { control } from './control.js';
import { elementwise } from './elementwise.js';
import { indexing } from './indexing.js';
import { movement } from './movement.js';
import { normalization } from './normalization.js';
import { pooling } from './pooling.js';
import { rearrangement } from './rearrange.js';
import { recurrent } from './recurrent.js';
import { reduction } from './reduction.js';
import { sampling } from './sampling.js';
import { selection } from './selection.js';
import type { Signature, SignatureTable } from './signature.js';

const TABLE: SignatureTable = {
  ...activation,
  ...arithmetic,
  ...constant,
  ...contraction,
  ...control,
  ...elementwise,
  ...indexing,
  ...movement,
  ...normalization,
  ...pooling,
  ...rearrangement,
  ...recurrent,
  ...reduction,
  ...sampling,
  ...selection,
};

/** The operators that have signatures. */
export const signedOperators: readonly string[] = Object.keys(TABLE);

/** The signature of an operator of ai.onnx in a version of the operator set; undefined where there is none. */
export const signatureOf = (op: string, opset: number): Signature | undefined =>
  Object.hasOwn(TABLE, op) ? TABLE[op].findLast(({ since }) => since <= opset) : undefined;
