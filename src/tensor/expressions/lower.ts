/** Expressions as a graph, and graphs as expressions. */
import { GraphBuilder, type GraphValue } from '../../ir/builder.js';
import { paramsOf, type Graph, type Node, type ValueId } from '../../ir/graph.js';
import { staticShape, type TensorType } from '../../ir/types.js';
import { opExpr, type Expr, type OpOrigin } from './expr.js';

export interface LowerOptions {
  readonly name: string;
  /** Params in order, used or not. */
  readonly params: readonly Expr[];
  readonly outputs: readonly Expr[];
  /** Names of the params and outputs, for those who see the graph. */
  readonly names?: { readonly params: readonly string[]; readonly outputs: readonly string[] };
  /** Whether to go no further back from an expression that is not a param, and to take it as a param. */
  readonly capture: (expr: Expr) => boolean;
  /** The node for a captured expression that needs no param, such as a small constant. */
  readonly literal?: (b: GraphBuilder, expr: Expr) => GraphValue | undefined;
}

export interface Lowered {
  /** Its params are those that were given, then one for each of `captured`. */
  readonly graph: Graph;
  readonly params: readonly ValueId[];
  readonly captured: readonly Expr[];
}

/** Expressions know their types. */
class ExprGraphBuilder extends GraphBuilder {
  place({ op, attrs }: OpOrigin, inputs: readonly ValueId[], type: TensorType): GraphValue {
    return this.add({ op, inputs, attrs, type } as Node);
  }
}

export function lower({ name, params, outputs, names, capture, literal }: LowerOptions): Lowered {
  const b = new ExprGraphBuilder(name);
  const values = new Map<Expr, GraphValue>();
  const captured: Expr[] = [];
  const inputs = params.map((expr, i) => paramFor(b, names?.params[i] ?? `x${i}`, expr));
  params.forEach((expr, i) => values.set(expr, inputs[i]));
  const leaf = (expr: Expr): GraphValue => {
    const value = literal?.(b, expr);
    if (value !== undefined) return value;
    return paramFor(b, `capture:${captured.push(expr) - 1}`, expr);
  };
  forEachInOrder(
    outputs,
    (expr) => (values.has(expr) || capture(expr) ? [] : inputsOf(expr)),
    (expr) => {
      if (values.has(expr)) return;
      const { origin, type } = expr;
      const isLeaf = origin.kind !== 'op' || capture(expr);
      values.set(expr, isLeaf ? leaf(expr) : b.place(origin, origin.inputs.map((input) => values.get(input)!.id), type)); // prettier-ignore
    },
  );
  outputs.forEach((expr, i) => b.output(names?.outputs[i] ?? `y${i}`, values.get(expr)!));
  return { graph: b.build(), params: inputs.map(({ id }) => id), captured };
}

const inputsOf = ({ origin }: Expr): readonly Expr[] => (origin.kind === 'op' ? origin.inputs : []);

const paramFor = (b: GraphBuilder, name: string, { type }: Expr): GraphValue =>
  b.param(name, type.dtype, staticShape(type.shape));

/** Calls `visit` for everything that `roots` reach, operands first. No recursion: traces can be deep. */
export function forEachInOrder<T>(
  roots: readonly T[],
  operands: (item: T) => readonly T[],
  visit: (item: T) => void,
): void {
  const seen = new Set<T>();
  // The path from a root: its items, their operands, and how many of those have been entered.
  const [items, inner, entered]: [T[], (readonly T[])[], number[]] = [[], [], []];
  const enter = (item: T): void => {
    if (seen.has(item)) return;
    seen.add(item);
    items.push(item);
    inner.push(operands(item));
    entered.push(0);
  };
  for (const root of roots) {
    enter(root);
    while (items.length > 0) {
      const top = items.length - 1;
      if (entered[top] < inner[top].length) enter(inner[top][entered[top]++]);
      else {
        visit(items[top]);
        items.pop();
        inner.pop();
        entered.pop();
      }
    }
  }
}

/** The outputs of `graph`, in order, as expressions of `args`, which stand for its params, in order. */
export function inline(graph: Graph, args: readonly Expr[]): Expr[] {
  const values = new Map<ValueId, Expr>(paramsOf(graph).map(({ id }, i) => [id, args[i]]));
  const valueOf = (id: ValueId): Expr => values.get(id)!;
  forEachInOrder(
    graph.outputs.map(({ value }) => value),
    (id) => graph.nodes[id].inputs,
    (id) => {
      const { op, attrs, inputs, type } = graph.nodes[id];
      if (op === 'param') return;
      values.set(id, opExpr(type, { kind: 'op', op, attrs, inputs: inputs.map(valueOf) } as OpOrigin));
    },
  );
  return graph.outputs.map(({ value }) => valueOf(value));
}
