/**
 * Offsets in the arena. Allocations that are live at one time must not overlap; finding the least total is NP-hard, so
 * a few greedy orders are tried and the best is kept (see Pisarchyk & Lee, "Efficient memory management for deep neural
 * net inference", 2020, for the greedy-by-size family).
 */
import { DEVICE_ELEMENT_BYTES } from '../../base/dtype.js';
import { alignUp } from '../../base/tensor.js';
import type { ValueId } from '../../ir/graph.js';
import { IntervalTree, type Interval } from './intervals.js';
import type { Allocation } from './buffer-assignment.js';

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

const align = (bytes: number): number => alignUp(Math.max(bytes, DEVICE_ELEMENT_BYTES));

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
  // What is placed is aligned, so that no layout is smaller than the largest set of aligned pieces.
  const least = largestLiveSet(allocations.map((a) => ({ ...a, bytes: align(a.bytes) }))).lowerBound;
  let best: Placed | undefined;
  for (const order of ORDERS) {
    if (best !== undefined && best.bytes <= least) break;
    const placed = place([...allocations].sort(order));
    if (best === undefined || placed.bytes < best.bytes) best = placed;
  }
  const liveAtPeak = allocations.filter((a) => a.first <= peakStep && peakStep <= a.last).map((a) => a.root);
  return { ...best!, lowerBound, peakStep, liveAtPeak };
}

/** The largest sum of live bytes at any step, and the first step that has it. */
export function largestLiveSet(allocations: readonly Allocation[]): {
  readonly lowerBound: number;
  readonly peakStep: number;
} {
  const live = liveBytes(allocations);
  let [lowerBound, peakStep] = [0, -1];
  for (const { first } of allocations) {
    const bytes = live.get(first)!;
    if (bytes > lowerBound) [lowerBound, peakStep] = [bytes, first];
  }
  return { lowerBound, peakStep };
}

/** The bytes that live at each step at which something begins to. */
function liveBytes(allocations: readonly Allocation[]): ReadonlyMap<number, number> {
  const changes = new Map<number, number>();
  const change = (step: number, bytes: number): void =>
    void changes.set(step, (changes.get(step) ?? 0) + bytes);
  for (const { first, last, bytes } of allocations) {
    change(first, bytes);
    change(last + 1, -bytes);
  }
  const live = new Map<number, number>();
  let sum = 0;
  for (const step of [...changes.keys()].sort((a, b) => a - b)) {
    sum += changes.get(step)!;
    live.set(step, sum);
  }
  return live;
}

interface Placed {
  readonly offsets: ReadonlyMap<ValueId, number>;
  readonly bytes: number;
}

/** Puts each allocation into the smallest gap between those that live at the same time, or above them. */
function place(allocations: readonly Allocation[]): Placed {
  const [first, last] = allocations.reduce(
    ([low, high], a) => [Math.min(low, a.first), Math.max(high, a.last)],
    [0, 0],
  );
  const placed = new IntervalTree<Interval & { readonly offset: number; readonly end: number }>(first, last);
  const offsets = new Map<ValueId, number>();
  let total = 0;
  for (const allocation of allocations) {
    const size = align(allocation.bytes);
    const rivals = placed.meeting(allocation);
    // A gap lies where as many of them end as have begun. Numbers alone are sorted without calls.
    const begins = Float64Array.from(rivals, (rival) => rival.offset).sort();
    const ends = Float64Array.from(rivals, (rival) => rival.end).sort();
    let [offset, bestGap, cursor] = [-1, Infinity, 0];
    for (let i = 0; i < begins.length; i++) {
      const gap = begins[i] - cursor;
      if (gap >= size && gap < bestGap) [offset, bestGap] = [cursor, gap];
      cursor = ends[i];
    }
    if (offset < 0) offset = cursor;
    placed.add({ first: allocation.first, last: allocation.last, offset, end: offset + size });
    offsets.set(allocation.root, offset);
    total = Math.max(total, offset + size);
  }
  return { offsets, bytes: total };
}
