/** The identity of a node: equal keys mean equal values. */
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
