/**
 * Intervals of whole numbers, asked for those that meet another: a segment tree (Bentley, "Solutions to Klee's rectangle
 * problems", 1977). Adding one takes O(log n) steps; asking takes O(log n) for each that is found.
 */
export interface Interval {
  readonly first: number;
  readonly last: number;
}

export class IntervalTree<T extends Interval> {
  /** At each node of the tree, the intervals that cover all of its range and not all of its parent's. */
  private readonly covering: (T[] | undefined)[] = [];
  /** At each node, the intervals that are noted there or further down. */
  private readonly within: (T[] | undefined)[] = [];
  private readonly size: number;

  /** For intervals between `first` and `last`. */
  constructor(
    private readonly first: number,
    last: number,
  ) {
    this.size = 2 ** Math.ceil(Math.log2(Math.max(1, last - first + 1)));
  }

  add(interval: T): void {
    this.descend(interval, (node, isCovered) => {
      (this.within[node] ??= []).push(interval);
      if (isCovered) (this.covering[node] ??= []).push(interval);
    });
  }

  /** Those that share a number with `interval`, each once. */
  meeting(interval: Interval): Set<T> {
    const found = new Set<T>();
    this.descend(interval, (node, isCovered) => {
      for (const other of (isCovered ? this.within : this.covering)[node] ?? []) found.add(other);
    });
    return found;
  }

  /** Visits the nodes whose ranges meet `interval`, down to those that it covers. */
  private descend({ first, last }: Interval, visit: (node: number, isCovered: boolean) => void): void {
    const go = (node: number, start: number, size: number): void => {
      if (last < start || first >= start + size) return;
      const isCovered = first <= start && start + size - 1 <= last;
      visit(node, isCovered);
      if (isCovered) return;
      go(2 * node, start, size / 2);
      go(2 * node + 1, start + size / 2, size / 2);
    };
    go(1, this.first, this.size);
  }
}
