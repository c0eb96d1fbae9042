/** Compositions applied to tensors, and the checks that layers make. */
import { HeddleError, type ErrorCode } from '../../../base/errors.js';
import type { Emitter, Value } from '../../../ir/emitter.js';
import { printType } from '../../../ir/types.js';
import { asExpr, EXPRS } from '../expr.js';
import { describing, named } from '../tensor/core.js';
import { Tensor } from '../tensor/tensor.js';

/** `body` applied to tensors. Errors name it, the types of the operands and the line of the caller. */
export function lift<const R extends readonly Value[]>(
  name: string,
  operands: readonly Tensor[],
  body: (b: Emitter, ...operands: Value[]) => R,
): { readonly [K in keyof R]: Tensor } {
  const values = operands.map(({ expr }) => expr);
  const results = named(name, () => describing(values, () => body(EXPRS, ...values)));
  return results.map((value) => new Tensor(asExpr(value))) as unknown as { readonly [K in keyof R]: Tensor };
}

/** {@link lift} of a composition with one result. */
export const liftOne = (
  name: string,
  operands: readonly Tensor[],
  body: (b: Emitter, ...operands: Value[]) => Value,
): Tensor => lift(name, operands, (b, ...values) => [body(b, ...values)])[0];

interface Described {
  describe(): string;
}

/** `Linear(inFeatures=784, outFeatures=10, bias=true)` */
export const labelOf = (layer: Described): string => `${layer.constructor.name}(${layer.describe()})`;

/** Throws SHAPE_MISMATCH, naming the layer, the shape that it takes and that of `x`, unless `fits`. */
export function checkInput(layer: Described, x: Tensor, fits: boolean, expected: string): void {
  if (!fits)
    refuse(layer, 'SHAPE_MISMATCH', 'the input does not fit the layer', printType(x.expr.type), expected);
}

/** Throws DTYPE_MISMATCH, naming the layer and the type of `x`, unless `fits`. */
export function checkDType(layer: Described, x: Tensor, fits: boolean, expected: string): void {
  if (!fits)
    refuse(layer, 'DTYPE_MISMATCH', 'the input does not fit the layer', printType(x.expr.type), expected);
}

/** Throws ATTRIBUTE_INVALID, naming the class, unless `holds`. */
export function checkOption(layer: object, holds: boolean, message: string, found: string): void {
  if (holds) return;
  named(layer.constructor.name, () => {
    throw new HeddleError('ATTRIBUTE_INVALID', message, { found });
  });
}

function refuse(layer: Described, code: ErrorCode, message: string, found: string, expected: string): never {
  return named(labelOf(layer), () => {
    throw new HeddleError(code, message, { found, expected });
  });
}
