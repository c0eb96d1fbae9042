/** Reads what print.ts writes. Node ids in the text may have gaps; the result is renumbered densely. */
import { checkArguments } from '../base/arguments.js';
import { required, text } from '../base/kinds.js';
import { isDType } from '../base/dtype.js';
import { HeddleError, withFacts } from '../base/errors.js';
import { describeKind, isOfKind, isOfType } from './attrs.js';
import { MAX_NESTING } from './check-program.js';
import { parseDim, type Dim } from './dim.js';
import type { Graph, GraphOutput, Node } from './graph.js';
import { inferType } from './infer.js';
import { MAX_RANK } from './infer-checks.js';
import { attrKinds, isOp, type Op, type OpAttrs } from './ops.js';
import { printType, tensorType, tupleType, typesEqual, type TensorType } from './types.js';
import { inspectedGraph } from './summary.js';

const SPACE = /\s*/y;
/** A string is only begun: what may be long is not for the stack of a pattern. */
const TOKEN = /"|%\d+|[A-Za-z_][A-Za-z0-9_]*|-?(?:\d+\.?\d*(?:e[+-]?\d+)?|\.\d+)|\S/y;

class Cursor {
  private at = 0;
  constructor(readonly source: string) {}

  peek(): string {
    const start = this.at;
    const token = this.next();
    this.at = start;
    return token;
  }

  next(): string {
    this.skip();
    TOKEN.lastIndex = this.at;
    const token = TOKEN.exec(this.source)?.[0];
    if (token === undefined) this.fail('the end of the text', 'more text');
    const start = this.at;
    this.at = token === '"' ? this.endOfString(start) : TOKEN.lastIndex;
    return this.source.slice(start, this.at);
  }

  /** Over white space and comments. */
  private skip(): void {
    for (;;) {
      SPACE.lastIndex = this.at;
      SPACE.exec(this.source);
      this.at = SPACE.lastIndex;
      const end = this.source.startsWith('//', this.at) ? this.source.indexOf('\n', this.at) : -1;
      if (end < 0) return;
      this.at = end + 1;
    }
  }

  /** After the quote that ends the string that begins at `start`; after its first one where there is none. */
  private endOfString(start: number): number {
    for (let i = start + 1; i < this.source.length; i++) {
      const c = this.source[i];
      if (c === '"') return i + 1;
      if (c === '\\') i++;
    }
    return start + 1;
  }

  take(token: string): boolean {
    const start = this.at;
    if (this.next() === token) return true;
    this.at = start;
    return false;
  }

  expect(token: string): void {
    const found = this.next();
    if (found !== token) this.fail(found, token);
  }

  /** Raw text up to one of `stops`, outside of parentheses and quotes. */
  until(stops: string): string {
    const start = this.at;
    for (let [depth, inside] = [0, false]; this.at < this.source.length; this.at++) {
      const c = this.source[this.at];
      if (inside && c === '\\') this.at++;
      if (c === '"') inside = !inside;
      if (inside) continue;
      if (c === '(') depth++;
      if (c === ')') depth--;
      if (depth === 0 && stops.includes(c)) return this.source.slice(start, this.at).trim();
    }
    return this.fail('the end of the text', `one of ${stops}`);
  }

  fail(found: string, expected: string): never {
    throw new HeddleError('IR_PARSE', 'cannot parse the graph', {
      found,
      expected,
      where: this.where(this.at),
    });
  }

  /** Runs `body`; errors of what it reads get the line on which that begins, but for those that have one. */
  placed<T>(body: () => T): T {
    this.skip();
    const start = this.at;
    try {
      return body();
    } catch (error) {
      if (!(error instanceof HeddleError) || error.where?.startsWith('line ') === true) throw error;
      throw withFacts(error, { where: this.where(start) });
    }
  }

  private where(at: number): string {
    return `line ${this.source.slice(0, at).split('\n').length}`;
  }
}

function parseShape(cursor: Cursor): Dim[] {
  cursor.expect('[');
  if (cursor.take(']')) return [];
  const dims: Dim[] = [];
  for (;;) {
    const text = cursor.until(',]').replaceAll(/("(?:[^"\\]|\\.)*")| /g, '$1');
    dims.push(cursor.placed(() => parseDim(text)));
    if (dims.length > MAX_RANK) cursor.fail(`more than ${MAX_RANK} extents`, `at most ${MAX_RANK}`);
    if (cursor.take(']')) return dims;
    cursor.expect(',');
  }
}

function parseType(cursor: Cursor, level = 0): TensorType {
  if (level === 0 && cursor.take('(')) {
    const parts: TensorType[] = [];
    while (!cursor.take(')')) {
      parts.push(parseType(cursor, 1));
      cursor.take(',');
    }
    return tupleType(parts);
  }
  const dtype = cursor.next();
  if (!isDType(dtype)) cursor.fail(dtype, 'a dtype');
  return tensorType(dtype, parseShape(cursor));
}

const isNumeric = (token: string): boolean =>
  /^-?[\d.]/.test(token) || token === 'NaN' || token === 'Infinity';

function parseNumber(cursor: Cursor, token: string): number {
  const [sign, magnitude] = token === '-' ? [-1, cursor.next()] : [1, token];
  if (!isNumeric(magnitude)) cursor.fail(magnitude, 'a number');
  return sign * Number(magnitude);
}

