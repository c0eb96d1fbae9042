/** What every tensor has: a type, data that can be read, and an end. */
import { allocateHost, isFloat, type DType, type HostArrays } from '../../base/dtype.js';
import { describeValue } from '../../base/describe.js';
import { HeddleError, withFacts } from '../../base/errors.js';
import { copyTensor, type TensorData } from '../../base/tensor.js';
import type { Emitter, Value } from '../../ir/emitter.js';
import { printType, staticShape } from '../../ir/types.js';
import { fromHalf } from '../../numerics/math/index.js';
import { preserveLang } from '../../numerics/js-lang.js';
import { checkBackend, type Backend } from '../backends/backend.js';
import { ensureConcrete, materialize, onBackend } from '../expressions/evaluate.js';
import { asExpr, Expr, EXPRS } from '../expressions/expr.js';
import { formatTensor } from './format.js';
import { hostDataOf } from './host.js';
import { userFrame } from '../expressions/location.js';
import { REFERENCE } from '../backends/reference.js';
import { track } from './scope.js';

/** What an operand may be: a tensor, or a number or boolean that takes the dtype of the tensor it meets. */
export type Operand = TensorCore | number | boolean;

/** How {@link TensorCore.data} hands elements out: f16 as f32, bool as 0 and 1. */
export type Elements = Float32Array | Int32Array | Uint32Array | Uint8Array;

export type Nested = number | boolean | readonly Nested[];

export abstract class TensorCore {
  private held: Expr | undefined;
  private ending = 'it was disposed';

  constructor(expr: Expr) {
    if (!(expr instanceof Expr))
      throw new HeddleError('USAGE', 'a tensor is made by a function', {
        found: describeValue(expr),
        expected: 'tensor([1, 2]), zeros([2, 3]), ...',
      });
    expr.acquire();
    this.held = expr;
    track(this);
  }

  /** What this tensor stands for. Throws TENSOR_DISPOSED. */
  get expr(): Expr {
    return this.exprFor('a tensor');
  }

  /** {@link expr} for an operation, which errors name, with the line of the caller. */
  exprFor(call: string): Expr {
    const { held } = this;
    if (held !== undefined && held.origin.kind !== 'gone') return held;
    if (held?.origin.kind === 'gone') this.ending = held.origin.why;
    return named(call, () => {
      throw new HeddleError('TENSOR_DISPOSED', 'a tensor is used after its end', {
        found: this.ending,
        hint: 'keep what is still needed out of tidy() and donate, or use what the call returned in its place',
      });
    });
  }

  get dtype(): DType {
    return this.exprFor('dtype').type.dtype;
  }

  /** Frozen: a tensor keeps its shape, whatever is done with this. */
  get shape(): readonly number[] {
    return staticShape(this.exprFor('shape').type.shape);
  }

  /** Number of axes. */
  get rank(): number {
    return this.shape.length;
  }

  /** For `Array.from(x)`, which would take a tensor for an empty list. Throws USAGE. */
  get length(): never {
    return named('length', () => {
      throw new HeddleError('USAGE', 'a tensor is not a list', {
        found: `a tensor ${printType(this.exprFor('length').type)}`,
        expected: 'await x.toArray(), await x.data(); x.shape[0], x.size; x.at(i), x.split(n) for parts',
      });
    });
  }

  /** Number of elements. */
  get size(): number {
    return this.shape.reduce((n, extent) => n * extent, 1);
  }

  /** Whether the memory was given up. */
  get isDisposed(): boolean {
    return this.held === undefined || this.held.origin.kind === 'gone';
  }

  /**
   * The elements, row-major: f32 and f16 as Float32Array, i32, u32, and bool as 0 and 1. Computes what is not computed
   * yet. Throws TRACE_ESCAPED, at once, inside of jit, grad and vmap, where there are no values. Rejects with
   * TENSOR_DISPOSED, and with what made a run fail.
   */
  data(): Promise<Elements> {
    return this.reading('data', async (expr) => elementsOf(await dataOf(expr)));
  }

  /** The tensor on the host, f16 as its 16 bits. Fails as {@link data}. */
  toHost(): Promise<TensorData> {
    return this.reading('toHost', dataOf);
  }

