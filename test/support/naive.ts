/** Tensors of plain numbers, for references written straight from a specification. */

export interface Naive {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** All coordinates of a shape, in row-major order. */
export function coordinates(shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>(
    (places, extent) => places.flatMap((place) => Array.from({ length: extent }, (_, i) => [...place, i])),
    [[]],
  );
}

export const placeOf = (shape: readonly number[], place: readonly number[]): number =>
  shape.reduce((at, extent, axis) => at * extent + place[axis], 0);

export const at = ({ shape, data }: Naive, place: readonly number[]): number => data[placeOf(shape, place)];

/** A tensor, element by element. */
export const naive = (shape: readonly number[], f: (place: readonly number[]) => number): Naive => ({
  shape,
  data: coordinates(shape).map(f),
});
