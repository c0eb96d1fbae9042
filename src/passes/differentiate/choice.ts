/** Conversions and choice. */
import { isFloat } from '../../base/dtype.js';
import { dropWhere, keepWhere } from './expressions.js';
import { unaryRule, type VjpRule } from './rule.js';

/** Rounding to f16 counts as no change; integers and bools have no derivative. */
export const cast: VjpRule<'cast'> = unaryRule(({ b, ct }, x) =>
  isFloat(x.type.dtype) ? b.cast(ct, x.type.dtype) : undefined,
);

/** From f32 to f32 it is the identity; every other bitcast has an integer on one side. */
export const bitcast: VjpRule<'bitcast'> = unaryRule(({ ct }, x) =>
  x.type.dtype === ct.type.dtype ? ct : undefined,
);

export const select: VjpRule<'select'> = ({ b, ct, inputs: [condition], wanted }) => [
  undefined,
  wanted[1] ? keepWhere(b, condition, ct) : undefined,
  wanted[2] ? dropWhere(b, condition, ct) : undefined,
];
