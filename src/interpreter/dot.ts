import { elementCount } from '../base/tensor.js';
import type { DotOp } from '../ir/contraction.js';
import { columnsOf, termRanges } from './blocks.js';
import type { Operand } from './lanes.js';
import { matmulFor } from './matmul.js';
import { permuteLanes } from './movement.js';
import { allocateResult, type EvalRule } from './rule.js';

/** A side of a dot as [batch, free, contracted]: each group of axes flattened in the order in which it is given. */
function arrange(x: Operand, batch: readonly number[], contracted: readonly number[]) {
  const free = x.shape
    .map((_, axis) => axis)
    .filter((axis) => !batch.includes(axis) && !contracted.includes(axis));
  const size = (axes: readonly number[]): number => elementCount(axes.map((axis) => x.shape[axis]));
  const lanes = permuteLanes(x, [...batch, ...free, ...contracted]);
  return { lanes, batch: size(batch), rows: size(free), terms: size(contracted) };
}

/** Generalized matrix product; matmul.ts has the order of accumulation. A sum of no terms is +0. */
const dotRule =
  (split: boolean): EvalRule<DotOp> =>
  (call) => {
    const { lhsBatch, rhsBatch, lhsContract, rhsContract } = call.attrs;
    const [lhs, rhs] = call.inputs;
    const a = arrange(lhs, lhsBatch, lhsContract);
    const b = arrange(rhs, rhsBatch, rhsContract);
    const [m, n] = [a.rows, b.rows];
    const multiply = matmulFor(call.dtype, a.lanes, b.lanes, call.f32);
    const out = allocateResult(call);
    if (a.terms === 0) return out;
    for (const range of termRanges(a.terms, split)) {
      const k = range.to - range.from;
      const [left, right] = [a, b].map(({ lanes, terms }) => columnsOf(lanes, terms, range));
      for (let i = 0; i < a.batch; i++) {
        const place = (range.number * a.batch + i) * m * n;
        multiply(
          left.subarray(i * m * k, (i + 1) * m * k),
          right.subarray(i * n * k, (i + 1) * n * k),
          out.subarray(place, place + m * n),
          { m, n, k },
        );
      }
    }
    return out;
  };

export const dot = dotRule(false);
export const splitKDot = dotRule(true);
