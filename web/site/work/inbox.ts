/** What is told to long work while it is busy, kept until it listens. */
export class Inbox<T> {
  #items: T[] = [];
  #wake = (): void => {};

  put(item: T): void {
    this.#items.push(item);
    this.#wake();
  }

  /** What has come so far. Messages that wait are let in first. */
  async now(): Promise<readonly T[]> {
    await new Promise((resolve) => setTimeout(resolve));
    return this.#items.splice(0);
  }

  /** What has come so far; where that is nothing, what comes next. */
  async next(): Promise<readonly T[]> {
    if (this.#items.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.#items.splice(0);
  }
}
