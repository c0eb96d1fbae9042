/**
 * Scalar code as WGSL. What is used once is printed in place, the rest gets a name. Every float result that reaches
 * other float arithmetic is passed through `rn` ("round now", see prelude.ts), which keeps the driver from
 * reassociating, contracting or folding it. So that it has nothing to fold either, constants and floats made of integers
 * (a flipped sign is a negation to some drivers) are hidden from it on their way to float arithmetic.
 */
import { fault } from '../../base/errors.js';
import type { ScalarFunction } from '../kernel/functions.js';
import { FLOAT_ARITHMETIC, type Block, type Instr, type Ref } from '../ssa/instr.js';
import { blocksOf, operandsOf } from '../ssa/walk.js';
import { floatLiteral, literal, signedLiteral } from './literals.js';
import { atom, calleeName, PRIM_TEXT, SIGNED_OPERANDS, type Text } from './prims.js';

/** Expressions longer than this get a name even where they are used once. */
const INLINE_WIDTH = 72;

type PrimInstr = Extract<Instr, { kind: 'prim' }>;

/** What the printer must know of the whole body before it prints the first line. */
interface Facts {
  /** How often each value is used, by its id. */
  readonly uses: readonly (number | undefined)[];
  /** Values with users in another block than the definition. */
  readonly escaped: ReadonlySet<number>;
  /** Values that reach float arithmetic, directly or through selects, variables, arrays and calls. */
  readonly feedsFloat: ReadonlySet<number>;
}

function analyse(body: Block, results: readonly Ref[]): Facts {
  const uses: (number | undefined)[] = [];
  const homes: Block[] = [];
  const escaped = new Set<number>();
  const feedsFloat = new Set<number>();
  const selects: PrimInstr[] = [];
  const use = (ref: Ref, block: Block): void => {
    uses[ref.id] = (uses[ref.id] ?? 0) + 1;
    if (homes[ref.id] !== block) escaped.add(ref.id);
  };
  const visit = (block: Block): void => {
    for (const instr of block) {
      if ('ref' in instr) homes[instr.ref.id] = block;
      // The test of a while is printed at its top, inside of the loop.
      const home = instr.kind === 'while' ? instr.test : block;
      for (const inner of blocksOf(instr)) visit(inner);
      for (const ref of operandsOf(instr)) use(ref, home);
      if (instr.kind === 'prim' && instr.prim === 'select') selects.push(instr);
      else if (instr.kind === 'prim' ? FLOAT_ARITHMETIC.has(instr.prim) : keepsFloats(instr))
        for (const ref of operandsOf(instr)) feedsFloat.add(ref.id);
    }
  };
  visit(body);
  for (const ref of results) {
    use(ref, body);
    feedsFloat.add(ref.id);
  }
  // Selects pass their operands on; later ones first, so that chains are followed in one sweep.
  for (const instr of selects.reverse())
    if (feedsFloat.has(instr.ref.id)) for (const ref of instr.args) feedsFloat.add(ref.id);
  return { uses, escaped, feedsFloat };
}

/** Where a value is held or handed on, so that arithmetic may meet it later. A store to a buffer ends the kernel. */
const keepsFloats = (instr: Instr): boolean =>
  instr.kind === 'set' || instr.kind === 'var' || instr.kind === 'arrayStore' || instr.kind === 'call';

/** Names of what the body uses from outside. */
export interface Names {
  readonly buffers: readonly string[];
  readonly refs: ReadonlyMap<number, string>;
}

class Printer {
  private readonly lines: string[] = [];
  /** By ids of values. */
  private readonly texts: (Text | undefined)[] = [];
  private readonly constants: (number | undefined)[] = [];
  private readonly counters = { t: 0, v: 0, i: 0 };

  constructor(
    private readonly facts: Facts,
    private readonly names: Names,
  ) {
    for (const [id, name] of names.refs) this.texts[id] = atom(name);
  }

