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
    ensure(!this.disposed, 'USAGE', 'the program was disposed');
    const result = this.queue.then(async () =>
      body(this.entries.find(key) ?? this.entries.put(key, await make())),
    );
    this.queue = result.catch(() => undefined);
    return result;
  }

  /** What is kept; what was used last comes last. */
  values(): readonly E[] {
    return this.entries.values();
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
