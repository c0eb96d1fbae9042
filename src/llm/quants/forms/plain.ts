/** Weights that are numbers by themselves. */
import { withScalar } from '../../../compose/broadcast.js';
import { halvesToFloats } from '../../../compose/packed.js';
import { GGML_TYPES, type GgmlTypeName } from '../types.js';
import { fields, integers, packBlocks, packWords, type PackedForm, type Plane } from './form.js';

const DENSE: readonly Plane[] = [{ name: 'values', dtype: 'f32', weights: 1 }];

/** Types without a form of their own are f32 on devices, and F32 is. */
export const dense = (type: GgmlTypeName): PackedForm => {
  const { decode } = GGML_TYPES[type];
  return {
    planes: DENSE,
    pack:
      type === 'F32'
        ? packWords(1)
        : packBlocks(type, DENSE, (block, at, [{ floats }]) => decode(block, at, floats, 0)),
    unpack: (_, [values]) => values,
  };
};

export const F16: PackedForm = {
  planes: [integers('pairs', 16)],
  pack: packWords(2),
  unpack: (b, [pairs]) => halvesToFloats(b, fields(b, pairs, 16)),
};

/** The upper halves of f32. */
export const BF16: PackedForm = {
  planes: [integers('pairs', 16)],
  pack: packWords(2),
  unpack: (b, [pairs]) => b.emit('bitcast', [withScalar(b, 'shl', fields(b, pairs, 16), 16)], { dtype: 'f32' }), // prettier-ignore
};
