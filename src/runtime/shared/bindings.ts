/** What one program is ready to run with for each of its sizes. */
import { Cache } from '../../base/cache.js';
import { ensure } from '../../base/errors.js';

/** Bindings that are kept where nobody says. */
export const DEFAULT_BINDINGS = 16;

/** Those that were used last are kept. All work in one arena, so that uses queue up. */
export class Bindings<E extends { dispose(): void }> {
  private readonly entries: Cache<string, E>;
  /** Settled when all that was asked for is done. */
  private queue: Promise<unknown> = Promise.resolve();
  private disposed = false;

  constructor(limit: number) {
    this.entries = new Cache(limit, (old) => old.dispose());
  }

  /** Calls `body` in its turn with what `key` names, which `make` makes where it is not kept. Rejects as these two do. */
  use<T>(key: string, make: () => Promise<E>, body: (entry: E) => Promise<T>): Promise<T> {
    return this.inTurn(async () => body(this.entries.find(key) ?? this.entries.put(key, await make())));
  }

  /**
   * The same without a use: what `make` makes is kept as if it had not been used for longest, or freed at once where there is no
   * room. Nothing is made where `key` is kept, or `isMade` says that it need not.
   */
  ahead(key: string, isMade: () => boolean, make: () => Promise<E>): Promise<void> {
    return this.inTurn(async () => {
      if (!isMade() && !this.entries.has(key)) this.entries.putOldest(key, await make());
    });
  }

  /** Whether `key` is kept, which is no use of it. */
  has(key: string): boolean {
    return this.entries.has(key);
  }

  /** What is kept; what was used last comes last. */
  values(): readonly E[] {
    return this.entries.values();
  }

  private inTurn<T>(body: () => Promise<T>): Promise<T> {
    ensure(!this.disposed, 'USAGE', 'the program was disposed');
    const result = this.queue.then(body);
    this.queue = result.catch(() => undefined);
    return result;
  }

  /** Frees all, and what `andThen` does, after the uses that were asked for. Later ones fail. */
  dispose(andThen: () => void = () => undefined): void {
    if (this.disposed) return;
    this.disposed = true;
    void this.queue.then(() => {
      this.entries.clear();
      andThen();
    });
  }
}
