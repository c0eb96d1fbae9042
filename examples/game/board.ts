/** A small game on a grid: walk to the food, and not into the pit. Each place is a number from 0, row by row. */
export const SIDE = 5;
export const MOVES = ['up', 'down', 'left', 'right'] as const;

export interface Board {
  readonly self: number;
  readonly food: number;
  readonly pit: number;
}

/** Whole numbers below a bound, from a seed: xorshift32. */
export function dice(seed: number): (bound: number) => number {
  let state = (seed * 2654435761 + 1) >>> 0 || 1;
  return (bound) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state = (state ^ (state << 5)) >>> 0;
    return state % bound;
  };
}

/** A board with three different places. */
export function newBoard(roll: (bound: number) => number, self = roll(SIDE * SIDE)): Board {
  const other = (...taken: readonly number[]): number => {
    for (;;) {
      const place = roll(SIDE * SIDE);
      if (!taken.includes(place)) return place;
    }
  };
  const food = other(self);
  return { self, food, pit: other(self, food) };
}

/** What a move leads to, and what it is worth. */
export function moved(
  board: Board,
  move: number,
  roll: (bound: number) => number,
): { readonly next: Board; readonly reward: number } {
  const [row, column] = [Math.floor(board.self / SIDE), board.self % SIDE];
  const [down, right] = [[-1, 0], [1, 0], [0, -1], [0, 1]][move]; // prettier-ignore
  const [r, c] = [row + down, column + right];
  if (r < 0 || c < 0 || r >= SIDE || c >= SIDE) return { next: board, reward: -0.2 };
  const self = r * SIDE + c;
  if (self === board.food) return { next: newBoard(roll, self), reward: 1 };
  if (self === board.pit) return { next: newBoard(roll), reward: -1 };
  return { next: { ...board, self }, reward: -0.02 };
}

/** What the network sees: where food and pit are from here, and which borders are near. */
export const SEEN = 8;
export function seen({ self, food, pit }: Board): readonly number[] {
  const [row, column] = [Math.floor(self / SIDE), self % SIDE];
  const from = (place: number): readonly number[] => [
    (Math.floor(place / SIDE) - row) / SIDE,
    ((place % SIDE) - column) / SIDE,
  ];
  const edge = (isNear: boolean): number => (isNear ? 1 : 0);
  return [...from(food), ...from(pit), edge(row === 0), edge(row === SIDE - 1), edge(column === 0), edge(column === SIDE - 1)]; // prettier-ignore
}

export function drawn({ self, food, pit }: Board): string {
  const sign = (place: number): string =>
    place === self ? '@' : place === food ? '*' : place === pit ? 'O' : '.';
  return Array.from({ length: SIDE }, (_, row) =>
    Array.from({ length: SIDE }, (_, column) => sign(row * SIDE + column)).join(' '),
  ).join('\n');
}
