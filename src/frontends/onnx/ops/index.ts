/** All tables of operators. A new family is a file beside this one and a line here. */
import { Registry } from '../registry.js';
import { activations } from './activation.js';
import { arithmetic } from './arithmetic.js';
import { attentions } from './attention/index.js';
import { bits } from './bitcast.js';
import { constants } from './constant.js';
import { contractions } from './contraction.js';
import { control } from './control/index.js';
import { elementwise } from './elementwise.js';
import { indexing } from './indexing.js';
import { losses } from './losses.js';
import { masks } from './mask.js';
import { microsoft } from './microsoft/index.js';
import { classical } from './ml/index.js';
import { movement } from './movement.js';
import { ngrams } from './ngrams.js';
import { normalization } from './normalization.js';
import { optimisers } from './optimisers.js';
import { padding } from './padding.js';
import { pooling } from './pooling.js';
import { quantization } from './quantization/index.js';
import { random } from './random.js';
import { rearrangement } from './rearrange.js';
import { recurrent } from './recurrent/index.js';
import { reductions } from './reduction.js';
import { resizing } from './resize.js';
import { sampling } from './sampling.js';
import { selection } from './selection.js';
import { sequences } from './sequences.js';
import { signals } from './signal.js';
import { sizes } from './sizes.js';
import { suppression } from './suppression.js';

export const registry = new Registry([
  activations,
  arithmetic,
  bits,
  classical,
  attentions,
  constants,
  contractions,
  control,
  elementwise,
  indexing,
  losses,
  masks,
  microsoft,
  movement,
  ngrams,
  normalization,
  optimisers,
  padding,
  pooling,
  quantization,
  random,
  rearrangement,
  recurrent,
  reductions,
  resizing,
  sampling,
  selection,
  sequences,
  signals,
  sizes,
  suppression,
]);
