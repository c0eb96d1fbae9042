/** The worlds of the examples that learn while they act. */
import { expect, test } from 'vitest';
import { OBSERVED, observation, PER_SECOND, rightAnswer } from '../../examples/adaptation/world.js';
import { dice, moved, newBoard, seen, SEEN, SIDE } from '../../examples/game/board.js';

test('the right answer of a second is the opposite of what it would be in the next', () => {
  for (let t = 0; t < 3 * PER_SECOND; t++) {
    const [x, y] = observation(t).data;
    const towards = Math.abs(x) > Math.abs(y) ? (x > 0 ? 0 : 2) : y > 0 ? 1 : 3;
    const flees = Math.floor(t / PER_SECOND) === 1;
    expect(rightAnswer(t)).toBe(flees ? (towards + 2) % 4 : towards);
    expect(observation(t).shape).toEqual([1, OBSERVED]);
  }
});

test('boards follow from the seed, and moves do what they say', () => {
  const play = (seed: number): unknown[] => {
    const roll = dice(seed);
    let board = newBoard(roll);
    return Array.from({ length: 500 }, () => {
      const { next, reward } = moved(board, roll(4), roll);
      expect(new Set([next.self, next.food, next.pit]).size).toBe(3);
      expect([-1, -0.2, -0.02, 1]).toContain(reward);
      if (reward === 1) expect(next.self).toBe(board.food);
      board = next;
      return next;
    });
  };
  expect(play(3)).toEqual(play(3));
  expect(play(3)).not.toEqual(play(4));
  const corner = { self: 0, food: 1, pit: SIDE };
  const roll = dice(1);
  expect(moved(corner, 0, roll)).toEqual({ next: corner, reward: -0.2 });
  expect([moved(corner, 3, roll).reward, moved(corner, 1, roll).reward]).toEqual([1, -1]);
  expect(seen(corner)).toHaveLength(SEEN);
});
