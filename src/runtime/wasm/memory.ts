/** The memory of an engine: one for all its programs, since each reserves gigabytes of addresses. It grows, and never shrinks. */
import { ensure, HeddleError } from '../../base/errors.js';
import { alignUp, BINDING_ALIGNMENT } from '../../base/tensor.js';
import { GUARD_BYTES, MAX_PAGES, PAGE_BYTES } from '../../plan/wasm.js';

/** Bytes from `start` up to `end` that nothing uses. */
interface Gap {
  readonly start: number;
  readonly end: number;
}

const FIRST = alignUp(GUARD_BYTES);
const END = MAX_PAGES * PAGE_BYTES - GUARD_BYTES;

export class LinearMemory {
  readonly memory: WebAssembly.Memory;
  /** In the order of their addresses; none touches another. */
  private gaps: readonly Gap[] = [{ start: FIRST, end: END }];
  /** Bytes of what is in use, by their addresses. */
  private readonly sizes = new Map<number, number>();
  private view: Uint32Array;

  /** Throws DEVICE_NOT_FOUND where the host has no shared memory. */
  constructor() {
    try {
      this.memory = new WebAssembly.Memory({ initial: 1, maximum: MAX_PAGES, shared: true });
    } catch (cause) {
      throw new HeddleError('DEVICE_NOT_FOUND', 'no shared memory for WebAssembly', { cause });
    }
    this.view = new Uint32Array(this.memory.buffer);
  }

  /** All of it, as words. */
  get words(): Uint32Array {
    if (this.view.buffer !== this.memory.buffer) this.view = new Uint32Array(this.memory.buffer);
    return this.view;
  }

  /** Bytes in use. */
  get used(): number {
    return [...this.sizes.values()].reduce((sum, size) => sum + size, 0);
  }

  /** Bytes that addresses are left for in one piece. */
  get room(): number {
    return this.gaps.reduce((most, { start, end }) => Math.max(most, end - start), 0);
  }

  /**
   * The address of `bytes` bytes, aligned, with what was there before in them. Throws DEVICE_LIMIT where 32-bit addresses do not
   * reach, or the host has no more memory.
   */
  allocate(bytes: number, what: string): number {
    const size = Math.max(BINDING_ALIGNMENT, alignUp(bytes));
    const gap = this.gaps.find(({ start, end }) => end - start >= size);
    ensure(gap !== undefined, 'DEVICE_LIMIT', `WebAssembly addresses no memory for ${what}`, () => ({
      found: `${bytes} bytes, beside ${this.used} in use`,
      expected: `at most ${END - FIRST} bytes in all`,
    }));
    this.reach(gap.start + size, what);
    this.gaps = this.gaps.flatMap((each) => {
      if (each !== gap) return [each];
      return gap.start + size === gap.end ? [] : [{ start: gap.start + size, end: gap.end }];
    });
    this.sizes.set(gap.start, size);
    return gap.start;
  }

  /** Gives back what {@link allocate} gave. */
  free(address: number): void {
    const size = this.sizes.get(address);
    ensure(size !== undefined, 'INTERNAL', 'memory is freed that is not in use', { found: String(address) });
    this.sizes.delete(address);
    let freed: Gap = { start: address, end: address + size };
    const rest: Gap[] = [];
    for (const gap of this.gaps) {
      if (gap.end === freed.start) freed = { start: gap.start, end: freed.end };
      else if (gap.start === freed.end) freed = { start: freed.start, end: gap.end };
      else rest.push(gap);
    }
    this.gaps = [...rest, freed].sort((a, b) => a.start - b.start);
  }

  /** Grows until there is memory up to `end`, and behind it the guard. */
  private reach(end: number, what: string): void {
    const missing = Math.ceil((end + GUARD_BYTES - this.memory.buffer.byteLength) / PAGE_BYTES);
    if (missing <= 0) return;
    try {
      this.memory.grow(missing);
    } catch (cause) {
      throw new HeddleError('DEVICE_LIMIT', `the host has no memory left for ${what}`, { cause });
    }
  }
}
