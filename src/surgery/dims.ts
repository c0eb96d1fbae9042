/** Shapes of inputs that change, and what follows for the shapes that are written within a model. */
import { HeddleError } from '../base/errors.js';
import { dimEquals, dimSubstitute, isStatic, symbolName, type Dim } from '../ir/dim.js';
import { shapeAttrs } from '../ir/ops.js';
import { printShape, type Shape } from '../ir/types.js';
import type { DraftValue } from './form.js';
import { snapshot } from './snapshot.js';

export type Bindings = Readonly<Record<string, Dim>>;

/** A shape that becomes another one, and where, for messages. */
export interface ShapeChange {
  readonly before: Shape;
  readonly after: Shape;
  readonly where: string;
}

/**
 * What the symbols have to be so that each shape `before` becomes its `after`; fixed extents are not compared. The order of
 * `changes` does not matter: all are bound before one is substituted. Throws SHAPE_MISMATCH where nothing does it.
 */
export function bindingsOf(changes: readonly ShapeChange[]): Bindings {
  const bound = new Map<string, Dim>();
  for (const change of changes) {
    const { before, after } = change;
    if (before.length !== after.length) throw unfit(change, 'the number of axes stays as it is');
    before.forEach((dim, axis) => {
      const name = isStatic(dim) ? undefined : symbolName(dim);
      if (name === undefined) return;
      const known = bound.get(name) ?? after[axis];
      if (!dimEquals(known, after[axis]))
        throw unfit(change, `${name} would be ${String(known)} and ${String(after[axis])}`);
      bound.set(name, known);
    });
  }
  const bindings = Object.fromEntries(bound);
  for (const change of changes)
    change.before.forEach((dim, axis) => {
      if (!isStatic(dim) && !dimEquals(dimSubstitute(dim, bindings), change.after[axis]))
        throw unfit(change, `${dim.text} is computed from other dimensions`);
    });
  return bindings;
}

const unfit = ({ before, after, where }: ShapeChange, hint: string): HeddleError =>
  new HeddleError('SHAPE_MISMATCH', 'the shape does not fit', {
    where,
    found: printShape(after),
    expected: printShape(before),
    hint,
  });

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
