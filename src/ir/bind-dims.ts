/** Symbolic dimensions given their values. */
import { checkArguments } from '../base/arguments.js';
import { describeValue } from '../base/describe.js';
import { record, required } from '../base/kinds.js';
import { HeddleError } from '../base/errors.js';
import { GraphBuilder, type GraphValue } from './builder.js';
import { dimSubstitute, dimSymbols, type DimBindings } from './dim.js';
import { checkGraph } from './check-program.js';
import type { Graph } from './graph.js';
import { shapeAttrs } from './ops.js';
import { graphsOf, mapGraphs } from './subgraphs.js';
import type { Shape } from './types.js';

/** The names of the symbols that occur in a graph, in order of appearance. */
export function symbolsOf(graph: Graph): string[] {
  checkGraph('symbolsOf', graph);
  const names = new Set<string>();
  const visit = ({ nodes }: Graph): void => {
    for (const node of nodes) {
      for (const dim of [...node.type.shape, ...(node.op === 'loop' ? [node.attrs.trips] : [])])
        for (const name of dimSymbols(dim)) names.add(name);
      for (const inner of graphsOf(node)) visit(inner);
    }
  };
  visit(graph);
  return [...names];
}

/**
 * The graph with every symbol replaced by its value; all types are inferred again. Throws DIM_UNBOUND where a symbol has
 * no value, ATTRIBUTE_INVALID where a value is no extent or no symbol has its name, and as the type rules do where the
 * values do not fit the ops.
 */
export function bindDims(graph: Graph, bindings: DimBindings): Graph {
  checkGraph('bindDims', graph);
  checkArguments('bindDims', { bindings }, { bindings: required(record) });
  const symbols = symbolsOf(graph);
  checkBindings(symbols, bindings);
  return symbols.length === 0 ? graph : bindIn(graph, bindings);
}

function bindIn(graph: Graph, bindings: DimBindings): Graph {
  const bind = (shape: Shape): Shape => shape.map((dim) => dimSubstitute(dim, bindings));
  const b = new GraphBuilder(graph.name);
  const values: GraphValue[] = [];
  for (const node of graph.nodes) {
    const attrs: Record<string, unknown> = { ...mapGraphs(node, (inner) => bindIn(inner, bindings)) };
    for (const name of shapeAttrs(node.op)) attrs[name] = bind(attrs[name] as Shape);
    if (node.op === 'loop') attrs.trips = dimSubstitute(node.attrs.trips, bindings);
    const inputs = node.inputs.map((input) => values[input]);
    values.push(b.emit(node.op, inputs, attrs, node.name));
  }
  for (const { name, value } of graph.outputs) b.output(name, values[value]);
  return b.build();
}

/**
 * Throws DIM_UNBOUND where one of `symbols` has no value, ATTRIBUTE_INVALID where a value is no extent or none of them has its name.
 */
export function checkBindings(symbols: readonly string[], bindings: DimBindings): void {
  const unbound = symbols.filter((name) => !Object.hasOwn(bindings, name));
  if (unbound.length > 0)
    throw new HeddleError('DIM_UNBOUND', 'symbolic dimensions have no value', {
      found: unbound.join(', '),
      hint: 'bind them: --dim name=value, or bindDims(graph, {name: value})',
    });
  for (const [name, value] of Object.entries(bindings)) {
    if (!symbols.includes(name))
      throw new HeddleError('ATTRIBUTE_INVALID', 'the graph has no dimension of that name', {
        found: name,
        expected: symbols.length === 0 ? 'none: all its shapes are static' : `one of ${symbols.join(', ')}`,
      });
    if (!Number.isSafeInteger(value) || value < 0)
      throw new HeddleError('ATTRIBUTE_INVALID', `"${name}" cannot have that extent`, {
        found: describeValue(value),
        expected: 'an integer >= 0',
      });
  }
}
