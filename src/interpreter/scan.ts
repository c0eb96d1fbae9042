/**
 * Running reduction. A line is cut into blocks of SCAN_BLOCK elements. Inside a block the elements are combined in
 * sequence from the identity; the totals of the blocks before it are combined in sequence from the identity as well,
 * and a result is combine(prefix of the blocks, running value in the block). An exclusive scan leaves out the element
 * itself (the first result, of nothing, is +0 for a sum); a reverse scan runs from the end of the line.
 */
import { SCAN_BLOCK } from '../ir/accumulation.js';
import { foldOf, type Fold } from './fold.js';
import type { Lanes } from './lanes.js';
import { allocateResult, type EvalRule } from './rule.js';
import { linesAlong } from './strided.js';

export const scan: EvalRule<'scan'> = (call) => {
  const { kind, axis, exclusive, reverse } = call.attrs;
  const [x] = call.inputs;
  const lines = linesAlong(x.shape, axis);
  const fold = foldOf(kind, x.dtype, [x.lanes], lines.length, call.f32);
  const out = allocateResult(call);
  const step = reverse ? -lines.step : lines.step;
  for (let line = 0; line < lines.count; line++) {
    const start = lines.start(line) + (reverse ? (lines.length - 1) * lines.step : 0);
    scanLine(x.lanes, out, start, lines.length, step, fold, exclusive);
  }
  return out;
};

function scanLine(
  x: Lanes,
  out: Lanes,
  start: number,
  length: number,
  step: number,
  { identity, empty, combine }: Fold,
  exclusive: boolean,
): void {
  let prefix = identity;
  for (let block = 0; block < length; block += SCAN_BLOCK) {
    const end = Math.min(block + SCAN_BLOCK, length);
    let running = identity;
    for (let i = block; i < end; i++) {
      const at = start + i * step;
      const next = combine(running, x[at]);
      out[at] = combine(prefix, exclusive ? running : next);
      running = next;
    }
    prefix = combine(prefix, running);
  }
  if (exclusive && length > 0) out[start] = empty;
}
