/** Branches: functions of which the program runs one, as a value says. */
import { HeddleError } from '../../base/errors.js';
import type { Graph } from '../../ir/graph.js';
import { printType } from '../../ir/types.js';
import { checkFunction, checkTensors, refuse } from '../arguments.js';
import { ensureSync, flattenTensors, madeBefore, rebuild } from '../expressions/call.js';
import { asExpr, EXPRS, nextSerial, type Expr } from '../expressions/expr.js';
import { lower } from '../expressions/lower.js';
import { named } from '../tensors/core.js';
import type { Tensor } from '../tensors/tensor.js';
import type { Flat } from '../trees/tree.js';
import { ensureAlike } from './alike.js';

/**
 * `whenTrue(...operands)` where the bool scalar `condition` holds, `whenFalse(...operands)` where not: one `cond` of the
 * program. Both functions are called once, to see what they compute. The interpreter computes the one that is taken; a device
 * computes both, and chooses: they have no effects, so that only the time tells. Both give the same structure and types. The derivative is that of the branch that is taken, whether the other one has any there or not.
 *
 * Throws USAGE, DTYPE_MISMATCH for a condition that is not one bool, TREE_MISMATCH and SHAPE_MISMATCH.
 */
export function cond<A extends unknown[], R>(
  condition: Tensor,
  whenTrue: (...operands: A) => R,
  whenFalse: (...operands: A) => R,
  ...operands: A
): R {
  const predicate = scalarOf('cond', 'the condition', condition, 'bool', 'compare: x.greater(0); for a choice by element use where'); // prettier-ignore
  return choose('cond', predicate, [whenTrue, whenFalse], operands, (branches) => branches.toReversed());
}

/**
 * `branches[index](...operands)` for an i32 scalar `index`, which is clamped to the branches that there are: one `cond` of
 * the program. Everything else is as in {@link cond}.
 *
 * Throws USAGE, DTYPE_MISMATCH for an index that is not one i32, TREE_MISMATCH and SHAPE_MISMATCH.
 */
export function switchCase<A extends unknown[], R>(
  index: Tensor,
  branches: readonly ((...operands: A) => R)[],
  ...operands: A
): R {
  const predicate = scalarOf('switchCase', 'the index', index, 'i32', "x.cast('i32') makes an index");
  if (!Array.isArray(branches) || branches.length === 0)
    refuse('switchCase', 'the branches are a list of functions', branches, '[x => ..., x => ...]');
  return choose('switchCase', predicate, branches, operands, (graphs) => graphs);
}

/** `value` as a scalar. Throws USAGE, and DTYPE_MISMATCH where it is not one element of `dtype`. */
export function scalarOf(
  name: string,
  what: string,
  value: Tensor,
  dtype: 'bool' | 'i32',
  hint?: string,
): Tensor {
  checkTensors(name, { [what]: value });
  if (value.dtype === dtype && value.size === 1) return value.reshape([]);
  return named(name, () => {
    throw new HeddleError('DTYPE_MISMATCH', `${what} is one ${dtype}`, {
      found: printType(value.expr.type),
      expected: `${dtype}[]`,
      hint,
    });
  });
}

function choose<A extends unknown[], R>(
  name: string,
  predicate: Tensor,
  branches: readonly ((...operands: A) => R)[],
  operands: A,
  inOrder: (graphs: readonly Graph[]) => readonly Graph[],
): R {
  for (const branch of branches) checkFunction(name, branch);
  const start = nextSerial();
  const results = branches.map((branch) => flattenTensors(ensureSync(name, branch(...operands))));
  const [first] = results;
  results.forEach((result) => ensureAlike(name, 'the branches differ in', result, first));
  const { graphs, captured } = lowerBranches(name, results, start);
  const made = EXPRS.emit('cond', [predicate.expr, ...captured], { branches: inOrder(graphs) });
  return rebuild(first.structure, asExpr(made).parts) as R;
}

/** What the branches have made since `start` as graphs, all of which take what was there before and any of them uses. */
function lowerBranches(
  name: string,
  results: readonly Flat<Tensor>[],
  start: number,
): { readonly graphs: readonly Graph[]; readonly captured: readonly Expr[] } {
  const capture = madeBefore(start);
  const lowered = (params: readonly Expr[]): ReturnType<typeof lower>[] =>
    results.map(({ leaves }) => lower({ name, params, outputs: leaves.map(({ expr }) => expr), capture }));
  const captured = [...new Set(lowered([]).flatMap((own) => own.captured))];
  return { graphs: lowered(captured).map(({ graph }) => graph), captured };
}
