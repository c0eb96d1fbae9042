/**
 * Expressions: what tensors stand for before they are computed.
 *
 * An expression is an op with operands, an input of a function under trace, or data. Nothing global records it: the
 * operands are the record. A function is traced by calling it with inputs and looking at what comes back; a value is
 * computed by turning what it was made from into a graph.
 */
import { HeddleError } from '../../base/errors.js';
import { inferType } from '../../ir/infer.js';
import { Emitter, type Value } from '../../ir/emitter.js';
import type { Op, OpAttrs } from '../../ir/ops.js';
import type { TensorType } from '../../ir/types.js';
import type { Backend, Storage } from '../backends/backend.js';
import { Lease, type Held } from '../../base/lease.js';

/**
 * One call of a function under trace. Its identity tells the inputs of one call from those of another. It holds what the
 * function uses that does not depend on its inputs, until it has become a graph.
 */
export class Trace extends Lease {
  constructor(readonly name: string) {
    super();
  }
}

interface OpOriginOf<K extends Op> {
  readonly kind: 'op';
  readonly op: K;
  readonly attrs: OpAttrs[K];
  readonly inputs: readonly Expr[];
}

/** Made by an op, and not computed yet. */
export type OpOrigin<K extends Op = Op> = { [P in K]: OpOriginOf<P> }[K];

export type Origin =
  | OpOrigin
  | { readonly kind: 'input'; readonly trace: Trace; readonly index: number }
  | { readonly kind: 'data'; readonly storage: Storage }
  | { readonly kind: 'gone'; readonly why: string };

const NO_TRACES: readonly Trace[] = [];

/** Expressions made so far. */
const made = { count: 0 };

/** The {@link Expr.serial} of the next expression: what is made from here on has this or a greater one. */
export const nextSerial = (): number => made.count;

export class Expr implements Value, Held {
  /** Greater than those of all that was made before, its operands included. */
  readonly serial = made.count++;
  /** The traces whose inputs this depends on. Empty: it can be computed. */
  readonly traces: readonly Trace[];
  /** Where it is computed. Undefined: made from host data alone, it can be computed anywhere. */
  readonly place: Backend | undefined;
  private from: Origin;
  private computed = false;
  private results: readonly Expr[] | undefined;
  /** Tensors, traces, and held expressions not computed yet that are made from this. */
  private holders = 0;

  constructor(
    readonly type: TensorType,
    origin: Origin,
  ) {
    // Readers of a tensor get this very list.
    Object.freeze(type.shape);
    this.from = origin;
    this.traces =
      origin.kind === 'input' ? [origin.trace] : origin.kind === 'op' ? union(origin.inputs) : NO_TRACES;
    this.place =
      origin.kind === 'op'
        ? placeOf(origin.inputs)
        : origin.kind === 'data'
          ? origin.storage.backend
          : undefined;
    if (origin.kind === 'op')
      for (const trace of this.traces)
        for (const input of origin.inputs) if (input.traces.length === 0) trace.acquire(input);
    if (origin.kind === 'data') origin.storage.acquire(this);
  }

  get origin(): Origin {
    return this.from;
  }

  /** What holds the data, once there is some. Throws TENSOR_DISPOSED where it was given up. */
  get storage(): Storage | undefined {
    if (this.from.kind === 'gone')
      throw new HeddleError('TENSOR_DISPOSED', 'the data of this tensor is gone', { found: this.from.why });
    return this.from.kind === 'data' ? this.from.storage : undefined;
  }

  /** What an op with several results gives, in order: the same expressions each time. It has no data of its own. */
  get parts(): readonly Expr[] {
    const types = this.type.parts ?? [];
    return (this.results ??= types.map(
      (type, index) => new Expr(type, { kind: 'op', op: 'result', attrs: { index }, inputs: [this] }),
    ));
  }

  get isHeld(): boolean {
    return this.holders > 0;
  }

  /** Whether a run has computed this already, without keeping it. */
  get wasComputed(): boolean {
    return this.computed;
  }

  markComputed(): void {
    this.computed = true;
  }

  /** Takes its data; what it was made from is no longer needed. */
  settle(storage: Storage): void {
    const before = this.from;
    this.from = { kind: 'data', storage };
    storage.acquire(this);
    if (this.holders === 0) this.end('nothing held it');
    else if (before.kind === 'op') releaseAll(before.inputs);
  }

  /** What is held holds what it is made from. */
  acquire(): void {
    const stack: Expr[] = [this];
    for (let expr = stack.pop(); expr !== undefined; expr = stack.pop())
      if (expr.holders++ === 0 && expr.from.kind === 'op' && expr.traces.length === 0)
        for (const input of expr.from.inputs) stack.push(input);
  }

  /** Frees the data when the last holder lets go. */
  release(): void {
    releaseAll([this]);
  }

  /** One holder less, of this alone. Returns what this held, if it was the last. */
  releaseOne(): readonly Expr[] {
    this.holders--;
    if (this.holders > 0) return [];
    if (this.from.kind === 'op' && this.traces.length === 0) return this.from.inputs;
    this.end('it was disposed');
    return [];
  }

  /** Gives the data to a computation, whoever holds this. */
  donate(why: string): void {
    this.storage?.donate();
    this.from = { kind: 'gone', why };
  }

  private end(why: string): void {
    if (this.from.kind !== 'data' || this.from.storage.isHost) return;
    this.from.storage.release();
    this.from = { kind: 'gone', why };
  }
}

function releaseAll(exprs: readonly Expr[]): void {
  const stack = [...exprs];
  for (let expr = stack.pop(); expr !== undefined; expr = stack.pop())
    for (const held of expr.releaseOne()) stack.push(held);
}

/** Where expressions can be computed with together. Throws DEVICE_MISMATCH where they lie on several devices. */
export function placeOf(exprs: readonly Expr[]): Backend | undefined {
  let result: Backend | undefined;
  for (const { place } of exprs) {
    if (place === undefined || place === result) continue;
    if (result !== undefined)
      throw new HeddleError('DEVICE_MISMATCH', 'tensors of two devices meet', {
        found: `${result.name} and ${place.name}`,
        hint: 'read one with `await x.toHost()` and bring it over with `tensor(data).to(backend)`',
      });
    result = place;
  }
  return result;
}

function union(inputs: readonly Expr[]): readonly Trace[] {
  let result = NO_TRACES;
  for (const { traces } of inputs) {
    if (traces.length === 0 || traces === result) continue;
    const more = traces.filter((trace) => !result.includes(trace));
    if (more.length > 0) result = result.length === 0 ? traces : [...result, ...more];
  }
  return result;
}

/** Emits expressions, so that the compositions of src/compose serve tensors. */
class ExprEmitter extends Emitter<Expr> {
  override emit<K extends Op>(op: K, inputs: readonly Value[], attrs: OpAttrs[K]): Expr {
    const operands = inputs.map(asExpr);
    const type = inferType(
      op,
      operands.map((operand) => operand.type),
      attrs,
    );
    return opExpr(type, { kind: 'op', op, attrs, inputs: operands } as OpOrigin);
  }
}

/** The expression of an op, whose type is known. */
export const opExpr = (type: TensorType, origin: OpOrigin): Expr =>
  origin.op === 'result' ? origin.inputs[0].parts[origin.attrs.index] : new Expr(type, origin);

/** The one emitter of expressions: it holds nothing. */
export const EXPRS: Emitter<Expr> = new ExprEmitter();

export function asExpr(value: Value): Expr {
  if (value instanceof Expr) return value;
  throw new HeddleError('IR_INVALID', 'a value of another emitter among expressions');
}
