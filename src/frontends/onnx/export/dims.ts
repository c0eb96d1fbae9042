/** Symbolic dimensions as arithmetic on the shapes of the inputs. */
import { isStatic, type Dim } from '../../../ir/dim.js';

/** What dimensions are computed with; `R` is a value. */
export interface DimArithmetic<R> {
  readonly number: (value: number) => R;
  readonly symbol: (name: string) => R;
  readonly apply: (op: 'Add' | 'Mul' | 'Div', a: R, b: R) => R;
}

/** `dim` as a value. Div rounds down, for its operands are not negative. */
export function computeDim<R>(dim: Dim, on: DimArithmetic<R>): R {
  if (isStatic(dim)) return on.number(dim);
  const terms = [...dim.terms.values()].map(({ coefficient, atoms }) => {
    const factors = atoms.map((atom) =>
      atom.kind === 'symbol'
        ? on.symbol(atom.name)
        : on.apply('Div', computeDim(atom.dividend, on), on.number(atom.divisor)),
    );
    if (coefficient !== 1 || factors.length === 0) factors.push(on.number(coefficient));
    return factors.reduce((left, right) => on.apply('Mul', left, right));
  });
  return terms.reduce((left, right) => on.apply('Add', left, right));
}
