/** Ops that compare the elements of a line. Subnormals are told apart on every device, as these ops use integers there. */
import { allocateResult, type EvalRule } from './rule.js';
import { linesAlong } from './strided.js';

/** i32 index of the first extreme along the axis. The first NaN is the extreme if there is one; -0 equals +0. */
export const argreduce: EvalRule<'argreduce'> = (call) => {
  const { kind, axis } = call.attrs;
  const [{ shape, lanes: x }] = call.inputs;
  const lines = linesAlong(shape, axis);
  const out = allocateResult(call);
  for (let line = 0; line < lines.count; line++) {
    const start = lines.start(line);
    let best = x[start];
    for (let i = 1; i < lines.length && !Number.isNaN(best); i++) {
      const value = x[start + i * lines.step];
      if (!(kind === 'max' ? value > best : value < best) && !Number.isNaN(value)) continue;
      best = value;
      out[line] = i;
    }
  }
  return out;
};

/** i32 permutation that sorts the lines. Equal elements (-0 and +0 are) keep their order, and so do NaNs. */
export const argsort: EvalRule<'argsort'> = (call) => {
  const { axis, descending } = call.attrs;
  const [{ shape, lanes: x }] = call.inputs;
  const lines = linesAlong(shape, axis);
  const out = allocateResult(call);
  const order = new Int32Array(lines.length);
  const compare = descending ? (a: number, b: number): number => ascending(b, a) : ascending;
  for (let line = 0; line < lines.count; line++) {
    const start = lines.start(line);
    for (let i = 0; i < order.length; i++) order[i] = i;
    order.sort((i, j) => compare(x[start + i * lines.step], x[start + j * lines.step]) || i - j);
    for (let i = 0; i < order.length; i++) out[start + i * lines.step] = order[i];
  }
  return out;
};

/** NaN above everything. */
function ascending(a: number, b: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
}
