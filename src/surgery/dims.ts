/** Shapes of inputs that change, and what follows for the shapes that are written within a model. */
import { HeddleError } from '../base/errors.js';
import { dimEquals, dimSubstitute, isStatic, symbolName, type Dim } from '../ir/dim.js';
import { shapeAttrs } from '../ir/ops.js';
import { printShape, type Shape } from '../ir/types.js';
import type { DraftValue } from './form.js';
import { snapshot } from './snapshot.js';

export type Bindings = Readonly<Record<string, Dim>>;

/** What the symbols in `before` have to be so that it becomes `after`. Throws SHAPE_MISMATCH where nothing does it. */
export function bindingsBetween(before: Shape, after: Shape, where: string): Bindings {
  const fail = (hint?: string): never => {
    throw new HeddleError('SHAPE_MISMATCH', 'the shape does not fit', {
      where,
      found: printShape(after),
      expected: printShape(before),
      hint,
    });
  };
  if (before.length !== after.length) fail('the number of axes stays as it is');
  const bindings = new Map<string, Dim>();
  before.forEach((dim, axis) => {
    if (isStatic(dim) || dimEquals(dim, after[axis])) return;
    const name = symbolName(dim) ?? fail(`${dim.text} is computed from other dimensions`);
    const known = bindings.get(name);
    if (known !== undefined && !dimEquals(known, after[axis])) fail(`${name} would be ${String(known)} and ${String(after[axis])}`); // prettier-ignore
    bindings.set(name, after[axis]);
  });
  return Object.fromEntries(bindings);
}

/** Puts values in the place of symbols, in every shape that an operation has as an attribute. */
export function substitute(values: Record<string, DraftValue>, bindings: Bindings): void {
  if (Object.keys(bindings).length === 0) return;
  for (const [key, { op, attrs }] of Object.entries(snapshot(values)))
    for (const name of shapeAttrs(op)) {
      const shape = attrs[name] as Shape;
      const bound = shape.map((dim) => dimSubstitute(dim, bindings));
      if (bound.some((dim, axis) => !dimEquals(dim, shape[axis]))) values[key].attrs[name] = bound;
    }
}
