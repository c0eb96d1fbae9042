/** A task that changes every second: to name the direction of something that moves, and in the next second its opposite. */
import { tensorData, type TensorData } from 'heddle';

/** Answers that something can give in a second. */
export const PER_SECOND = 200;
export const DIRECTIONS = 4;
export const OBSERVED = 4;

/** What is seen at tick `t`, f32 [1, 4]: where the target is, and its distance, each from -1 to 1. */
export function observation(t: number): TensorData<'f32'> {
  const angle = t * 0.021 + 2.1 * Math.sin(t * 0.0073);
  const distance = 0.55 + 0.4 * Math.sin(t * 0.013);
  const [x, y] = [Math.cos(angle), Math.sin(angle)];
  return tensorData('f32', [1, OBSERVED], Float32Array.of(x, y, x * distance, y * distance));
}

/** The quarter in which the target is. */
function direction(t: number): number {
  const [x, y] = observation(t).data;
  return Math.abs(x) > Math.abs(y) ? (x > 0 ? 0 : 2) : y > 0 ? 1 : 3;
}

/** To chase in even seconds, to flee in odd ones. */
export function rightAnswer(t: number): number {
  const flees = Math.floor(t / PER_SECOND) % 2 === 1;
  return (direction(t) + (flees ? 2 : 0)) % DIRECTIONS;
}
