/** The identity of a node: equal keys mean equal values. Tables find the equal one by a hash. */
import { describeValue } from '../base/describe.js';
import { HeddleError } from '../base/errors.js';
import { isGraph } from './check-program.js';
import { SymDim } from './dim.js';
import type { Graph, Node } from './graph.js';
import { attrNames } from './ops.js';

/**
 * An attribute as text: equal for equal values only. Numbers as text that tells -0 from 0 and keeps NaN and infinities,
 * which JSON does not. Throws INTERNAL for what it cannot tell from others of its kind: two of them would be merged.
 */
function keyText(value: unknown): string {
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (typeof value === 'string') return `${value.length}"${value}`;
  if (Array.isArray(value)) return `[${value.map(keyText).join(',')}]`;
  if (typeof value === 'boolean' || value === undefined) return String(value);
  if (value instanceof SymDim) return `<${value.text}>`;
  if (isGraph(value)) return graphKey(value);
  throw new HeddleError('INTERNAL', 'an attribute of a node has no key', {
    found: describeValue(value),
    expected: 'numbers, strings, booleans, undefined, dimensions, graphs, or lists of these',
  });
}

/** Equal for graphs that compute the same in the same way from params of the same names. */
const graphKey = ({ nodes, outputs }: Graph): string =>
  `{${nodes.map(nodeKey).join('|')}>${outputs.map(({ value }) => value).join()}}`;

/** Equal for two nodes exactly where op, operands and attributes are equal; the origin name does not count. */
export function nodeKey(node: Node): string {
  const attrs = node.attrs as Readonly<Record<string, unknown>>;
  let text = `${node.op}(${node.inputs.join(',')})`;
  for (const name of attrNames(node.op)) text += `;${keyText(attrs[name])}`;
  return text;
}

const mixed = (hash: number, word: number): number => (Math.imul(hash, 31) + word) | 0;

/** Hashes of nodes, for one table. Texts count as the numbers in whose order they came: engines know the hash of a text already. */
export class NodeHasher {
  private readonly texts = new Map<string, number>();

  /** Equal for nodes of equal keys, and seldom for others. */
  hash({ op, inputs, attrs }: Node): number {
    let hash = this.text(op);
    for (const input of inputs) hash = mixed(hash, input);
    for (const name of attrNames(op))
      hash = mixed(hash, this.attr((attrs as Readonly<Record<string, unknown>>)[name]));
    return Math.imul(hash, 0x9e3779b1) >> 2;
  }

  private text(text: string): number {
    const known = this.texts.get(text);
    if (known !== undefined) return known;
    // Spread out, so that they are no neighbours of ids and extents.
    const number = Math.imul(this.texts.size + 1, 0x85ebca6b);
    this.texts.set(text, number);
    return number;
  }

  private attr(value: unknown): number {
    if (typeof value === 'string') return this.text(value);
    if (typeof value === 'number' && (value | 0) === value) return value;
    if (!Array.isArray(value)) return this.text(keyText(value));
    let hash = value.length;
    for (const element of value) hash = mixed(hash, this.attr(element));
    return hash;
  }
}

/** Whether the keys of two attributes are equal. */
function attrsEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (!Array.isArray(a)) return typeof a === 'object' && keyText(a) === keyText(b);
  if (!Array.isArray(b) || a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!attrsEqual(a[i], b[i])) return false;
  return true;
}

/** Whether the keys are equal. */
export function nodesEqual(a: Node, b: Node): boolean {
  if (a.op !== b.op || a.inputs.length !== b.inputs.length) return false;
  for (let i = 0; i < a.inputs.length; i++) if (a.inputs[i] !== b.inputs[i]) return false;
  if (a.attrs === b.attrs) return true;
  const [x, y] = [a.attrs, b.attrs] as Readonly<Record<string, unknown>>[];
  return attrNames(a.op).every((name) => attrsEqual(x[name], y[name]));
}

interface Entry<T, V> {
  readonly key: T;
  readonly value: V;
  /** Another of the same hash. */
  readonly next: Entry<T, V> | undefined;
}

/** Values by keys that are equal where `isEqual` says so, which then have one hash. */
export class HashTable<T, V> {
  private readonly entries = new Map<number, Entry<T, V>>();

  constructor(
    private readonly hashOf: (key: T) => number,
    private readonly isEqual: (a: T, b: T) => boolean,
  ) {}

  /** What an equal key has; from here on `value`, where there was none. */
  intern(key: T, value: V): V {
    const hash = this.hashOf(key);
    const first = this.entries.get(hash);
    for (let entry = first; entry !== undefined; entry = entry.next)
      if (this.isEqual(entry.key, key)) return entry.value;
    this.entries.set(hash, { key, value, next: first });
    return value;
  }
}
