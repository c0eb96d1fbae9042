/**
 * Scalar code as WGSL. What is used once is printed in place, the rest gets a name. Every float result that reaches
 * other float arithmetic is passed through `rn` ("round now", see prelude.ts), which keeps the driver from
 * reassociating, contracting or folding it. So that it has nothing to fold either, constants and floats made of integers
 * (a flipped sign is a negation to some drivers) are hidden from it on their way to float arithmetic.
 */
import type { ScalarFunction } from '../kernel/functions.js';
import { FLOAT_ARITHMETIC, type Block, type Instr, type Ref } from '../ssa/instr.js';
import { blocksOf, operandsOf } from '../ssa/walk.js';
import { floatLiteral, literal, signedLiteral } from './literals.js';
import { calleeName, PRIM_TEXT, SIGNED_OPERANDS } from './prims.js';

/** Expressions longer than this get a name even where they are used once. */
const INLINE_WIDTH = 72;

type PrimInstr = Extract<Instr, { kind: 'prim' }>;

/** What the printer must know of the whole body before it prints the first line. */
interface Facts {
  readonly uses: ReadonlyMap<number, number>;
  readonly homes: ReadonlyMap<number, Block>;
  /** Users that sit in another block than the definition. */
  readonly escaped: ReadonlySet<number>;
  /** Values that reach float arithmetic, directly or through selects, variables, arrays and calls. */
  readonly feedsFloat: ReadonlySet<number>;
}

