/** Values that are equal, held once for as long as anybody holds them. */
import { Shared, type Lease } from '../base/lease.js';

export class Interned<T> {
  /** By keys that equal values have in common. */
  private readonly entries = new Map<string, readonly Shared<T>[]>();

  constructor(private readonly isEqual: (a: T, b: T) => boolean) {}

  /** How many there are. */
  get size(): number {
    return [...this.entries.values()].reduce((sum, { length }) => sum + length, 0);
  }

  /** The value that is equal to `value`, or else that itself, for `lease` to hold. */
  take(lease: Lease, key: string, value: T): T {
    const alike = this.entries.get(key) ?? [];
    const known = alike.find((entry) => this.isEqual(entry.value, value));
    return lease.acquire(known ?? this.add(key, alike, value)).value;
  }

  private add(key: string, alike: readonly Shared<T>[], value: T): Shared<T> {
    const made = new Shared(value, () => {
      const left = this.entries.get(key)!.filter((entry) => entry !== made);
      if (left.length === 0) this.entries.delete(key);
      else this.entries.set(key, left);
    });
    this.entries.set(key, [...alike, made]);
    return made;
  }
}
