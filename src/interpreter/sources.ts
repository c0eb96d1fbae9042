/** Ops without tensor operands. */
import { literal } from './lanes.js';
import { allocateResult, type EvalRule } from './rule.js';
import { linesAlong } from './strided.js';

export const param: EvalRule<'param'> = ({ attrs, sources }) => sources.param(attrs.name);
export const weight: EvalRule<'weight'> = ({ attrs, sources }) => sources.weight(attrs.id);

export const constant: EvalRule<'constant'> = (call) => {
  const { values } = call.attrs;
  const out = allocateResult(call);
  if (values.length === 1) return out.fill(literal(call.dtype, values[0]));
  for (let i = 0; i < out.length; i++) out[i] = literal(call.dtype, values[i]);
  return out;
};

export const iota: EvalRule<'iota'> = (call) => {
  const out = allocateResult(call);
  const lines = linesAlong(call.shape, call.attrs.axis);
  for (let line = 0; line < lines.count; line++) {
    const start = lines.start(line);
    for (let i = 0; i < lines.length; i++) out[start + i * lines.step] = i;
  }
  return out;
};
