/** Graphs as the inspector has them. */
import type { Graph, Node, ValueId } from '../../../ir/graph.js';
import { printAttrs } from '../../../ir/print.js';
import { graphsOf } from '../../../ir/subgraphs.js';
import { printType } from '../../../ir/types.js';
import type { GraphReport, NodeFacts } from './types.js';

/** Longer texts are cut: a page is no place for the elements of a literal. */
const LONGEST = 160;

export const cut = (text: string, longest = LONGEST): string =>
  text.length <= longest ? text : `${text.slice(0, longest)}...`;

/** Numbers graphs, and finds them again: a graph is one, wherever it is met. */
export class GraphList {
  readonly reports: GraphReport[] = [];
  private readonly ids = new Map<Graph, string>();

  /** The id of `graph`, which is listed with all graphs inside of it where it is not yet. */
  add(graph: Graph, title: string, reasons: ReadonlyMap<ValueId, string> = new Map()): string {
    const known = this.ids.get(graph);
    if (known !== undefined) return known;
    const id = `g${this.reports.length}`;
    this.ids.set(graph, id);
    // Its place is before those of the graphs that it holds.
    const place = this.reports.push({ id, title, nodes: [], outputs: graph.outputs }) - 1;
    const nodes = graph.nodes.map((node, value) => this.factsOf(node, value, title, reasons.get(value)));
    this.reports[place] = { ...this.reports[place], nodes };
    return id;
  }

  private factsOf(node: Node, value: ValueId, title: string, reason: string | undefined): NodeFacts {
    const attrs = printAttrs(node).trim();
    const holds = graphsOf(node).map((graph, i) => {
      const part = node.op === 'cond' ? `branch ${i}` : 'body';
      return this.add(graph, `${title}, %${value}: ${part} of ${node.op}`);
    });
    return {
      op: node.op,
      inputs: node.inputs,
      type: printType(node.type),
      ...(attrs === '' ? {} : { attrs: cut(attrs) }),
      ...(node.name === undefined ? {} : { origin: node.name }),
      ...(holds.length === 0 ? {} : { holds }),
      ...(reason === undefined ? {} : { reason }),
    };
  }
}
