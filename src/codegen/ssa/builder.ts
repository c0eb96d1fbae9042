import { dimEquals, isStatic, SymDim, type Dim } from '../../ir/dim.js';
import { f32Bits, f32FromBits } from '../../numerics/bits.js';
import type { ScalarLang } from '../../numerics/scalar-lang.js';
import { keyOf, keyOfWords, Scoped } from './known.js';
import {
  PRIM_TYPES,
  type ArrayDecl,
  type Block,
  type Callee,
  type Instr,
  type Prim,
  type Ref,
  type ScalarType,
} from './instr.js';
import { wordOf } from './word.js';

type Int = Ref | Dim;

/** A number that code is given for the sizes at hand: a dimension, or how many of `rowOf` workgroups a row of their grid has. */
export type Param = SymDim | { readonly rowOf: Dim };

/** `of` shifted by a number. */
interface Shift {
  readonly prim: 'ishl' | 'isar';
  readonly of: Ref;
  readonly by: number;
}

/**
 * Builds the body of a kernel or function. Pure instructions are shared within the blocks that they dominate. It is an
 * instance of {@link ScalarLang}, so the math library emits itself through it.
 */
export class SsaBuilder implements ScalarLang<Ref, Ref, Ref> {
  /** The blocks under construction, each inside of the one before it. */
  private readonly blocks: Instr[][] = [[]];
  private readonly computed = new Scoped<string | number, Ref>();
  private readonly constants = new Map<number, number>();
  private nextId: number;
  readonly arrays: ArrayDecl[] = [];
  readonly functions = new Set<Callee>();
  /** The parameters of the code, in their order. */
  readonly params: Param[] = [];
  private readonly trips = new Map<number, Ref>();
  /** Values that are others shifted by numbers that are known. */
  private readonly shifts = new Map<number, Shift>();

  /** Refs below `firstId` are given from outside: parameters, grid inputs. */
  constructor(firstId = 0) {
    this.nextId = firstId;
  }

  /** The ids of all values are below this. */
  get values(): number {
    return this.nextId;
  }

  /** The finished code. */
  get block(): Block {
    return this.blocks[0];
  }

  // ---- memo for those who emit through this builder: entries live as long as the block they were made in ----

  recall(key: string): Ref | undefined {
    return this.computed.find(key);
  }

  remember(key: string, ref: Ref): Ref {
    this.computed.put(key, ref);
    return ref;
  }

  // ---- emission ----

  private push(instr: Instr): void {
    this.blocks[this.blocks.length - 1].push(instr);
  }

  private fresh(type: ScalarType): Ref {
    return { id: this.nextId++, type };
  }

  private shared(key: string | number, type: ScalarType, make: (ref: Ref) => Instr): Ref {
    const found = this.computed.find(key);
    if (found !== undefined) return found;
    const ref = this.fresh(type);
    this.push(make(ref));
    this.computed.put(key, ref);
    return ref;
  }

  /** Runs `emit` into a new block. */
  private nested(emit: () => void): Block {
    const block: Instr[] = [];
    this.blocks.push(block);
    this.computed.open();
    try {
      emit();
      return block;
    } finally {
      this.computed.close();
      this.blocks.pop();
    }
  }

  prim(prim: Prim, ...args: readonly Ref[]): Ref {
    return this.shared(keyOf(prim, args), PRIM_TYPES[prim], (ref) => ({ kind: 'prim', ref, prim, args }));
  }

  private constant(type: ScalarType, bits: number): Ref {
    const ref = this.shared(keyOfWords(type, bits), type, (made) => ({ kind: 'const', ref: made, bits }));
    if (type === 'u32') this.constants.set(ref.id, bits);
    return ref;
  }

  /** A number that is known when sizes are. */
  param(value: Param): Ref {
    const key = value instanceof SymDim ? `dim ${value.text}` : `row of ${String(value.rowOf)}`;
    return this.shared(key, 'u32', (ref) => ({ kind: 'param', ref, index: this.paramAt(value) }));
  }

  private paramAt(value: Param): number {
    const isSame = (known: Param): boolean =>
      value instanceof SymDim
        ? known instanceof SymDim && dimEquals(known, value)
        : !(known instanceof SymDim) && dimEquals(known.rowOf, value.rowOf);
    const at = this.params.findIndex(isSame);
    return at >= 0 ? at : this.params.push(value) - 1;
  }

