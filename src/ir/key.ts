/** The identity of a node: equal keys mean equal values. */
import type { Node } from './graph.js';

/** Numbers as text that tells -0 from 0 and keeps NaN and infinities, which JSON does not. */
const keyOf = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(keyOf).join(',')}]`;
  return Object.is(value, -0) ? '-0' : String(value);
};

/** Equal for two nodes exactly where op, operands and attributes are equal; the origin name does not count. */
export function nodeKey(node: Node): string {
  const attrs = node.attrs as Readonly<Record<string, unknown>>;
  let text = `${node.op}(${node.inputs.join(',')})`;
  const names = Object.keys(attrs);
  if (names.length > 1) names.sort();
  for (const name of names) text += `;${name}=${keyOf(attrs[name])}`;
  return text;
}
