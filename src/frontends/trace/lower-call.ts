/** Calls of functions under jit, as graphs. */
import { elementCount } from '../../base/tensor.js';
import type { GraphBuilder, GraphValue } from '../../ir/builder.js';
import { isView } from '../../ir/ops.js';
import type { TracedCall } from '../../tensor/expressions/call.js';
import { materialize } from '../../tensor/expressions/evaluate.js';
import { Lease } from '../../base/lease.js';
import type { Expr } from '../../tensor/expressions/expr.js';
import { hostDataOf } from '../../tensor/tensors/host.js';
import { forEachInOrder, lower, type Lowered } from '../../tensor/expressions/lower.js';
import { elementsOf } from '../../tensor/tensors/core.js';
import type { Tensor } from '../../tensor/tensors/tensor.js';
import type { Flat } from '../../tensor/trees/tree.js';

/** Host tensors of at most this many elements that a function uses are literals of its program. */
const LITERAL_ELEMENTS = 64;

/**
 * Names of the inputs, by where their tensors stand: `arg0`, `arg1.weight`; by the keys alone, `image`, where the only
 * argument is an object.
 */
export function inputNames({ paths, structure }: Flat<Tensor>): readonly string[] {
  const only = structure.kind === 'list' && structure.items.length === 1 ? structure.items[0] : undefined;
  if (only?.kind === 'record') return paths.map((path) => path.slice('0.'.length));
  return paths.map((path) => `arg${path}`);
}

export const outputName = (path: string): string => (path === '' ? 'result' : path);

export interface LoweredCall extends Lowered {
  /** Holds what the function uses beside its arguments. */
  readonly lease: Lease;
}

/**
 * The graph of a call, whose trace ends here: inputs and outputs are named by their paths. What the function uses beside its
 * arguments is computed and held by the lease, or is what `literalOf` makes of it.
 */
export function lowerCall(
  name: string,
  args: Flat<Tensor>,
  call: TracedCall,
  literalOf: (b: GraphBuilder, expr: Expr) => GraphValue | undefined,
): LoweredCall {
  const before = computedBefore(call);
  // Nothing else may hold what the function made on the way, such as a transposed weight.
  const lease = new Lease();
  for (const expr of before) lease.acquire(expr);
  try {
    materialize(before);
    const lowered = lower({
      name,
      params: call.inputs,
      outputs: call.results,
      names: { params: inputNames(args), outputs: call.paths.map(outputName) },
      capture: (expr) => expr.origin.kind !== 'op',
      literal: literalOf,
    });
    return { ...lowered, lease };
  } catch (error) {
    lease.release();
    throw error;
  } finally {
    call.trace.release();
  }
}

/**
 * What the function uses without having made it from its arguments: computed once, now, and not in every call. Constants
 * and what is made from them alone are left to the passes.
 */
function computedBefore({ trace, results }: TracedCall): Expr[] {
  const found = new Set<Expr>();
  const isMade = constancy();
  const inputs = (expr: Expr): readonly Expr[] => {
    if (expr.traces.includes(trace)) return expr.origin.kind === 'op' ? expr.origin.inputs : [];
    if (isMade(expr)) return [];
    // Views cost nothing in the program; what they show is smaller.
    if (expr.origin.kind === 'op' && isView(expr.origin.op)) return expr.origin.inputs;
    found.add(expr);
    return [];
  };
  forEachInOrder(results, inputs, () => {});
  return [...found];
}

/** Tells whether an expression is made from constants alone. */
function constancy(): (expr: Expr) => boolean {
  const known = new Map<Expr, boolean>();
  const inputs = ({ origin }: Expr): readonly Expr[] => (origin.kind === 'op' ? origin.inputs : []);
  return (root) => {
    forEachInOrder(
      [root],
      (expr) => (known.has(expr) ? [] : inputs(expr)),
      (expr) => {
        if (known.has(expr)) return;
        known.set(expr, expr.origin.kind === 'op' && inputs(expr).every((input) => known.get(input)));
      },
    );
    return known.get(root)!;
  };
}

/** Small host tensors as constants, which passes can compute with. */
export function literal(b: GraphBuilder, expr: Expr): GraphValue | undefined {
  const data = expr.storage && hostDataOf(expr.storage);
  if (data === undefined || elementCount(data.shape) > LITERAL_ELEMENTS) return undefined;
  return b.constant(data.dtype, data.shape, data.data.length === 0 ? 0 : [...elementsOf(data)]);
}
