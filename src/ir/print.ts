/**
 * Graphs as text, for people and for tests. `parseGraph` reads it back.
 *
 *     graph mlp {
 *       %0 = param {name="x"} : f32[1,4]
 *       %1 = weight {id="w"} : f32[4,2]
 *       %2 = dot %0 %1 {lhsContract=[1] rhsContract=[0]} : f32[1,2]
 *       return y=%2
 *     }
 *
 * The result type stands once, after the colon; attributes that only repeat it (`shape`, and `dtype`) are left out, as
 * are empty lists. Graphs inside of ops stand among the attributes: `body=graph "body" { ... }`.
 */
import { flag } from '../base/kinds.js';
import { checkedOptions, type OptionTable } from '../base/options.js';
import { printable, quoted } from '../base/printable.js';
import { isOfType } from './attrs.js';
import { checkGraph, isGraph } from './check-program.js';
import { SymDim } from './dim.js';
import type { Graph, Node } from './graph.js';
import { attrKinds } from './ops.js';
import { printType } from './types.js';

export function printNumber(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

function printAttr(value: unknown): string {
  if (typeof value === 'number') return printNumber(value);
  if (typeof value === 'string') return quoted(value);
  if (value instanceof SymDim) return value.text;
  if (Array.isArray(value)) return `[${value.map(printAttr).join(',')}]`;
  return String(value);
}

/** The attributes that the result type does not tell, e.g. ` {axis=1}`; empty where there are none. */
export function printAttrs(node: Node, inside: PrintInside = summarise): string {
  const kinds = attrKinds(node.op);
  const print = (value: unknown): string => {
    if (isGraph(value)) return inside(value);
    return Array.isArray(value) && value.some(isGraph) ? `[${value.map(print).join(' ')}]` : printAttr(value);
  };
  const parts = Object.entries(node.attrs)
    .filter(([name, value]) => !isOfType(kinds[name]) && !(Array.isArray(value) && value.length === 0))
    .map(([name, value]) => `${name}=${print(value)}`);
  return parts.length === 0 ? '' : ` {${parts.join(' ')}}`;
}

/** How a graph inside of a node is printed. */
type PrintInside = (graph: Graph) => string;

const summarise: PrintInside = ({ name, nodes }) => `graph ${quoted(name)} { ${nodes.length} nodes }`;

/** One node as a line of text, e.g. `%2 = add %0 %1 : f32[4]`; of the graphs inside only what they are. */
export const printNode = (node: Node, id: number): string => printWith(summarise, node, id);

function printWith(inside: PrintInside, node: Node, id: number): string {
  const inputs = node.inputs.map((input) => ` %${input}`).join('');
  return `%${id} = ${node.op}${inputs}${printAttrs(node, inside)} : ${printType(node.type)}`;
}

export interface PrintOptions {
  /** Whether the origins of nodes follow as comments. */
  readonly names?: boolean;
}

const PRINT_OPTIONS: OptionTable<PrintOptions> = { names: flag };

/** The whole graph as text; origin names follow as comments where `names` is set. */
export function printGraph(graph: Graph, options: PrintOptions = {}): string {
  checkGraph('printGraph', graph);
  const { names } = checkedOptions(options, PRINT_OPTIONS, 'printGraph');
  return `${printAt('', graph, names === true)}\n`;
}

function printAt(indent: string, graph: Graph, names: boolean): string {
  const inner = `${indent}  `;
  const lines = graph.nodes.map((node, id) => {
    const origin =
      names && node.name !== undefined ? `  // ${printable(node.name.replaceAll(/\s+/g, ' '))}` : '';
    return `${inner}${printWith((held) => printAt(inner, held, names), node, id)}${origin}`;
  });
  const outputs = graph.outputs.map(({ name, value }) => `${quoted(name)}=%${value}`);
  const last = `${inner}${['return', ...outputs].join(' ')}`;
  return [`graph ${quoted(graph.name)} {`, ...lines, last, `${indent}}`].join('\n');
}
