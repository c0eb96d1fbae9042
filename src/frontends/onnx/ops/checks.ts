/** What handlers check of a node beyond its signature. */
import { dimEquals, type Dim } from '../../../ir/dim.js';
import { printShape } from '../../../ir/types.js';
import type { NodeContext } from '../context.js';

/** Throws SHAPE_MISMATCH where input `i` is there and has another shape; `undefined` is any extent. */
export function checkInput(
  ctx: NodeContext,
  i: number,
  what: string,
  expected: readonly (Dim | undefined)[],
): void {
  const found = ctx.inputs[i]?.shape;
  if (found === undefined) return;
  const fits = (dim: Dim, axis: number): boolean => {
    const wanted = expected[axis];
    return wanted === undefined || dimEquals(dim, wanted);
  };
  if (found.length !== expected.length || !found.every(fits))
    ctx.fail('SHAPE_MISMATCH', `input ${i} has the wrong shape`, {
      found: printShape(found),
      expected: `[${expected.map((dim) => String(dim ?? '?')).join(',')}]: ${what}`,
    });
}

/** Throws ONNX_INVALID unless `holds`, with the rule that the node breaks. */
export function demand(ctx: NodeContext, holds: boolean, rule: string, found: string): void {
  if (!holds) ctx.fail('ONNX_INVALID', 'the node breaks a rule of its operator', { found, expected: rule });
}

/** Throws ONNX_UNSUPPORTED_FEATURE where one of these flags is set. */
export function refuseOptions(ctx: NodeContext, names: readonly string[]): void {
  for (const name of names)
    if (ctx.attr.flag(name, false))
      ctx.fail('ONNX_UNSUPPORTED_FEATURE', 'this option of the operator is not supported', { found: name });
}

/** Throws ONNX_UNSUPPORTED_FEATURE where one of these inputs is given. */
export function refuseInputs(ctx: NodeContext, places: readonly number[]): void {
  for (const i of places)
    if (ctx.inputs[i] !== undefined)
      ctx.fail('ONNX_UNSUPPORTED_FEATURE', `input ${i} of the operator is not supported`, {
        found: ctx.input(i).name,
      });
}
