/** Device memory that the plans of one program have in common: its weights, and an arena in which they run in turn. */
import { deviceBytes, type TensorData } from '../../base/tensor.js';
import { toWords } from '../words.js';

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
  users: number;
}

interface Weight<H> {
  readonly handle: H;
  readonly tensor: TensorData;
  users: number;
}

/** What a plan uses of it. */
export interface MemoryLease<H> {
  arena(bytes: number): H;
  weight(id: string, tensor: TensorData): H;
  /** Frees what no other plan uses. */
  release(): void;
}

/**
 * Arenas come in classes, of which there are 32 between a power of two and the next: a plan gets the largest one that there is,
 * unless it needs more. So sizes that come again allocate nothing, and an arena is at most 1/32 larger than its largest plan needs.
 * No class is larger than what can be had, so that a plan gets its arena where it would get one alone.
 */
export class SharedMemory<H> {
  /** The largest first. */
  private arenas: readonly Arena<H>[] = [];
  private readonly weights = new Map<string, Weight<H>[]>();

  constructor(private readonly kind: MemoryKind<H>) {}

  lease(): MemoryLease<H> {
    const used: { users: number }[] = [];
    const use = <T extends { users: number }>(entry: T): T => {
      entry.users++;
      used.push(entry);
      return entry;
    };
    return {
      arena: (bytes) => use(this.arenaOf(bytes)).handle,
      weight: (id, tensor) => use(this.weightOf(id, tensor)).handle,
      release: () => {
        for (const entry of used.splice(0)) entry.users--;
        this.sweep();
      },
    };
  }

  /** Bytes of the arenas that there are. */
  get arenaBytes(): number {
    return this.arenas.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Bytes of arenas and weights. */
  get bytes(): number {
    const weights = [...this.weights.values()].flat();
    return weights.reduce((sum, { tensor }) => sum + deviceBytes(tensor.shape), this.arenaBytes);
  }

  private arenaOf(needed: number): Arena<H> {
    const known = this.arenas.find(({ bytes }) => bytes >= needed);
    if (known !== undefined) return known;
    const bytes = Math.max(needed, Math.min(classOf(needed), this.kind.most()));
    const made = { handle: this.kind.create(bytes, 'arena'), bytes, users: 0 };
    this.arenas = [made, ...this.arenas];
    return made;
  }

  private weightOf(id: string, tensor: TensorData): Weight<H> {
    const known = this.weights.get(id) ?? [];
    const same = known.find((weight) => isSame(weight.tensor, tensor));
    if (same !== undefined) return same;
    const made = { handle: this.kind.upload(tensor, `weight ${id}`), tensor, users: 0 };
    this.weights.set(id, [...known, made]);
    return made;
  }

  private sweep(): void {
    const isUsed = (entry: Arena<H> | Weight<H>): boolean => {
      if (entry.users === 0) this.kind.destroy(entry.handle);
      return entry.users > 0;
    };
    this.arenas = this.arenas.filter(isUsed);
    for (const [id, weights] of this.weights) {
      const left = weights.filter(isUsed);
      if (left.length === 0) this.weights.delete(id);
      else this.weights.set(id, left);
    }
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

/** Whether two tensors have the same elements. Two imports of one file give views of the same memory. */
function isSame(a: TensorData, b: TensorData): boolean {
  if (a.dtype !== b.dtype || a.data.length !== b.data.length) return false;
  if (a.data.buffer === b.data.buffer && a.data.byteOffset === b.data.byteOffset) return true;
  const [x, y] = [a, b].map(toWords);
  for (let i = 0; i < x.length; i++) if (x[i] !== y[i]) return false;
  return true;
}
