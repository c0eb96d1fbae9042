/** Ops that work element by element: all operands get the axis of the batch, as they must have one shape. */
import type { BinaryOp, CompareOp, UnaryOp } from '../../ir/ops.js';
import { emitBatched, type BatchRule } from './rule.js';

type ScalarOp = UnaryOp | BinaryOp | CompareOp | 'cast' | 'bitcast' | 'select';

/** The rule of any op that works element by element. */
export const elementwise =
  <K extends ScalarOp>(): BatchRule<K> =>
  (call) =>
    emitBatched<K>(call, call.node.attrs);
