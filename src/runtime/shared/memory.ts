/** Device memory that the plans of one program have in common: its weights, and an arena in which they run in turn. */
import { Shared, type Lease } from '../../base/lease.js';
import { deviceBytes, type TensorData } from '../../base/tensor.js';
import { haveSameWords } from '../words.js';

/** How memory of a kind is made and freed; `H` stands for it. */
export interface MemoryKind<H> {
  /** Bytes that can be had in one piece, at most. */
  readonly most: () => number;
  create(bytes: number, what: string): H;
  /** Memory with a weight in it. */
  upload(tensor: TensorData, what: string): H;
  destroy(handle: H): void;
}

interface Arena<H> {
  readonly handle: H;
  readonly bytes: number;
}

interface Weight<H> {
  readonly handle: H;
  readonly tensor: TensorData;
}

/**
 * Arenas come in classes, of which there are 32 between a power of two and the next: a plan gets the largest one that there is,
 * unless it needs more. So sizes that come again allocate nothing, and an arena is at most 1/32 larger than its largest plan needs.
 * No class is larger than what can be had, so that a plan gets its arena where it would get one alone.
 */
export class SharedMemory<H> {
  /** The largest first. */
  private arenas: readonly Shared<Arena<H>>[] = [];
  private readonly weights = new Map<string, readonly Shared<Weight<H>>[]>();

  constructor(private readonly kind: MemoryKind<H>) {}

  /** At least so many bytes, for one run at a time, which are there for as long as `lease` or another has them. */
  arena(lease: Lease, bytes: number): H {
    return lease.acquire(this.arenaOf(bytes)).value.handle;
  }

  weight(lease: Lease, id: string, tensor: TensorData): H {
    return lease.acquire(this.weightOf(id, tensor)).value.handle;
  }

  /** Bytes of the arenas that there are. */
  get arenaBytes(): number {
    return this.arenas.reduce((sum, { value }) => sum + value.bytes, 0);
  }

  /** Bytes of arenas and weights. */
  get bytes(): number {
    const weights = [...this.weights.values()].flat();
    return weights.reduce((sum, { value }) => sum + deviceBytes(value.tensor.shape), this.arenaBytes);
  }

  private arenaOf(needed: number): Shared<Arena<H>> {
    const known = this.arenas.find(({ value }) => value.bytes >= needed);
    if (known !== undefined) return known;
    const bytes = Math.max(needed, Math.min(classOf(needed), this.kind.most()));
    const made = new Shared({ handle: this.kind.create(bytes, 'arena'), bytes }, ({ handle }) => {
      this.arenas = this.arenas.filter((arena) => arena !== made);
      this.kind.destroy(handle);
    });
    this.arenas = [made, ...this.arenas];
    return made;
  }

  private weightOf(id: string, tensor: TensorData): Shared<Weight<H>> {
    const known = this.weights.get(id) ?? [];
    const same = known.find(({ value }) => haveSameWords(value.tensor, tensor));
    if (same !== undefined) return same;
    const made = new Shared({ handle: this.kind.upload(tensor, `weight ${id}`), tensor }, ({ handle }) => {
      const left = this.weights.get(id)!.filter((weight) => weight !== made);
      if (left.length === 0) this.weights.delete(id);
      else this.weights.set(id, left);
      this.kind.destroy(handle);
    });
    this.weights.set(id, [...known, made]);
    return made;
  }
}

/** Classes from one power of two to the next. */
const CLASSES = 32;
/** What bindings are aligned to; the least class. */
const STEP = 256;

/** The least class that holds `bytes`. */
function classOf(bytes: number): number {
  const step = Math.max(STEP, 2 ** Math.floor(Math.log2(Math.max(bytes, 1))) / CLASSES);
  return Math.ceil(Math.max(bytes, 1) / step) * step;
}
