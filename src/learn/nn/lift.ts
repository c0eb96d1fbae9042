/** Compositions applied to tensors, and the checks that layers make. */
import { HeddleError, type ErrorCode } from '../../base/errors.js';
import type { Emitter, Value } from '../../ir/emitter.js';
import { printType } from '../../ir/types.js';
import { checkTensors } from '../../tensor/arguments.js';
import { asExpr, EXPRS } from '../../tensor/expressions/expr.js';
import { describing, named } from '../../tensor/tensors/core.js';
import { isTensor, Tensor } from '../../tensor/tensors/tensor.js';

/** `body` applied to tensors. Errors name it, the types of the operands and the line of the caller. */
export function lift<const R extends readonly Value[]>(
  name: string,
  operands: readonly Tensor[],
  body: (b: Emitter, ...operands: Value[]) => R,
): { readonly [K in keyof R]: Tensor } {
  const values = operands.map((operand, i) => {
    if (!isTensor(operand)) checkTensors(name, { [`operand ${i + 1}`]: operand });
    return operand.exprFor(name);
  });
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

/** What the options and the context of a layer are those of. */
export const nameOf = (layer: object): string => layer.constructor.name;

export const isCount = (value: unknown): boolean => Number.isInteger(value) && Number(value) >= 1;

/** Whether all of `counts` are integers from 1: of features, channels, heads. */
export const areCounts = (...counts: readonly unknown[]): boolean => counts.every(isCount);

/** Throws SHAPE_MISMATCH, naming the layer, its shape and that of `x`, unless `fits`; USAGE where `x` is not a tensor. */
export function checkInput(layer: Described, x: Tensor, fits: () => boolean, expected: string): void {
  if (!isTensor(x)) checkTensors(labelOf(layer), { 'the input': x });
  if (!fits())
    refuse(layer, 'SHAPE_MISMATCH', 'the input does not fit the layer', printType(x.expr.type), expected);
}

/** Throws DTYPE_MISMATCH, naming the layer and the type of `x`, unless `fits`; USAGE where `x` is not a tensor. */
export function checkDType(layer: Described, x: Tensor, fits: () => boolean, expected: string): void {
  if (!isTensor(x)) checkTensors(labelOf(layer), { 'the input': x });
  if (!fits())
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
