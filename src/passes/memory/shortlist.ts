/** The best few of many. */

/** Puts `item` where it belongs in `items`, which are in order: behind those that are its equals. */
export function insertSorted<T>(items: T[], item: T, isLess: (a: T, b: T) => boolean): void {
  let at = items.length;
  while (at > 0 && isLess(item, items[at - 1])) at--;
  items.splice(at, 0, item);
}

/**
 * The best `size` of the items that were offered, best first and of equals the first first; of items of one name only the
 * best. What a stable sort of all of them would begin with.
 */
export class Shortlist<T extends { readonly hash: number }> {
  readonly items: T[] = [];
  private readonly byName = new Map<number, T>();

  constructor(
    private readonly size: number,
    private readonly isBetter: (a: T, b: T) => boolean,
  ) {}

  offer(item: T): void {
    const { items, byName } = this;
    if (items.length >= this.size && !this.isBetter(item, items[items.length - 1])) return;
    const known = byName.get(item.hash);
    if (known !== undefined) {
      if (!this.isBetter(item, known)) return;
      items.splice(items.indexOf(known), 1);
    } else if (items.length >= this.size) byName.delete(items.pop()!.hash);
    byName.set(item.hash, item);
    insertSorted(items, item, this.isBetter);
  }
}