  /** The only element. Fails as {@link data}; rejects with SHAPE_MISMATCH where there is not exactly one. */
  item(): Promise<number> {
    return this.reading('item', async (expr) => {
      if (this.size !== 1)
        throw new HeddleError('SHAPE_MISMATCH', 'item() reads a tensor of one element', {
          found: printType(expr.type),
          hint: 'read several with `await x.data()`',
        });
      return elementsOf(await dataOf(expr))[0];
    });
  }

  /** The elements as nested arrays; a number for a scalar. Fails as {@link data}. */
  toArray(): Promise<Nested> {
    return this.reading('toArray', async (expr) => nest(await dataOf(expr)));
  }

  /** Throws at once under trace: the rejection of a promise that nobody awaits would come too late. */
  private reading<T>(call: string, read: (expr: Expr) => Promise<T>): Promise<T> {
    const { held } = this;
    if (held !== undefined) named(call, () => ensureConcrete(held));
    return (async () => read(this.exprFor(call)))();
  }

  /** Starts computing without waiting for the result. Throws as {@link data} fails. */
  compute(): this {
    materialize([this.exprFor('compute')]);
    return this;
  }

  /** The same tensor in the memory of `backend`, where all that is made from it is computed. Throws USAGE for others. */
  to(backend: Backend): this {
    named('to', () => checkBackend(backend));
    const expr = this.exprFor('to');
    ensureConcrete(expr);
    materialize([expr]);
    const here = onBackend(backend, expr.storage!);
    if (here === expr.storage) return this.wrap(expr);
    return this.wrap(new Expr(expr.type, { kind: 'data', storage: here }));
  }

  /** Where the data lies; undefined before it is computed. */
  get backend(): string | undefined {
    const storage = this.expr.storage;
    return storage && (storage.backend?.name ?? 'host');
  }

  /** As NumPy prints it (see format.ts), where the data is on the host or can be computed there; otherwise its type. */
  toString(): string {
    if (this.held === undefined) return `Tensor (gone: ${this.ending})`;
    const { type, traces, origin } = this.held;
    if (origin.kind === 'gone') return `Tensor (gone: ${origin.why})`;
    if (traces.length > 0) return `Tensor ${printType(type)} (traced by ${traces[0].name})`;
    try {
      materialize([this.held]);
    } catch (error) {
      return `Tensor ${printType(type)} (${error instanceof Error ? error.message : 'not computable'})`;
    }
    const storage = this.held.storage!;
    const data = hostDataOf(storage);
    if (data === undefined) return `Tensor ${printType(type)} (on ${storage.backend!.name}: await x.data())`;
    return formatTensor(data.dtype, data.shape, elementsOf(data));
  }

  /** `x + 1`, `x > 0` and the like: JavaScript would calculate with a text. */
  [Symbol.toPrimitive](hint: string): string {
    if (hint === 'string') return this.toString();
    const traced = this.held !== undefined && this.held.traces.length > 0;
    throw new HeddleError(traced ? 'TRACE_ESCAPED' : 'USAGE', 'operators do not work on tensors', {
      found: 'a tensor in an expression such as x + 1 or x > 0',
      expected: traced
        ? 'x.add(1), x.greater(0); where or cond to choose'
        : 'x.add(1), x.greater(0), await x.item()',
    });
  }

  /** What `JSON.stringify` writes: the type. Values are read first: `JSON.stringify(await x.toArray())`. */
  toJSON(): { readonly tensor: string } {
    return { tensor: this.isDisposed ? 'gone' : printType(this.expr.type) };
  }

