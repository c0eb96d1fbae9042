/** The graphs that nodes hold among their attributes: decoded when they are needed, and what they take from outside. */
import { HeddleError } from '../../base/errors.js';
import { MAX_NESTING, shorten } from './limits.js';
import { decodeMessage } from './proto/decode.js';
import { Graph, type GraphProto, type NodeProto, type ValueInfoProto } from './proto/onnx.js';

/** The inputs of a graph without the initializers that old files list among them, but for those of `kept`. */
export function inputsOf(graph: GraphProto, kept: readonly string[] = []): readonly ValueInfoProto[] {
  const initialized = initializersOf(graph);
  return graph.input.filter(({ name }) => !initialized.has(name) || kept.includes(name));
}

/** The initializers that are listed among the inputs: what they hold is what is taken where nothing is given. */
export function overridableOf(graph: GraphProto): readonly ValueInfoProto[] {
  const initialized = initializersOf(graph);
  return graph.input.filter(({ name }) => initialized.has(name));
}

const initializersOf = ({ initializer, sparseInitializer }: GraphProto): ReadonlySet<string | undefined> =>
  new Set([...initializer, ...sparseInitializer.map(({ values }) => values)].map((tensor) => tensor?.name));

export class SubgraphCache {
  private readonly graphs = new Map<Uint8Array, GraphProto>();
  private readonly captures = new Map<NodeProto, readonly string[]>();

  /** The graph of `bytes`, `depth` graphs deep. Throws as decodeMessage does, and LIMIT_EXCEEDED for a great depth. */
  decode(bytes: Uint8Array, attribute: string, depth: number): GraphProto {
    if (depth > MAX_NESTING)
      throw new HeddleError('LIMIT_EXCEEDED', 'graphs are nested too deeply', {
        expected: `at most ${MAX_NESTING} inside of each other`,
      });
    const known = this.graphs.get(bytes);
    if (known !== undefined) return known;
    const graph = decodeMessage(Graph, bytes, `attribute ${shorten(attribute)}`);
    this.graphs.set(bytes, graph);
    return graph;
  }

  /** The names that the graphs of a node use and do not define. */
  capturesOf(node: NodeProto, depth = 1): readonly string[] {
    if (node.attribute.every(({ g }) => g === undefined)) return [];
    const known = this.captures.get(node);
    if (known !== undefined) return known;
    const free = new Set<string>();
    for (const { name, g } of node.attribute) {
      if (g === undefined) continue;
      const { node: nodes, input, initializer, sparseInitializer, output } = this.decode(g, name, depth);
      const used = nodes.flatMap((inner) => [...inner.input, ...this.capturesOf(inner, depth + 1)]);
      const sparse = sparseInitializer.map(({ values }) => values?.name ?? '');
      const own = new Set([...[...input, ...initializer].map((value) => value.name), ...sparse]);
      for (const inner of nodes) for (const made of inner.output) own.add(made);
      for (const use of [...used, ...output.map((value) => value.name)]) if (!own.has(use)) free.add(use);
    }
    const names = [...free];
    this.captures.set(node, names);
    return names;
  }
}
