/**
 * Reduction of whole axes. Floating-point addition is not associative, so its order is part of the op; every device
 * kernel follows it, however it is scheduled:
 *
 * - The reduced elements form a sequence, in row-major order of the reduced axes.
 * - Up to REDUCE_CHUNK elements: they are dealt in turn to REDUCE_LANES lanes, which start from the identity and
 *   combine theirs in sequence. Then the upper half of the lanes is combined into the lower half, until one is left.
 * - No element: the identity, but +0 for a sum.
 * - More elements: consecutive chunks of REDUCE_CHUNK (the last may be shorter) are each reduced in this way, and then
 *   their results likewise.
 */
import { elementCount } from '../base/tensor.js';
import { REDUCE_CHUNK, REDUCE_LANES } from '../ir/accumulation.js';
import { foldOf, type Fold } from './fold.js';
import { allocateLanes, type Lanes } from './lanes.js';
import { permuteLanes } from './movement.js';
import { allocateResult, type EvalRule } from './rule.js';

export const reduce: EvalRule<'reduce'> = (call) => {
  const [x] = call.inputs;
  const axes = x.shape.map((_, axis) => axis);
  const reduced = axes.filter((axis) => call.attrs.axes.includes(axis));
  const kept = axes.filter((axis) => !call.attrs.axes.includes(axis));
  const rows = permuteLanes(x, [...kept, ...reduced]);
  const length = elementCount(reduced.map((axis) => x.shape[axis]));

  const fold = foldOf(call.attrs.kind, x.dtype, [x.lanes], length, call.f32);
  const out = allocateResult(call);
  const scratch = allocateLanes(x.dtype, REDUCE_LANES);
  for (let i = 0; i < out.length; i++) {
    out[i] = reduceSequence(rows.subarray(i * length, (i + 1) * length), fold, scratch);
  }
  return out;
};

function reduceSequence(x: Lanes, fold: Fold, scratch: Lanes): number {
  if (x.length === 0) return fold.empty;
  if (x.length <= REDUCE_CHUNK) return reduceChunk(x, fold, scratch);
  const partials = x.slice(0, Math.ceil(x.length / REDUCE_CHUNK));
  for (let i = 0; i < partials.length; i++) {
    partials[i] = reduceChunk(x.subarray(i * REDUCE_CHUNK, (i + 1) * REDUCE_CHUNK), fold, scratch);
  }
  return reduceSequence(partials, fold, scratch);
}

function reduceChunk(x: Lanes, { identity, combine }: Fold, lanes: Lanes): number {
  lanes.fill(identity);
  for (let base = 0; base < x.length; base += REDUCE_LANES) {
    const dealt = Math.min(REDUCE_LANES, x.length - base);
    for (let lane = 0; lane < dealt; lane++) lanes[lane] = combine(lanes[lane], x[base + lane]);
  }
  for (let half = REDUCE_LANES / 2; half >= 1; half /= 2) {
    // Lanes that got no element still hold the identity and would change nothing.
    const used = Math.min(half, x.length - half);
    for (let lane = 0; lane < used; lane++) lanes[lane] = combine(lanes[lane], lanes[lane + half]);
  }
  return lanes[0];
}