  /** The number of the trip of the loop at `level`. */
  trip(level: number): Ref {
    const own = this.trips.get(level);
    if (own !== undefined) return own;
    return this.shared(`trip ${level}`, 'u32', (ref) => ({ kind: 'trip', ref, level }));
  }

  /** Runs `emit`, for which the kernel makes the trips of the loop at `level` itself: `trip` is their number. */
  inTrip(level: number, trip: Ref, emit: () => void): void {
    this.trips.set(level, trip);
    emit();
    this.trips.delete(level);
  }

  /** A call of a function of the module. */
  call(fn: Callee, type: ScalarType, ...args: readonly Ref[]): Ref {
    this.functions.add(fn);
    const key = `call ${fn}(${args.map((arg) => arg.id).join(',')})`;
    return this.shared(key, type, (ref) => ({ kind: 'call', ref, fn, args }));
  }

  /** Reads a storage buffer. Shared like a pure value: kernels store only after all that they read. */
  load(buffer: number, type: ScalarType, index: Int): Ref {
    const at = this.int(index);
    return this.shared(keyOfWords('load', at.id, buffer), type, (ref) => ({
      kind: 'load',
      ref,
      buffer,
      index: at,
    }));
  }

  store(buffer: number, index: Int, value: Ref): void {
    this.push({ kind: 'store', buffer, index: this.int(index), value });
  }

  array(decl: ArrayDecl): string {
    this.arrays.push(decl);
    return decl.name;
  }

  arrayLoad(array: string, type: ScalarType, index: Int): Ref {
    const ref = this.fresh(type);
    this.push({ kind: 'arrayLoad', ref, array, index: this.int(index) });
    return ref;
  }

  arrayStore(array: string, index: Int, value: Ref): void {
    this.push({ kind: 'arrayStore', array, index: this.int(index), value });
  }

  variable(init: Ref): Ref {
    const ref = this.fresh(init.type);
    this.push({ kind: 'var', ref, init });
    return ref;
  }

  /** The value of `variable` now. */
  get(variable: Ref): Ref {
    return this.read(variable, false);
  }

  private read(variable: Ref, immediate: boolean): Ref {
    const ref = this.fresh(variable.type);
    this.push({ kind: 'get', ref, variable, immediate });
    return ref;
  }

  /** variable = next(variable). */
  update(variable: Ref, next: (value: Ref) => Ref): void {
    this.set(variable, next(this.read(variable, true)));
  }

  set(variable: Ref, value: Ref): void {
    this.push({ kind: 'set', variable, value });
  }

  for(from: Int, to: Int, step: Int, emit: (i: Ref) => void): void {
    const ref = this.fresh('u32');
    const bounds = { from: this.int(from), to: this.int(to), step: this.int(step) };
    this.push({ kind: 'for', ref, ...bounds, body: this.nested(() => emit(ref)) });
  }

  /** A loop that the driver cannot unroll: where the code of its body is big, compiling it once is enough. */
  rolled(to: Ref, emit: (i: Ref) => void): void {
    this.for(0, this.prim('iopaque', to), 1, emit);
  }

  if(cond: Ref, then: () => void, otherwise: () => void = () => {}): void {
    this.push({ kind: 'if', cond, then: this.nested(then), else: this.nested(otherwise) });
  }

  barrier(): void {
    this.push({ kind: 'barrier' });
  }

  /** The value that lane `lane` of the quad has. */
  quadBroadcast(value: Ref, lane: number): Ref {
    const ref = this.fresh(value.type);
    this.push({ kind: 'quadBroadcast', ref, value, lane });
    return ref;
  }

  // ---- ScalarLang ----

  private int(value: Int): Ref {
    if (typeof value === 'number') return this.iconst(value);
    return value instanceof SymDim ? this.param(value) : value;
  }

  /** The value of an integer constant, or undefined. */
  known(value: Int): number | undefined {
    if (typeof value === 'number') return wordOf(value);
    return value instanceof SymDim ? undefined : this.constants.get(value.id);
  }

  fconst(value: number): Ref {
    return this.constant('f32', f32Bits(value) >>> 0);
  }

  iconst(value: Dim): Ref {
    return isStatic(value) ? this.constant('u32', wordOf(value)) : this.param(value);
  }