  print(body: Block, results: readonly Ref[], indent: string): string[] {
    this.block(body, indent);
    if (results.length > 0) this.lines.push(`${indent}return ${this.hidden(results[0], 'operand')};`);
    return this.lines;
  }

  /** A value on its way to float arithmetic. */
  private hidden(ref: Ref, place: keyof Text): string {
    const bits = this.constants[ref.id];
    return ref.type === 'f32' && bits !== undefined ? floatLiteral(bits, 'hidden') : this.of(ref, place);
  }

  private of(ref: Ref, place: keyof Text): string {
    const bits = this.constants[ref.id];
    if (bits !== undefined) return literal(ref.type, bits);
    const text = this.texts[ref.id];
    if (text === undefined) fault('kernel code uses a value before its definition', `%${ref.id}`);
    return text[place];
  }

  private operand(ref: Ref, instr: PrimInstr, position: number): string {
    if (position < (SIGNED_OPERANDS[instr.prim] ?? 0)) return this.signed(ref);
    if (instr.prim === 'select' && this.facts.feedsFloat.has(instr.ref.id))
      return this.hidden(ref, 'operand');
    if (!FLOAT_ARITHMETIC.has(instr.prim)) return this.of(ref, 'operand');
    const bits = this.constants[ref.id];
    if (bits !== undefined) {
      // An operation on literals alone would be computed by the compiler, which refuses infinities and NaNs.
      const folds = instr.args.every((arg) => this.constants[arg.id] !== undefined);
      return floatLiteral(bits, folds || instr.prim === 'div' ? 'hidden' : 'arithmetic');
    }
    // x - x and x / x fold where the driver sees one value twice.
    const twice = position === 1 && instr.args[0] === ref && (instr.prim === 'sub' || instr.prim === 'div');
    return twice ? `rn(${this.of(ref, 'operand')})` : this.of(ref, 'operand');
  }

  private signed(ref: Ref): string {
    const bits = this.constants[ref.id];
    return bits === undefined ? `bitcast<i32>(${this.of(ref, 'operand')})` : signedLiteral(bits);
  }

  /** Of constants alone the driver would compute the function itself. */
  private arguments(args: readonly Ref[]): string {
    const known = args.every((ref) => this.constants[ref.id] !== undefined);
    return args.map((ref) => (known ? this.hidden(ref, 'whole') : this.of(ref, 'whole'))).join(', ');
  }

  private fresh(kind: 't' | 'v' | 'i'): string {
    return `${kind}${this.counters[kind]++}`;
  }

  private define(ref: Ref, expression: Text, indent: string, inline: boolean): void {
    const uses = this.facts.uses[ref.id];
    if (uses === undefined) return;
    if (
      inline &&
      uses === 1 &&
      !this.facts.escaped.has(ref.id) &&
      expression.operand.length <= INLINE_WIDTH
    ) {
      this.texts[ref.id] = expression;
      return;
    }
    const name = this.fresh('t');
    this.texts[ref.id] = atom(name);
    this.lines.push(`${indent}let ${name} = ${expression.whole};`);
  }

  private block(block: Block, indent: string): void {
    for (const instr of block) this.instr(instr, indent);
  }

  private nested(head: string, block: Block, indent: string): void {
    this.lines.push(`${indent}${head} {`);
    this.block(block, `${indent}  `);
  }

  private prim(instr: PrimInstr, indent: string): void {
    const args = instr.args.map((ref, position) => this.operand(ref, instr, position));
    const plain = PRIM_TEXT[instr.prim](...args);
    const feeds = this.facts.feedsFloat.has(instr.ref.id);
    // divide, square_root and mac round by themselves.
    const round = instr.prim === 'add' || instr.prim === 'sub' || instr.prim === 'mul';
    const text =
      feeds && instr.prim === 'float'
        ? atom(`f32_bits(${this.of(instr.args[0], 'whole')})`)
        : feeds && round
          ? atom(`rn${plain.operand}`)
          : plain;
    this.define(instr.ref, text, indent, true);
  }

