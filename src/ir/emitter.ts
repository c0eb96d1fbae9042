/** What makes values: a graph under construction, or the expressions of a traced program. */
import { describeValue } from '../base/describe.js';
import type { DType } from '../base/dtype.js';
import { HeddleError } from '../base/errors.js';
import type { BinaryOp, CompareOp, Op, OpAttrs, Reducer, UnaryOp } from './ops.js';
import type { Shape, TensorType } from './types.js';

/** A value under construction. It belongs to the emitter that made it. */
export interface Value {
  readonly type: TensorType;
}

const NO_ATTRS = {} as const;

/** Makes one value from others; `V` is what this emitter's own values are. Compositions are written against it. */
export abstract class Emitter<V extends Value = Value> {
  /** The result of `op`. Throws as `inferType` does. */
  abstract emit<K extends Op>(op: K, inputs: readonly Value[], attrs: OpAttrs[K]): V;

  /** A constant of `shape` filled with `value`, or holding `value` as its row-major elements. */
  constant(dtype: DType, shape: Shape, value: number | readonly number[]): V {
    return this.emit('constant', [], { dtype, shape, values: typeof value === 'number' ? [value] : value });
  }

  /** A constant of the dtype and shape of `like`. */
  full(like: Value, value: number): V {
    const { dtype, shape } = typeOf(like);
    return this.constant(dtype, shape, value);
  }

  unary(op: UnaryOp, x: Value): V {
    return this.emit(op, [x], NO_ATTRS);
  }

  binary(op: BinaryOp | CompareOp, a: Value, b: Value): V {
    return this.emit(op, [a, b], NO_ATTRS);
  }

  select(condition: Value, whenTrue: Value, whenFalse: Value): V {
    return this.emit('select', [condition, whenTrue, whenFalse], NO_ATTRS);
  }

  cast(x: Value, dtype: DType): V {
    return typeOf(x).dtype === dtype ? (x as V) : this.emit('cast', [x], { dtype });
  }

  reshape(x: Value, shape: Shape): V {
    return this.emit('reshape', [x], { shape });
  }

  permute(x: Value, permutation: readonly number[]): V {
    return this.emit('permute', [x], { permutation });
  }

  broadcast(x: Value, shape: Shape): V {
    return this.emit('broadcast', [x], { shape });
  }

  reduce(kind: Reducer, x: Value, axes: readonly number[]): V {
    return this.emit('reduce', [x], { kind, axes: inOrder(axes) });
  }
}

/** What is not a list goes on to the emitter, which says so. */
const inOrder = (axes: readonly number[]): readonly number[] =>
  Array.isArray(axes) ? axes.toSorted((a, b) => Number(a) - Number(b)) : axes;

function typeOf(value: Value): TensorType {
  const type = (value as Partial<Value> | null | undefined)?.type;
  if (typeof type === 'object' && type !== null) return type;
  throw new HeddleError('IR_INVALID', 'an operand is not a value', { found: describeValue(value) });
}