function parseString(cursor: Cursor, token: string): string {
  try {
    return JSON.parse(token) as string;
  } catch {
    return cursor.fail(token, 'a string as JSON has it');
  }
}

/** Lists in lists that attributes are, at most. */
const MAX_LEVELS = 4;

function parseAttr(cursor: Cursor, level = 0): unknown {
  const token = cursor.next();
  if (token === '[') {
    if (level === MAX_LEVELS) cursor.fail('a list', `at most ${MAX_LEVELS} lists in each other`);
    const list: unknown[] = [];
    while (!cursor.take(']')) {
      list.push(parseAttr(cursor, level + 1));
      cursor.take(',');
    }
    return list;
  }
  if (token.startsWith('"')) return parseString(cursor, token);
  if (token === 'true' || token === 'false') return token === 'true';
  return parseNumber(cursor, token);
}

/** A dimension, or the bound of a loop that has none. */
function parseDimAttr(cursor: Cursor): Dim {
  const text = cursor.until(' }\n');
  return text === 'Infinity' ? Infinity : cursor.placed(() => parseDim(text));
}

function parseGraphs(cursor: Cursor, level: number): Graph[] {
  cursor.expect('[');
  const graphs: Graph[] = [];
  while (!cursor.take(']')) graphs.push(parseInner(cursor, level));
  return graphs;
}

function parseAttrs(cursor: Cursor, op: Op, level: number): Record<string, unknown> {
  const kinds = attrKinds(op);
  const attrs: Record<string, unknown> = {};
  if (!cursor.take('{')) return attrs;
  while (!cursor.take('}')) {
    const name = cursor.next();
    cursor.expect('=');
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    if (kind === 'dim') attrs[name] = parseDimAttr(cursor);
    else if (kind === 'graph') attrs[name] = parseInner(cursor, level);
    else if (kind === 'graphs') attrs[name] = parseGraphs(cursor, level);
    else attrs[name] = parseAttr(cursor);
  }
  return attrs;
}

/** All attributes of `op`: those that are written, empty lists, which are not, and what the type tells. */
function restoreAttrs(
  cursor: Cursor,
  op: Op,
  written: Readonly<Record<string, unknown>>,
  { dtype, shape }: TensorType,
): Record<string, unknown> {
  const kinds = attrKinds(op);
  for (const name of Object.keys(written))
    if (!Object.hasOwn(kinds, name)) cursor.fail(name, `an attribute of ${op}`);
  // Attributes stay in the order in which they are written, so that printing gives the same text again.
  const attrs = { ...written };
  for (const [name, kind] of Object.entries(kinds)) {
    if (isOfType(kind)) attrs[name] = kind === 'dtype' ? dtype : shape;
    else if (kind === 'numbers') attrs[name] ??= [];
    if (!isOfKind(kind, attrs[name]))
      cursor.fail(`${name}=${String(attrs[name])}`, `${describeKind(kind)} as ${name} of ${op}`);
  }
  return attrs;
}

function parseNode(
  cursor: Cursor,
  nodes: readonly Node[],
  ids: ReadonlyMap<string, number>,
  level: number,
): Node {
  const op = cursor.next();
  if (!isOp(op)) cursor.fail(op, 'an op');
  const inputs: number[] = [];
  while (cursor.peek().startsWith('%')) {
    const name = cursor.next();
    inputs.push(ids.get(name) ?? cursor.fail(name, 'a value defined above'));
  }
  const written = parseAttrs(cursor, op, level);
  cursor.expect(':');
  const type = parseType(cursor);
  const attrs = restoreAttrs(cursor, op, written, type) as unknown as OpAttrs[typeof op];
  const inferred = inferType(op, inputs.map((input) => nodes[input].type), attrs); // prettier-ignore
  if (!typesEqual(inferred, type)) cursor.fail(printType(type), `${printType(inferred)} for ${op}`);
  return { op, inputs, attrs, type } as unknown as Node;
}

/** Parses a graph. Throws IR_PARSE, or the type rule's error; both say on which line. */
export function parseGraph(source: string): Graph {
  checkArguments('parseGraph', { source }, { source: required(text) });
  return parseInner(new Cursor(source), -1);
}

/** A graph, inside of a node of a graph at `level`. */
function parseInner(cursor: Cursor, outer: number): Graph {
  const level = outer + 1;
  if (level > MAX_NESTING) cursor.fail(`${level} graphs inside of each other`, `at most ${MAX_NESTING}`);
  const nodes: Node[] = [];
  const ids = new Map<string, number>();
  const outputs: GraphOutput[] = [];
  const name = (token: string): string => (token.startsWith('"') ? parseString(cursor, token) : token);
  cursor.expect('graph');
  const graphName = name(cursor.next());
  cursor.expect('{');
  while (!cursor.take('return')) {
    const target = cursor.next();
    if (!/^%\d+$/.test(target)) cursor.fail(target, 'a value such as %0, or return');
    cursor.expect('=');
    ids.set(target, nodes.push(cursor.placed(() => parseNode(cursor, nodes, ids, level))) - 1);
  }
  while (!cursor.take('}')) {
    const output = name(cursor.next());
    cursor.expect('=');
    const value = cursor.next();
    outputs.push({ name: output, value: ids.get(value) ?? cursor.fail(value, 'a value defined above') });
  }
  return inspectedGraph({ name: graphName, nodes, outputs });
}