  /**
   * An integer that stands in the code as it is: never folded, never shared with an equal one. Kernels that are built
   * with such numbers have one form for all sizes.
   */
  literal(value: Dim): Ref {
    if (!isStatic(value)) return this.param(value);
    const ref = this.fresh('u32');
    this.push({ kind: 'const', ref, bits: wordOf(value) });
    return ref;
  }

  bconst(value: boolean): Ref {
    return this.constant('bool', value ? 1 : 0);
  }

  add = (a: Ref, b: Ref): Ref => this.prim('add', a, b);
  sub = (a: Ref, b: Ref): Ref => this.prim('sub', a, b);
  mul = (a: Ref, b: Ref): Ref => this.prim('mul', a, b);
  div = (a: Ref, b: Ref): Ref => this.prim('div', a, b);
  sqrt = (a: Ref): Ref => this.prim('sqrt', a);
  mac = (acc: Ref, a: Ref, b: Ref): Ref => this.prim('mac', acc, a, b);
  opaque = (a: Ref): Ref => this.prim('opaque', a);

  bits = (a: Ref): Ref => this.prim('bits', a);
  float = (a: Int): Ref => {
    const value = this.known(a);
    return value === undefined ? this.prim('float', this.int(a)) : this.fconst(f32FromBits(value));
  };
  i2f = (a: Ref): Ref => this.prim('i2f', a);
  f2i = (a: Ref): Ref => this.prim('f2i', a);

  /** Folds, modulo 2^32, where both operands are known, or where `b` is the neutral element of the operation. */
  private int2(prim: Prim, a: Int, b: Int, fold: (x: number, y: number) => number, neutral?: number): Ref {
    const x = this.known(a);
    const y = this.known(b);
    if (x !== undefined && y !== undefined) return this.constant('u32', fold(x, y) >>> 0);
    if (y !== undefined && y === neutral) return this.int(a);
    const [first, second] = [this.int(a), this.int(b)];
    const made = this.prim(prim, first, second);
    if (y !== undefined && (prim === 'isar' || prim === 'ishl'))
      this.shifts.set(made.id, { prim, of: first, by: y });
    return made;
  }

  private commute(prim: Prim, a: Int, b: Int, fold: (x: number, y: number) => number, neutral?: number): Ref {
    const [p, q] = this.known(a) === undefined ? [a, b] : [b, a];
    return this.int2(prim, p, q, fold, neutral);
  }

  iadd = (a: Int, b: Int): Ref => this.commute('iadd', a, b, (x, y) => x + y, 0);
  isub = (a: Int, b: Int): Ref => this.int2('isub', a, b, (x, y) => x - y, 0);
  imul = (a: Int, b: Int): Ref => this.commute('imul', a, b, Math.imul, 1);
  iand = (a: Int, b: Int): Ref => this.commute('iand', a, b, (x, y) => x & y);
  ior = (a: Int, b: Int): Ref => this.commute('ior', a, b, (x, y) => x | y, 0);
  ixor = (a: Int, b: Int): Ref => this.commute('ixor', a, b, (x, y) => x ^ y, 0);
  inot = (a: Ref): Ref => this.prim('inot', a);
  ishl = (a: Int, b: Int): Ref => this.int2('ishl', a, b, (x, y) => x << y, 0);
  ishr = (a: Int, b: Int): Ref => this.int2('ishr', a, b, (x, y) => x >>> y, 0);
  isar = (a: Int, b: Int): Ref => this.int2('isar', a, b, (x, y) => x >> y, 0);
  iclz = (a: Ref): Ref => this.prim('iclz', a);

  /** Two integers of 16 bits, with signs, in the halves of one word. That takes little where they come from halves or bytes of a word. */
  halves(low: Ref, high: Ref): Ref {
    const [first, second] = [this.partOf(low), this.partOf(high)];
    const fit = first !== undefined && first.word === second?.word && first.bits === second.bits;
    if (fit && first.bits === 16 && first.at === 0 && second.at === 16) return first.word;
    // The second ends within the word, so that the first begins at bit 8 at the latest.
    if (fit && first.bits === 8 && second.at === first.at + 16)
      return this.prim('high8', this.ishl(first.word, 8 - first.at));
    return this.ior(this.iand(low, 0xffff), this.ishl(high, 16));
  }

  /** acc + the products of the lower halves and of the upper ones. */
  addDot16 = (acc: Ref, a: Ref, b: Ref): Ref => this.iadd(acc, this.prim('dot16', a, b));

