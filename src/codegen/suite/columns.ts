/** Writes down the instructions of a suite: a language of columns that reads as arithmetic does. */
import { f32Bits } from '../../numerics/bits.js';
import type { ColumnOp, Instruction, ScalarOp } from '../../plan/suite.js';

/** A column, by its position. */
export class Column {
  constructor(readonly position: number) {}
}

/** Numbers stand for columns of one element. */
export type Operand = Column | number;

/** The methods of ScalarLang in src/numerics, on columns. What is asked for twice is computed once. */
export class Columns {
  readonly instructions: Instruction[] = [];
  private readonly known = new Map<string, Column>();

  /** The columns that are given come first. */
  constructor(private readonly given = 0) {}

  column(op: ColumnOp, ...args: readonly number[]): Column {
    const key = `${op} ${args.join(' ')}`;
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const made = new Column(this.given + this.instructions.length);
    this.instructions.push([op, args]);
    this.known.set(key, made);
    return made;
  }

  words(words: readonly number[]): Column {
    return this.column('words', ...words.map((word) => word >>> 0));
  }
  count(length: number): Column {
    return this.column('count', length);
  }
  random(seed: number, length: number): Column {
    return this.column('random', seed, length);
  }
  take(from: Column, at: Column): Column {
    return this.column('take', from.position, at.position);
  }
  join(...parts: readonly Column[]): Column {
    return this.column('join', ...parts.map(({ position }) => position));
  }
  sums(terms: Column, length: number): Column {
    return this.column('sums', terms.position, length);
  }

  add(a: Operand, b: Operand): Column {
    return this.floats('add', a, b);
  }
  sub(a: Operand, b: Operand): Column {
    return this.floats('sub', a, b);
  }
  mul(a: Operand, b: Operand): Column {
    return this.floats('mul', a, b);
  }
  div(a: Operand, b: Operand): Column {
    return this.floats('div', a, b);
  }
  sqrt(a: Operand): Column {
    return this.floats('sqrt', a);
  }
  bits(a: Operand): Column {
    return this.floats('bits', a);
  }
  f2i(a: Operand): Column {
    return this.floats('f2i', a);
  }

  float(a: Operand): Column {
    return this.integers('float', a);
  }
  i2f(a: Operand): Column {
    return this.integers('i2f', a);
  }
  iadd(a: Operand, b: Operand): Column {
    return this.integers('iadd', a, b);
  }
  isub(a: Operand, b: Operand): Column {
    return this.integers('isub', a, b);
  }
  imul(a: Operand, b: Operand): Column {
    return this.integers('imul', a, b);
  }
  iand(a: Operand, b: Operand): Column {
    return this.integers('iand', a, b);
  }
  ior(a: Operand, b: Operand): Column {
    return this.integers('ior', a, b);
  }
  ixor(a: Operand, b: Operand): Column {
    return this.integers('ixor', a, b);
  }
  ishl(a: Operand, b: Operand): Column {
    return this.integers('ishl', a, b);
  }
  ishr(a: Operand, b: Operand): Column {
    return this.integers('ishr', a, b);
  }
  isar(a: Operand, b: Operand): Column {
    return this.integers('isar', a, b);
  }
  iclz(a: Operand): Column {
    return this.integers('iclz', a);
  }
  udiv(a: Operand, b: Operand): Column {
    return this.integers('udiv', a, b);
  }
  urem(a: Operand, b: Operand): Column {
    return this.integers('urem', a, b);
  }
  ltu(a: Operand, b: Operand): Column {
    return this.integers('ltu', a, b);
  }
  lts(a: Operand, b: Operand): Column {
    return this.integers('lts', a, b);
  }
  ieq(a: Operand, b: Operand): Column {
    return this.integers('ieq', a, b);
  }
  select(which: Column, a: Operand, b: Operand): Column {
    return this.floats('select', which, a, b);
  }
  iselect(which: Column, a: Operand, b: Operand): Column {
    return this.integers('select', which, a, b);
  }

  private floats(op: ScalarOp, ...operands: readonly Operand[]): Column {
    const constant = (value: number): Column => this.float(this.words([f32Bits(value)]));
    return this.scalar(op, operands, constant);
  }

  private integers(op: ScalarOp, ...operands: readonly Operand[]): Column {
    return this.scalar(op, operands, (value) => this.words([value]));
  }

  private scalar(op: ColumnOp, operands: readonly Operand[], constant: (value: number) => Column): Column {
    const columns = operands.map((operand) => (typeof operand === 'number' ? constant(operand) : operand));
    return this.column(op, ...columns.map(({ position }) => position));
  }
}
