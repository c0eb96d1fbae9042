/** Ranges of sizes that a dimension may have. */
import type { DimRange } from './graph.js';

/** Whether `size` is one of `range`. */
export const isInRange = ({ min, max, step = 1 }: DimRange, size: number): boolean =>
  min <= size && size <= max && (size - min) % step === 0;

/** `1 to 64`, `32 to 320 in steps of 32` */
export const describeRange = ({ min, max, step = 1 }: DimRange): string =>
  `${min} to ${max}${step === 1 ? '' : ` in steps of ${step}`}`;

/** How many sizes a range has. */
export const countOf = ({ min, max, step = 1 }: DimRange): number => Math.floor((max - min) / step) + 1;

/** The least size of a range from `size` on; its last one where there is none. */
export function sizeFrom({ min, max, step = 1 }: DimRange, size: number): number {
  const last = max === Infinity ? Infinity : min + step * Math.floor((max - min) / step);
  const within = Math.min(Math.max(size, min), last);
  return Math.min(min + step * Math.ceil((within - min) / step), last);
}