  /** Which bits of which word a value is, with their sign; undefined where it is not known to be some. */
  private partOf(value: Ref): { readonly word: Ref; readonly bits: number; readonly at: number } | undefined {
    const down = this.shifts.get(value.id);
    if (down?.prim !== 'isar') return undefined;
    const up = this.shifts.get(down.of.id);
    const isUp = up?.prim === 'ishl' && up.by <= down.by;
    return { word: isUp ? up.of : down.of, bits: 32 - down.by, at: down.by - (isUp ? up.by : 0) };
  }

  // Division by zero is defined as WGSL defines it, which refuses a divisor that it can see to be zero.
  udiv = (a: Int, b: Int): Ref =>
    this.known(b) === 0 ? this.int(a) : this.int2('udiv', a, b, (x, y) => Math.floor(x / y), 1);
  urem = (a: Int, b: Int): Ref =>
    this.known(b) === 0 ? this.iconst(0) : this.int2('urem', a, b, (x, y) => x % y);
  sdiv = (a: Int, b: Int): Ref =>
    this.known(b) === 0 ? this.int(a) : this.int2('sdiv', a, b, (x, y) => (x | 0) / (y | 0), 1);
  srem = (a: Int, b: Int): Ref =>
    this.known(b) === 0 ? this.iconst(0) : this.int2('srem', a, b, (x, y) => (x | 0) % (y | 0));
  umin = (a: Int, b: Int): Ref => this.int2('umin', a, b, Math.min);
  umax = (a: Int, b: Int): Ref => this.int2('umax', a, b, Math.max);
  smin = (a: Int, b: Int): Ref => this.int2('smin', a, b, (x, y) => Math.min(x | 0, y | 0));
  smax = (a: Int, b: Int): Ref => this.int2('smax', a, b, (x, y) => Math.max(x | 0, y | 0));

  ltu = (a: Int, b: Int): Ref => this.prim('ltu', this.int(a), this.int(b));
  lts = (a: Int, b: Int): Ref => this.prim('lts', this.int(a), this.int(b));
  ieq = (a: Int, b: Int): Ref => this.prim('ieq', this.int(a), this.int(b));
  band = (a: Ref, b: Ref): Ref => this.prim('band', a, b);
  bor = (a: Ref, b: Ref): Ref => this.prim('bor', a, b);
  bnot = (a: Ref): Ref => this.prim('bnot', a);

  select = (cond: Ref, whenTrue: Ref, whenFalse: Ref): Ref => this.prim('select', cond, whenTrue, whenFalse);
  iselect = (cond: Ref, whenTrue: Int, whenFalse: Int): Ref =>
    this.prim('iselect', cond, this.int(whenTrue), this.int(whenFalse));
  bselect = (cond: Ref, whenTrue: Ref, whenFalse: Ref): Ref =>
    this.prim('bselect', cond, whenTrue, whenFalse);

  branch<T extends readonly Ref[]>(cond: Ref, whenTrue: () => T, whenFalse: () => T): T {
    // The types of the joined values are only known once one side is traced, so that side is traced first, and the
    // variables are declared before the `if` that holds it.
    let traced: T | undefined;
    const variables: Ref[] = [];
    const then = this.nested(() => {
      traced = whenTrue();
      traced.forEach((value) => variables.push(this.fresh(value.type)));
      traced.forEach((value, i) => this.set(variables[i], value));
    });
    variables.forEach((ref) => this.push({ kind: 'var', ref, init: this.zero(ref.type) }));
    const otherwise = this.nested(() => whenFalse().forEach((value, i) => this.set(variables[i], value)));
    this.push({ kind: 'if', cond, then, else: otherwise });
    return variables.map((variable) => this.get(variable)) as unknown as T;
  }

  loop<T extends readonly Ref[]>(init: T, more: (state: T) => Ref, step: (state: T) => T): T {
    const variables = init.map((value) => this.variable(value));
    const read = (): T => variables.map((variable) => this.get(variable)) as unknown as T;
    let cond: Ref | undefined;
    const test = this.nested(() => (cond = more(read())));
    const body = this.nested(() => step(read()).forEach((value, i) => this.set(variables[i], value)));
    this.push({ kind: 'while', test, cond: cond!, body });
    return read();
  }

  private zero(type: ScalarType): Ref {
    return type === 'f32' ? this.fconst(0) : type === 'u32' ? this.iconst(0) : this.bconst(false);
  }
}
