/** Conversions: chains of them, and conversions to what a value is already. */
import { isFloat, isInt, type DType } from '../../../base/dtype.js';
import { rule } from '../rule.js';

/**
 * Whether converting `from` to `through` loses nothing that a conversion to `to` could show. Integers wrap, so among
 * integers only the last dtype counts; and a number is zero before a conversion of integers exactly where it is after.
 */
function passesThrough(from: DType, through: DType, to: DType): boolean {
  if (from === 'bool') return true;
  if (from === 'f16') return through === 'f32';
  if (!isInt(from)) return false;
  return isInt(through) ? !isFloat(to) : to === 'bool' && isFloat(through);
}

export const castRules = {
  'cast to its own dtype': rule(['cast', 'bitcast'], 'It is the operand.', (b, node) => {
    const x = b.operand(node);
    return x.type.dtype === node.type.dtype ? x : undefined;
  }),

  'cast of a cast': rule(['cast'], 'One cast, where the one between is exact for it.', (b, node) => {
    const inner = b.producer(node, 'cast');
    if (inner === undefined) return undefined;
    const x = b.operand(inner);
    const { dtype } = node.attrs;
    return passesThrough(x.type.dtype, inner.attrs.dtype, dtype) ? b.cast(x, dtype) : undefined;
  }),

  'bitcast of a bitcast': rule(['bitcast'], 'Only the last dtype counts.', (b, node) => {
    const inner = b.producer(node, 'bitcast');
    return inner && b.emit('bitcast', [b.operand(inner)], node.attrs);
  }),
};
