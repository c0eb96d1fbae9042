/** How much memory comes back when some of several things are let go: that of parts which some of them have and others do not. */

interface Part {
  readonly bytes: number;
  /** How many have it. */
  readonly holders: number;
}

export class Footprint {
  private readonly parts = new Map<object, Part>();
  private members = 0;

  /** One thing more, of these parts, each with its bytes. */
  add(parts: ReadonlyMap<object, number>): void {
    this.members++;
    for (const [part, bytes] of parts)
      this.parts.set(part, { bytes, holders: (this.parts.get(part)?.holders ?? 0) + 1 });
  }

  /** One thing less, which was added with the same parts. */
  remove(parts: ReadonlyMap<object, number>): void {
    this.members--;
    for (const part of parts.keys()) {
      const { bytes, holders } = this.parts.get(part)!;
      if (holders === 1) this.parts.delete(part);
      else this.parts.set(part, { bytes, holders: holders - 1 });
    }
  }

  /** Bytes of parts that not all have. What all have stays for as long as there is one of them. */
  get bytes(): number {
    return [...this.parts.values()].reduce(
      (sum, { bytes, holders }) => sum + (holders === this.members ? 0 : bytes),
      0,
    );
  }
}
