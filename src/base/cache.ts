/** A map that forgets what was not used for longest. */
export class Cache<K, V> {
  private readonly entries = new Map<K, V>();

  constructor(
    private readonly limit: number,
    private readonly onEvict: (value: V) => void,
  ) {}

  /** What is kept for `key`, which counts as a use of it. */
  find(key: K): V | undefined {
    const known = this.entries.get(key);
    if (known !== undefined) {
      this.entries.delete(key);
      this.entries.set(key, known);
    }
    return known;
  }

  /** Keeps `value`, and evicts the oldest entry where that is one too many. */
  put(key: K, value: V): V {
    this.entries.set(key, value);
    if (this.entries.size > this.limit) this.evict();
    return value;
  }

  /** Keeps `value` as if nothing were unused for longer; evicts it where there is no room for it. */
  putOldest(key: K, value: V): void {
    if (this.entries.size >= this.limit) {
      this.onEvict(value);
      return;
    }
    const others = [...this.entries];
    this.entries.clear();
    for (const [each, known] of [[key, value] as const, ...others]) this.entries.set(each, known);
  }

  get(key: K, make: () => V): V {
    return this.find(key) ?? this.put(key, make());
  }

  /** Whether something is kept for `key`, which is no use of it. */
  has(key: K): boolean {
    return this.entries.has(key);
  }

  /** Evicts what was not used for longest. */
  evict(): void {
    for (const [oldest, old] of this.entries) {
      this.entries.delete(oldest);
      this.onEvict(old);
      return;
    }
  }

  /** All that is kept; what was used last comes last. */
  values(): readonly V[] {
    return [...this.entries.values()];
  }

  clear(): void {
    for (const value of this.entries.values()) this.onEvict(value);
    this.entries.clear();
  }
}
