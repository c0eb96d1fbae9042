/** Who holds memory, and what stands for it: docs/architecture.md has the states ("Ownership"). */

/** Memory, or what stands for it. */
export interface Held {
  /** One holder more. */
  acquire(holder: object): void;
  /** One holder less: with the last of them the memory goes. */
  release(): void;
}

/** What one holder holds, each thing once, until all of it is released together. */
export class Lease {
  private readonly held = new Set<Held>();

  acquire<T extends Held>(item: T): T {
    if (this.held.has(item)) return item;
    item.acquire(this);
    this.held.add(item);
    return item;
  }

  /** Ends the lease of one item, if it is held, without releasing it: it is somebody else's now. */
  donate(item: Held & { donate(): void }): void {
    if (this.held.delete(item)) item.donate();
  }

  release(): void {
    for (const item of this.held) item.release();
    this.held.clear();
  }
}

/** What several hold: `end` is called when the last of them lets go. */
export class Shared<T> implements Held {
  private holders = 0;

  constructor(
    readonly value: T,
    private readonly end: (value: T) => void,
  ) {}

  acquire(): void {
    this.holders++;
  }

  release(): void {
    if (--this.holders === 0) this.end(this.value);
  }
}
