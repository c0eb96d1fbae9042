/** Expressions as a graph, and graphs as expressions. */
import { GraphBuilder, type GraphValue } from '../../ir/builder.js';
import type { Graph, Node, ValueId } from '../../ir/graph.js';
import { staticShape } from '../../ir/types.js';
import { Expr, type OpOrigin } from './expr.js';

/** Names of the params that stand for what a function uses beside its arguments. */
export const captureName = (i: number): string => `capture:${i}`;

export interface LowerOptions {
  readonly name: string;
  /** Params in order, used or not. */
  readonly params: readonly { readonly name: string; readonly expr: Expr }[];
  readonly outputs: readonly { readonly name: string; readonly expr: Expr }[];
  /** Whether to go no further back from an expression that is no param, and to take it as a param. */
  readonly capture: (expr: Expr) => boolean;
  /** The node for a captured expression that needs no param, such as a small constant. */
  readonly literal?: (b: GraphBuilder, expr: Expr) => GraphValue | undefined;
}

export interface Lowered {
  readonly graph: Graph;
  /** The expressions behind the params `capture:0`, `capture:1`, ... */
  readonly captured: readonly Expr[];
}

export function lower({ name, params, outputs, capture, literal }: LowerOptions): Lowered {
  const b = new GraphBuilder(name);
  const values = new Map<Expr, GraphValue>();
  const captured: Expr[] = [];
  for (const param of params) values.set(param.expr, paramFor(b, param.name, param.expr));
  const leaf = (expr: Expr): GraphValue => {
    const value = literal?.(b, expr);
    if (value !== undefined) return value;
    captured.push(expr);
    return paramFor(b, captureName(captured.length - 1), expr);
  };
  const roots = outputs.map(({ expr }) => expr);
  forEachInOrder(
    roots,
    (expr) => (values.has(expr) || capture(expr) ? [] : inputsOf(expr)),
    (expr) => {
      if (values.has(expr)) return;
      const { origin } = expr;
      if (origin.kind !== 'op' || capture(expr)) values.set(expr, leaf(expr));
      else
        values.set(
          expr,
          emitNode(
            b,
            origin,
            origin.inputs.map((input) => values.get(input)!),
          ),
        );
    },
  );
  for (const output of outputs) b.output(output.name, values.get(output.expr)!);
  return { graph: b.build(), captured };
}

const inputsOf = ({ origin }: Expr): readonly Expr[] => (origin.kind === 'op' ? origin.inputs : []);

const paramFor = (b: GraphBuilder, name: string, { type }: Expr): GraphValue =>
  b.param(name, type.dtype, staticShape(type.shape));

// The attributes belong to the op: origins are made by emit alone.
const emitNode = (b: GraphBuilder, { op, attrs }: OpOrigin, inputs: readonly GraphValue[]): GraphValue =>
  b.emit(op, inputs, attrs);

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

/** The outputs of `graph`, in order, as expressions of `params`, which stand for its params by name. */
export function inline(graph: Graph, params: ReadonlyMap<string, Expr>): Expr[] {
  const values = new Map<ValueId, Expr>();
  forEachInOrder(
    graph.outputs.map(({ value }) => value),
    (id) => graph.nodes[id].inputs,
    (id) => values.set(id, exprOf(graph.nodes[id], values, params)),
  );
  return graph.outputs.map(({ value }) => values.get(value)!);
}

function exprOf(node: Node, values: ReadonlyMap<ValueId, Expr>, params: ReadonlyMap<string, Expr>): Expr {
  if (node.op === 'param') return params.get(node.attrs.name)!;
  const inputs = node.inputs.map((input) => values.get(input)!);
  return new Expr(node.type, { kind: 'op', op: node.op, attrs: node.attrs, inputs } as OpOrigin);
}
