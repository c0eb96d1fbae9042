/** All signatures, by `op` or `domain:op`. A family of operators has its file here beside the one in ops. */
import { activation } from './activation.js';
import { arithmetic } from './arithmetic.js';
import { attention } from './attention.js';
import { constant } from './constant.js';
import { contraction } from './contraction.js';
import { control } from './control.js';
import { elementwise } from './elementwise.js';
import { indexing } from './indexing.js';
import { losses } from './losses.js';
import { microsoft } from './microsoft.js';
import { ml, ngrams } from './ml.js';
import { movement } from './movement.js';
import { normalization } from './normalization.js';
import { optimisers } from './optimisers.js';
import { pooling } from './pooling.js';
import { quantization } from './quantization.js';
import { random } from './random.js';
import { rearrangement } from './rearrange.js';
import { recurrent } from './recurrent.js';
import { reduction } from './reduction.js';
import { sampling } from './sampling.js';
import { selection } from './selection.js';
import { sequences } from './sequences.js';
import { signal } from './signal.js';
import { sizes } from './sizes.js';
import type { Signature, SignatureTable } from './signature.js';

const TABLE: SignatureTable = {
  ...activation,
  ...arithmetic,
  ...attention,
  ...constant,
  ...contraction,
  ...control,
  ...elementwise,
  ...indexing,
  ...losses,
  ...microsoft,
  ...ml,
  ...ngrams,
  ...movement,
  ...normalization,
  ...optimisers,
  ...pooling,
  ...quantization,
  ...random,
  ...rearrangement,
  ...recurrent,
  ...reduction,
  ...sampling,
  ...selection,
  ...sequences,
  ...signal,
  ...sizes,
};

/** The operators that have signatures. */
export const signedOperators: readonly string[] = Object.keys(TABLE);

/** The signature of an operator, as the registry names it, in a version of its operator set; undefined where there is none. */
export const signatureOf = (op: string, opset: number): Signature | undefined =>
  Object.hasOwn(TABLE, op) ? TABLE[op].findLast(({ since }) => since <= opset) : undefined;