  private instr(instr: Instr, indent: string): void {
    const whole = (ref: Ref): string => this.of(ref, 'whole');
    switch (instr.kind) {
      case 'const':
        this.constants[instr.ref.id] = instr.bits;
        return;
      case 'param':
        this.texts[instr.ref.id] = atom(`params[${instr.index >> 2}].${'xyzw'[instr.index & 3]}`);
        return;
      case 'trip':
        this.texts[instr.ref.id] = atom(`numerics.trips.${'xyzw'[instr.level]}`);
        return;
      case 'prim':
        return this.prim(instr, indent);
      case 'call':
        return this.define(
          instr.ref,
          atom(`${calleeName(instr.fn)}(${this.arguments(instr.args)})`),
          indent,
          true,
        );
      case 'load':
        return this.define(
          instr.ref,
          atom(`${this.names.buffers[instr.buffer]}[${whole(instr.index)}]`),
          indent,
          false,
        );
      case 'arrayLoad':
        return this.define(instr.ref, atom(`${instr.array}[${whole(instr.index)}]`), indent, false);
      case 'store':
        this.lines.push(
          `${indent}${this.names.buffers[instr.buffer]}[${whole(instr.index)}] = ${whole(instr.value)};`,
        );
        return;
      case 'arrayStore':
        this.lines.push(
          `${indent}${instr.array}[${whole(instr.index)}] = ${this.hidden(instr.value, 'whole')};`,
        );
        return;
      case 'var': {
        const name = this.fresh('v');
        this.texts[instr.ref.id] = atom(name);
        this.lines.push(`${indent}var ${name} = ${this.hidden(instr.init, 'whole')};`);
        return;
      }
      case 'get':
        if (instr.immediate) this.texts[instr.ref.id] = atom(whole(instr.variable));
        else this.define(instr.ref, atom(whole(instr.variable)), indent, false);
        return;
      case 'set':
        this.lines.push(`${indent}${whole(instr.variable)} = ${this.hidden(instr.value, 'whole')};`);
        return;
      case 'for': {
        const name = this.fresh('i');
        this.texts[instr.ref.id] = atom(name);
        const [from, step] = [instr.from, instr.step].map(whole);
        const to = this.of(instr.to, 'operand');
        this.nested(`for (var ${name} = ${from}; ${name} < ${to}; ${name} += ${step})`, instr.body, indent);
        this.lines.push(`${indent}}`);
        return;
      }
      case 'while':
        this.nested('loop', instr.test, indent);
        this.lines.push(`${indent}  if (!${this.of(instr.cond, 'operand')}) { break; }`);
        this.block(instr.body, `${indent}  `);
        this.lines.push(`${indent}}`);
        return;
      case 'if':
        this.nested(`if (${whole(instr.cond)})`, instr.then, indent);
        if (instr.else.length > 0) this.nested('} else', instr.else, indent);
        this.lines.push(`${indent}}`);
        return;
      case 'barrier':
        this.lines.push(`${indent}workgroupBarrier();`);
        return;
      case 'quadBroadcast':
        return fault('WGSL has no quads');
    }
  }
}

/** The lines of a body; `results` (at most one) are returned by it. */
export function printBlock(body: Block, names: Names, results: readonly Ref[] = [], indent = '  '): string[] {
  return new Printer(analyse(body, results), names).print(body, results, indent);
}

/** A function of scalars. */
export function printFunction(name: string, { params, block, result }: ScalarFunction): string {
  const names = new Map(params.map((ref, i) => [ref.id, `p${i}`]));
  const list = params.map((ref, i) => `p${i}: ${ref.type}`).join(', ');
  const lines = printBlock(block, { buffers: [], refs: names }, [result]);
  return [`fn ${name}(${list}) -> ${result.type} {`, ...lines, '}'].join('\n');
}