  /** `console.log(x)` in Node. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  /** Gives the memory up; using the tensor from here on throws TENSOR_DISPOSED. Doing it twice is allowed. */
  dispose(why = 'it was disposed'): void {
    const { held } = this;
    if (held === undefined) return;
    this.held = undefined;
    this.ending = why;
    held.release();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** A tensor of the same class around another expression. */
  protected abstract wrap(expr: Expr): this;

  /** {@link apply} of a function of floats. Throws DTYPE_MISMATCH for integers and bools. */
  protected applyFloat(
    name: string,
    operands: readonly Operand[],
    body: (b: Emitter, x: Value, ...operands: Value[]) => Value,
  ): this {
    return this.apply(name, operands, (b, x, ...others) => {
      requireFloat(x);
      return body(b, x, ...others);
    });
  }

  /**
   * `body` applied to this and the operands. Errors name the operation, the operands' types and the line of the caller.
   */
  protected apply(
    name: string,
    operands: readonly Operand[],
    body: (b: Emitter, x: Value, ...operands: Value[]) => Value,
  ): this {
    const x = this.exprFor(name);
    return this.wrap(
      named(name, () => {
        const values = operands.map((operand) => exprOf(operand, x.type.dtype, [], name));
        return describing([x, ...values], () => asExpr(body(EXPRS, x, ...values)));
      }),
    );
  }
}

/** Throws DTYPE_MISMATCH where a function of floats is asked of integers: what it gave would be cut to one. */
export function requireFloat({ type }: Value): void {
  if (isFloat(type.dtype)) return;
  throw new HeddleError('DTYPE_MISMATCH', 'the function is defined for floats only', {
    found: type.dtype,
    expected: 'f32 or f16',
    hint: "integers do not become floats silently: x.cast('f32')",
  });
}

/** The expression of an operand; a number or boolean becomes a constant of `dtype`. */
export function exprOf(
  operand: Operand,
  dtype: DType,
  shape: readonly number[] = [],
  call = 'a tensor',
): Expr {
  if (operand instanceof TensorCore) return operand.exprFor(call);
  if (typeof operand !== 'number' && typeof operand !== 'boolean') return refuseOperand(operand);
  const value = Number(operand);
  if (dtype === 'bool' ? typeof operand !== 'boolean' : !isRepresentable(value, dtype))
    throw new HeddleError('DTYPE_MISMATCH', 'the number does not fit the dtype that it meets', {
      found: String(operand),
      expected: dtype,
      hint: "convert the tensor first: x.cast('f32')",
    });
  return asExpr(EXPRS.constant(dtype, shape, value));
}

function refuseOperand(operand: unknown): never {
  throw new HeddleError('USAGE', 'an operand is not a tensor', {
    found: describeValue(operand),
    expected: 'a tensor, a number or a boolean',
    hint:
      typeof operand === 'object' && operand !== null ? 'tensor(...) makes one of lists and data' : undefined,
  });
}

function isRepresentable(value: number, dtype: DType): boolean {
  if (dtype === 'i32') return value === (value | 0);
  if (dtype === 'u32') return value === value >>> 0;
  return true;
}

/** Runs `body`; errors get the name of the operation and the caller's line. */
export function named<T>(name: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (!(error instanceof HeddleError) || error.where !== undefined) throw error;
    const frame = userFrame();
    throw withFacts(error, { where: frame === undefined ? name : `${name}, called at ${frame}` });
  }
}

/** Runs `body`; errors that do not say what was found get the types of the operands. */
export function describing<T>(operands: readonly Expr[], body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (!(error instanceof HeddleError)) throw error;
    const types = operands.map(({ type }) => printType(type)).join(' and ');
    const isShape = error.code === 'SHAPE_MISMATCH' || error.code === 'DTYPE_MISMATCH';
    if (!isShape) throw error;
    const hint =
      error.code === 'DTYPE_MISMATCH' && error.hint === undefined
        ? "dtypes are never converted silently: x.cast('f32') converts"
        : undefined;
    throw withFacts(error, { found: types, hint });
  }
}

async function dataOf(expr: Expr): Promise<TensorData> {
  materialize([expr]);
  const storage = expr.storage!;
  const [data] = await (storage.backend ?? REFERENCE).read([storage]);
  // A tensor does not change, whatever is done with what was read.
  return storage.isHost ? copyTensor(data) : data;
}

/** The elements of a tensor as nested arrays. */
function nest(tensor: TensorData): Nested {
  const values = elementsOf(tensor);
  let at = 0;
  const build = (axis: number): Nested => {
    if (axis === tensor.shape.length) return tensor.dtype === 'bool' ? values[at++] !== 0 : values[at++];
    return Array.from({ length: tensor.shape[axis] }, () => build(axis + 1));
  };
  return build(0);
}

/** Elements as numbers: f16 as f32, everything else as it is. */
export function elementsOf({ dtype, data }: TensorData): Elements {
  if (dtype !== 'f16') return data as Exclude<HostArrays[DType], Uint16Array>;
  const values = allocateHost('f32', data.length);
  for (let i = 0; i < data.length; i++) values[i] = fromHalf(preserveLang, data[i]);
  return values;
}
