/** Element by element: arithmetic, comparison, logic, activations. Operands broadcast as in NumPy. */
import type { DType } from '../../base/dtype.js';
import { checkNumber, checkWord } from '../arguments.js';
import { checkDType } from './dtype.js';
import * as compose from '../../compose/index.js';
import type { Emitter, Value } from '../../ir/emitter.js';
import type { BinaryOp, CompareOp, UnaryOp } from '../../ir/ops.js';
import { exprOf, named, TensorCore, type Operand } from './core.js';

export abstract class Elementwise extends TensorCore {
  private unary(op: UnaryOp): this {
    return this.apply(op, [], (b, x) => b.unary(op, x));
  }

  private binary(name: string, op: BinaryOp | CompareOp, y: Operand): this {
    return this.apply(name, [y], (b, x, other) => compose.binaryBroadcast(b, op, x, other));
  }

  private composed(name: string, body: (b: Emitter, x: Value) => Value): this {
    return this.apply(name, [], body);
  }

  private ofFloats(name: string, body: (b: Emitter, x: Value) => Value): this {
    return this.applyFloat(name, [], body);
  }

  // -- arithmetic: both operands of one dtype --

  add(y: Operand): this {
    return this.binary('add', 'add', y);
  }
  sub(y: Operand): this {
    return this.binary('sub', 'sub', y);
  }
  mul(y: Operand): this {
    return this.binary('mul', 'mul', y);
  }
  /** Integers: the quotient truncates; by 0 it is 0. */
  div(y: Operand): this {
    return this.binary('div', 'div', y);
  }
  /** The remainder, with the sign of this. */
  rem(y: Operand): this {
    return this.binary('rem', 'rem', y);
  }
  /** The remainder, with the sign of `y`, as Python's `%`. */
  mod(y: Operand): this {
    return this.apply('mod', [y], (b, x, other) =>
      compose.floorMod(b, ...compose.broadcastTogether(b, [x, other])),
    );
  }
  pow(y: Operand): this {
    return this.binary('pow', 'pow', y);
  }
  /** The smaller of both; NaN where either is. */
  minimum(y: Operand): this {
    return this.binary('minimum', 'min', y);
  }
  /** The greater of both; NaN where either is. */
  maximum(y: Operand): this {
    return this.binary('maximum', 'max', y);
  }
  neg(): this {
    return this.unary('neg');
  }
  abs(): this {
    return this.unary('abs');
  }
  sign(): this {
    return this.unary('sign');
  }
  floor(): this {
    return this.unary('floor');
  }
  ceil(): this {
    return this.unary('ceil');
  }
  /** To the nearest integer, halfway cases to the even one. */
  round(): this {
    return this.unary('round');
  }
  trunc(): this {
    return this.unary('trunc');
  }
  square(): this {
    return this.composed('square', (b, x) => b.binary('mul', x, x));
  }
  /** 1 / x; floats only. */
  reciprocal(): this {
    return this.ofFloats('reciprocal', compose.reciprocal);
  }
  /** Between `low` and `high`, either of which may be left out. */
  clip(low?: number, high?: number): this {
    if (low !== undefined) checkNumber('clip', 'low', low);
    if (high !== undefined) checkNumber('clip', 'high', high);
    return this.composed('clip', (b, x) => {
      for (const bound of [low, high]) if (bound !== undefined) exprOf(bound, x.type.dtype);
      return compose.clip(b, x, low, high);
    });
  }

  // -- functions of floats --

  sqrt(): this {
    return this.unary('sqrt');
  }
  /** 1 / sqrt(x), rounded after each. */
  rsqrt(): this {
    return this.ofFloats('rsqrt', (b, x) => compose.reciprocal(b, b.unary('sqrt', x)));
  }
  exp(): this {
    return this.unary('exp');
  }
  log(): this {
    return this.unary('log');
  }
  sin(): this {
    return this.unary('sin');
  }
  cos(): this {
    return this.unary('cos');
  }
  tan(): this {
    return this.ofFloats('tan', compose.tan);
  }
  /** NaN beyond 1. */
  asin(): this {
    return this.unary('asin');
  }
  /** NaN beyond 1. */
  acos(): this {
    return this.unary('acos');
  }
  atan(): this {
    return this.unary('atan');
  }
  sinh(): this {
    return this.ofFloats('sinh', compose.sinh);
  }
  cosh(): this {
    return this.ofFloats('cosh', compose.cosh);
  }
  tanh(): this {
    return this.unary('tanh');
  }
  erf(): this {
    return this.unary('erf');
  }

