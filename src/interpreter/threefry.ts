/** Random words: enciphered counters, keyed by the operand. */
import { elementCount } from '../base/tensor.js';
import { threefry2x32 } from '../numerics/threefry.js';
import { allocateLanes } from './lanes.js';
import type { EvalRule } from './rule.js';

/** Element i is the first word of the enciphered counter (i, 0). */
export const random: EvalRule<'random'> = ({ inputs, shape }) => {
  const [k0, k1] = inputs[0].lanes;
  const out = allocateLanes('u32', elementCount(shape));
  const words = new Uint32Array(2);
  for (let i = 0; i < out.length; i++) {
    threefry2x32(k0, k1, i, 0, words);
    out[i] = words[0];
  }
  return out;
};
