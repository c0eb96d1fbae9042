/**
 * Offsets in the arena. Allocations that are live at one time must not overlap; finding the least total is NP-hard, so
 * a few greedy orders are tried and the best is kept (see Pisarchyk & Lee, "Efficient memory management for deep neural
 * net inference", 2020, for the greedy-by-size family).
 */
import type { ValueId } from '../../ir/graph.js';
import type { Allocation } from './storage.js';

/** Storage bindings must start at multiples of this on every device (WebGPU's default limit). */
export const ARENA_ALIGNMENT = 256;

export interface ArenaLayout {
  readonly offsets: ReadonlyMap<ValueId, number>;
  /** Size of the arena in bytes. */
  readonly bytes: number;
  /** The largest sum of live bytes at any step: no layout can be smaller. */
  readonly lowerBound: number;
  /** The step at which that sum is reached, and what lives there. */
  readonly peakStep: number;
  readonly liveAtPeak: readonly ValueId[];
}

const align = (bytes: number): number => Math.ceil(Math.max(bytes, 4) / ARENA_ALIGNMENT) * ARENA_ALIGNMENT;
const overlap = (a: Allocation, b: Allocation): boolean => a.first <= b.last && b.first <= a.last;

type Order = (a: Allocation, b: Allocation) => number;
const span = (a: Allocation): number => a.last - a.first + 1;
const ORDERS: readonly Order[] = [
  (a, b) => b.bytes - a.bytes || span(b) - span(a) || a.first - b.first || a.root - b.root,
  (a, b) => b.bytes * span(b) - a.bytes * span(a) || a.root - b.root,
  (a, b) => a.first - b.first || b.bytes - a.bytes || a.root - b.root,
  (a, b) => span(b) - span(a) || b.bytes - a.bytes || a.root - b.root,
];

export function layoutArena(allocations: readonly Allocation[]): ArenaLayout {
  const { lowerBound, peakStep } = largestLiveSet(allocations);
  const layouts = ORDERS.map((order) => place([...allocations].sort(order)));
  const best = layouts.reduce((a, b) => (b.bytes < a.bytes ? b : a));
  const liveAtPeak = allocations.filter((a) => a.first <= peakStep && peakStep <= a.last).map((a) => a.root);
  return { ...best, lowerBound, peakStep, liveAtPeak };
}

/** The largest sum of live bytes at any step, and the first step that has it. */
export function largestLiveSet(allocations: readonly Allocation[]): {
  readonly lowerBound: number;
  readonly peakStep: number;
} {
  let [lowerBound, peakStep] = [0, -1];
  for (const step of new Set(allocations.map((a) => a.first))) {
    let live = 0;
    for (const a of allocations) if (a.first <= step && step <= a.last) live += a.bytes;
    if (live > lowerBound) [lowerBound, peakStep] = [live, step];
  }
  return { lowerBound, peakStep };
}

/** Puts each allocation into the smallest gap between those that live at the same time, or above them. */
function place(allocations: readonly Allocation[]): { offsets: Map<ValueId, number>; bytes: number } {
  const placed: { readonly allocation: Allocation; readonly offset: number; readonly end: number }[] = [];
  const offsets = new Map<ValueId, number>();
  let total = 0;
  for (const allocation of allocations) {
    const size = align(allocation.bytes);
    const rivals = placed
      .filter((other) => overlap(other.allocation, allocation))
      .sort((a, b) => a.offset - b.offset);
    let [offset, bestGap, cursor] = [-1, Infinity, 0];
    for (const rival of rivals) {
      const gap = rival.offset - cursor;
      if (gap >= size && gap < bestGap) [offset, bestGap] = [cursor, gap];
      cursor = Math.max(cursor, rival.end);
    }
    if (offset < 0) offset = cursor;
    placed.push({ allocation, offset, end: offset + size });
    offsets.set(allocation.root, offset);
    total = Math.max(total, offset + size);
  }
  return { offsets, bytes: total };
}