  // -- activations --

  relu(): this {
    return this.composed('relu', compose.relu);
  }
  leakyRelu(alpha = 0.01): this {
    checkNumber('leakyRelu', 'alpha', alpha);
    return this.ofFloats('leakyRelu', (b, x) => compose.leakyRelu(b, x, alpha));
  }
  elu(alpha = 1): this {
    checkNumber('elu', 'alpha', alpha);
    return this.ofFloats('elu', (b, x) => compose.elu(b, x, alpha));
  }
  selu(): this {
    return this.ofFloats('selu', (b, x) => compose.selu(b, x));
  }
  /** x * Phi(x), by the error function, or by its tanh approximation. */
  gelu(approximate: 'none' | 'tanh' = 'none'): this {
    checkWord('gelu', approximate, ['none', 'tanh']);
    return this.ofFloats('gelu', approximate === 'tanh' ? compose.geluTanh : compose.gelu);
  }
  /** x * sigmoid(x), also called swish. */
  silu(): this {
    return this.ofFloats('silu', compose.silu);
  }
  mish(): this {
    return this.ofFloats('mish', compose.mish);
  }
  /** log(1 + exp(x)) */
  softplus(): this {
    return this.ofFloats('softplus', compose.softplus);
  }
  sigmoid(): this {
    return this.unary('sigmoid');
  }
  hardswish(): this {
    return this.ofFloats('hardswish', compose.hardSwish);
  }

  // -- comparisons: bool --

  equal(y: Operand): this {
    return this.binary('equal', 'eq', y);
  }
  notEqual(y: Operand): this {
    return this.apply('notEqual', [y], (b, x, other) =>
      b.unary('not', compose.binaryBroadcast(b, 'eq', x, other)),
    );
  }
  less(y: Operand): this {
    return this.binary('less', 'lt', y);
  }
  lessEqual(y: Operand): this {
    return this.binary('lessEqual', 'le', y);
  }
  greater(y: Operand): this {
    return this.apply('greater', [y], (b, x, other) => compose.binaryBroadcast(b, 'lt', other, x));
  }
  greaterEqual(y: Operand): this {
    return this.apply('greaterEqual', [y], (b, x, other) => compose.binaryBroadcast(b, 'le', other, x));
  }
  isNaN(): this {
    return this.composed('isNaN', compose.isNaN);
  }
  isInfinite(): this {
    return this.composed('isInfinite', (b, x) => compose.isInfinite(b, x));
  }

  // -- logic on bool, bitwise on integers --

  and(y: Operand): this {
    return this.binary('and', 'and', y);
  }
  or(y: Operand): this {
    return this.binary('or', 'or', y);
  }
  xor(y: Operand): this {
    return this.binary('xor', 'xor', y);
  }
  not(): this {
    return this.unary('not');
  }
  shiftLeft(y: Operand): this {
    return this.binary('shiftLeft', 'shl', y);
  }
  shiftRight(y: Operand): this {
    return this.binary('shiftRight', 'shr', y);
  }

  // -- choice and conversion --

  /** `whenTrue` where this (bool) holds, `whenFalse` elsewhere. At least one of both is a tensor. */
  where(whenTrue: Operand, whenFalse: Operand): this {
    const like = [whenTrue, whenFalse].find((operand) => operand instanceof TensorCore);
    const numbers = typeof whenTrue === 'boolean' ? 'bool' : 'f32';
    const dtype = like?.dtype ?? numbers;
    const choice = (operand: Operand): Operand =>
      operand instanceof TensorCore ? operand : this.constantLike(operand, dtype);
    return this.apply('where', [choice(whenTrue), choice(whenFalse)], (b, condition, yes, no) =>
      compose.where(b, condition, yes, no),
    );
  }

  /** Another dtype. Float to integer truncates and saturates, NaN becomes 0; to bool is `!= 0`. */
  cast(dtype: DType): this {
    return this.apply('cast', [], (b, x) => {
      checkDType(dtype);
      return b.cast(x, dtype);
    });
  }

  /** The same bits read as another 32-bit dtype. */
  bitcast(dtype: DType): this {
    return this.apply('bitcast', [], (b, x) => {
      checkDType(dtype);
      return b.emit('bitcast', [x], { dtype });
    });
  }

  /** The same value, through which no gradient flows. */
  stopGradient(): this {
    return this.apply('stopGradient', [], (b, x) => b.emit('stopGradient', [x], {}));
  }

  private constantLike(value: number | boolean, dtype: DType): this {
    return named('where', () => this.wrap(exprOf(value, dtype)));
  }
}