function analyse(body: Block, results: readonly Ref[]): Facts {
  const uses = new Map<number, number>();
  const homes = new Map<number, Block>();
  const escaped = new Set<number>();
  const feedsFloat = new Set<number>();
  const selects: PrimInstr[] = [];
  const use = (ref: Ref, block: Block): void => {
    uses.set(ref.id, (uses.get(ref.id) ?? 0) + 1);
    if (homes.get(ref.id) !== block) escaped.add(ref.id);
  };
  const visit = (block: Block): void => {
    for (const instr of block) {
      if ('ref' in instr) homes.set(instr.ref.id, block);
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
  return { uses, homes, escaped, feedsFloat };
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
  private readonly text: Map<number, string>;
  private readonly constants = new Map<number, number>();
  private readonly counters = { t: 0, v: 0, i: 0 };

  constructor(
    private readonly facts: Facts,
    private readonly names: Names,
  ) {
    this.text = new Map(names.refs);
  }

  print(body: Block, results: readonly Ref[], indent: string): string[] {
    this.block(body, indent);
    if (results.length > 0) this.lines.push(`${indent}return ${this.hidden(results[0])};`);
    return this.lines;
  }

  /** A value on its way to float arithmetic. */
  private hidden(ref: Ref): string {
    const bits = this.constants.get(ref.id);
    return ref.type === 'f32' && bits !== undefined ? floatLiteral(bits, 'hidden') : this.of(ref);
  }

  private of(ref: Ref): string {
    const bits = this.constants.get(ref.id);
    if (bits !== undefined) return literal(ref.type, bits);
    const text = this.text.get(ref.id);
    if (text === undefined) throw new Error(`kernel code uses %${ref.id} before its definition`);
    return text;
  }

  private operand(ref: Ref, instr: PrimInstr, position: number): string {
    if (position < (SIGNED_OPERANDS[instr.prim] ?? 0)) return this.signed(ref);
    if (instr.prim === 'select' && this.facts.feedsFloat.has(instr.ref.id)) return this.hidden(ref);
    if (!FLOAT_ARITHMETIC.has(instr.prim)) return this.of(ref);
    const bits = this.constants.get(ref.id);
    if (bits !== undefined) {
      // An operation on literals alone would be computed by the compiler, which refuses infinities and NaNs.
      const folds = instr.args.every((arg) => this.constants.has(arg.id));
      return floatLiteral(bits, folds || instr.prim === 'div' ? 'hidden' : 'arithmetic');
    }
    // x - x and x / x fold where the driver sees one value twice.
    const twice = position === 1 && instr.args[0] === ref && (instr.prim === 'sub' || instr.prim === 'div');
    return twice ? `rn(${this.of(ref)})` : this.of(ref);
  }

  private signed(ref: Ref): string {
    const bits = this.constants.get(ref.id);
    return bits === undefined ? `bitcast<i32>(${this.of(ref)})` : signedLiteral(bits);
  }

  /** Of constants alone the driver would compute the function itself. */
  private arguments(args: readonly Ref[]): string {
    const known = args.every((ref) => this.constants.has(ref.id));
    return args.map((ref) => unwrap(known ? this.hidden(ref) : this.of(ref))).join(', ');
  }

  private fresh(kind: 't' | 'v' | 'i'): string {
    return `${kind}${this.counters[kind]++}`;
  }

  private define(ref: Ref, expression: string, indent: string, inline: boolean): void {
    const uses = this.facts.uses.get(ref.id) ?? 0;
    if (uses === 0) return;
    if (inline && uses === 1 && !this.facts.escaped.has(ref.id) && expression.length <= INLINE_WIDTH) {
      this.text.set(ref.id, expression);
      return;
    }
    const name = this.fresh('t');
    this.text.set(ref.id, name);
    this.lines.push(`${indent}let ${name} = ${unwrap(expression)};`);
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
        ? `f32_bits(${unwrap(args[0])})`
        : feeds && round
          ? `rn${plain}`
          : plain;
    this.define(instr.ref, text, indent, true);
  }

  private instr(instr: Instr, indent: string): void {
    const { buffers } = this.names;
    switch (instr.kind) {
      case 'const':
        this.constants.set(instr.ref.id, instr.bits);
        return;
      case 'param':
        this.text.set(instr.ref.id, `params[${instr.index >> 2}].${'xyzw'[instr.index & 3]}`);
        return;
      case 'prim':
        return this.prim(instr, indent);
      case 'call':
        return this.define(instr.ref, `${calleeName(instr.fn)}(${this.arguments(instr.args)})`, indent, true);
      case 'load':
        return this.define(
          instr.ref,
          `${buffers[instr.buffer]}[${unwrap(this.of(instr.index))}]`,
          indent,
          false,
        );
      case 'arrayLoad':
        return this.define(instr.ref, `${instr.array}[${unwrap(this.of(instr.index))}]`, indent, false);
      case 'store':
        this.lines.push(
          `${indent}${buffers[instr.buffer]}[${unwrap(this.of(instr.index))}] = ${unwrap(this.of(instr.value))};`,
        );
        return;
      case 'arrayStore':
        this.lines.push(
          `${indent}${instr.array}[${unwrap(this.of(instr.index))}] = ${unwrap(this.hidden(instr.value))};`,
        );
        return;
      case 'var': {
        const name = this.fresh('v');
        this.text.set(instr.ref.id, name);
        this.lines.push(`${indent}var ${name} = ${unwrap(this.hidden(instr.init))};`);
        return;
      }
      case 'get':
        if (instr.immediate) this.text.set(instr.ref.id, this.of(instr.variable));
        else this.define(instr.ref, this.of(instr.variable), indent, false);
        return;
      case 'set':
        this.lines.push(`${indent}${this.of(instr.variable)} = ${unwrap(this.hidden(instr.value))};`);
        return;
      case 'for': {
        const name = this.fresh('i');
        this.text.set(instr.ref.id, name);
        const [from, step] = [instr.from, instr.step].map((ref) => unwrap(this.of(ref)));
        const to = this.of(instr.to);
        this.nested(`for (var ${name} = ${from}; ${name} < ${to}; ${name} += ${step})`, instr.body, indent);
        this.lines.push(`${indent}}`);
        return;
      }
      case 'while':
        this.nested('loop', instr.test, indent);
        this.lines.push(`${indent}  if (!${this.of(instr.cond)}) { break; }`);
        this.block(instr.body, `${indent}  `);
        this.lines.push(`${indent}}`);
        return;
      case 'if':
        this.nested(`if (${unwrap(this.of(instr.cond))})`, instr.then, indent);
        if (instr.else.length > 0) this.nested('} else', instr.else, indent);
        this.lines.push(`${indent}}`);
        return;
      case 'barrier':
        this.lines.push(`${indent}workgroupBarrier();`);
    }
  }
}

/** Drops the parentheses around a whole expression. */
function unwrap(text: string): string {
  if (!text.startsWith('(') || !text.endsWith(')')) return text;
  let depth = 0;
  for (let i = 0; i < text.length - 1; i++) {
    if (text[i] === '(') depth++;
    if (text[i] === ')') depth--;
    if (depth === 0) return text;
  }
  return text.slice(1, -1);
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
