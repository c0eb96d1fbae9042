/** Loads and stores: of neighbours at once, of others lane by lane. Under a mask, lanes that do not run touch nothing of theirs. */
import type { Instr, Ref } from '../ssa/instr.js';
import { Arithmetic } from './arithmetic.js';
import { QUAD, type LaneClass } from './lanes.js';
import type { Pointed, Pointer } from './pointers.js';
import { storedForm } from './uses.js';
import { bytesOf, ramp, type Push } from './values.js';

/** The lanes that run: all of them, or those of a mask in a local. */
export type Mask = number | undefined;

const EVEN_WORDS = bytesOf([0, 2, 4, 6]);

const offsetOf = ({ pointer, constant }: Pointed): number => 4 * (constant - pointer.constant);

export class MemoryAccess extends Arithmetic {
  protected readonly pointers = new Map<Pointer, number>();

  /** Pushes the address of the element of an affine index, and returns the offset that belongs to it. */
  private address(instr: Extract<Instr, { kind: 'load' | 'store' }>): number {
    const { out } = this;
    const pointed = this.facts.pointers.ofAccess.get(instr);
    const local = pointed && this.pointers.get(pointed.pointer);
    if (pointed !== undefined && local !== undefined) {
      out.get(local);
      return offsetOf(pointed);
    }
    this.scalar(instr.index);
    out.i32(2);
    out.op('i32.shl');
    out.get(this.around.buffers[instr.buffer]);
    out.op('i32.add');
    return 0;
  }

  /** Addresses of all lanes, in a local; those that do not run have that of the first element. */
  private addresses(index: Ref, base: Push, words: number, mask: Mask): number {
    const { out } = this;
    this.vector(index);
    if (mask !== undefined) {
      out.get(mask);
      out.op('v128.and');
    }
    out.i32(2 + Math.log2(words));
    out.op('i32x4.shl');
    base();
    out.op('i32x4.splat');
    out.op('i32x4.add');
    return out.keep('v128');
  }

  protected load(instr: Extract<Instr, { kind: 'load' }>, mask: Mask): void {
    const { out } = this;
    const { ref, index, buffer } = instr;
    const of = this.classOf(index);
    const { scalar, vector } = this.facts.uses;
    if ((scalar[ref.id] ?? 0) + (vector[ref.id] ?? 0) === 0) return;
    if (of.kind === 'affine' && of.stride === 0) {
      if ((scalar[ref.id] ?? 0) === 0 && ref.type !== 'bool') {
        out.op('v128.load32_splat', this.address(instr));
        const local = out.keep('v128');
        this.vectors[ref.id] = () => out.get(local);
        return;
      }
      return this.define(
        ref,
        () => out.op(ref.type === 'f32' ? 'f32.load' : 'i32.load', this.address(instr)),
        false,
      );
    }
    this.define(ref, () => this.loadLanes(instr, of, buffer, mask), false);
  }

  private loadLanes(
    instr: Extract<Instr, { kind: 'load' }>,
    of: LaneClass,
    buffer: number,
    mask: Mask,
  ): void {
    const { out } = this;
    if (of.kind === 'affine' && of.stride === 1) return out.op('v128.load', this.address(instr));
    if (of.kind === 'affine' && of.stride === 2 && mask === undefined) {
      // Every other element of eight; the last one is not used, and may lie behind the buffer.
      const offset = this.address(instr);
      const at = out.keep('i32');
      for (const half of [0, 16]) {
        out.get(at);
        out.op('v128.load', offset + half);
      }
      return out.op('i8x16.shuffle', ...EVEN_WORDS);
    }
    const base = (): void => out.get(this.around.buffers[buffer]);
    if (of.kind !== 'affine') return this.gatherAt(this.addresses(instr.index, base, 1, mask));
    if (mask === undefined && of.stride > 0) {
      // Words that lie equally far apart.
      const offset = this.address(instr);
      const at = out.keep('i32');
      return this.gather((lane) => {
        out.get(at);
        return offset + 4 * lane * of.stride;
      });
    }
    out.i32(this.address(instr));
    out.op('i32.add');
    out.op('i32x4.splat');
    out.op('v128.const', ...ramp(4 * of.stride));
    out.op('i32x4.add');
    if (mask !== undefined) {
      base();
      out.op('i32x4.splat');
      out.get(mask);
      out.op('v128.bitselect');
    }
    this.gatherAt(out.keep('v128'));
  }

  /** Loads a word from each of the four addresses in a local. */
  private gatherAt(addresses: number): void {
    this.gather((lane) => {
      this.extract(addresses, lane);
      return 0;
    });
  }

  /** Loads a word for each lane: `address` pushes where from, and returns the offset that belongs to it. */
  private gather(address: (lane: number) => number): void {
    const { out } = this;
    const result = out.local('v128');
    for (let lane = 0; lane < QUAD; lane++) {
      const offset = address(lane);
      if (lane === 0) out.op('v128.load32_zero', offset);
      else {
        out.get(result);
        out.op('v128.load32_lane', offset, lane);
      }
      if (lane < QUAD - 1) out.op('local.set', result);
    }
  }

  /** Stores a word at each of four addresses, of those lanes that run. */
  private scatter(address: (lane: number) => void, value: number, mask: Mask): void {
    const { out } = this;
    const store = (lane: number): void => {
      address(lane);
      out.get(value);
      out.op('v128.store32_lane', 0, lane);
    };
    if (mask === undefined) {
      for (let lane = 0; lane < QUAD; lane++) store(lane);
      return;
    }
    out.get(mask);
    out.op('i32x4.bitmask');
    const bits = out.keep('i32');
    for (let lane = 0; lane < QUAD; lane++) {
      out.get(bits);
      out.i32(1 << lane);
      out.op('i32.and');
      out.if(() => store(lane));
    }
  }

  protected store(instr: Extract<Instr, { kind: 'store' }>, mask: Mask): void {
    const { out } = this;
    const { index, value } = instr;
    const of = this.classOf(index);
    if (storedForm(instr, this.facts.classes) === 'scalar') {
      const offset = this.address(instr);
      this.scalar(value);
      return out.op(value.type === 'f32' ? 'f32.store' : 'i32.store', offset);
    }
    if (of.kind === 'affine' && of.stride === 1 && mask === undefined) {
      const offset = this.address(instr);
      this.vector(value);
      return out.op('v128.store', offset);
    }
    this.vector(value);
    const stored = out.keep('v128');
    if (of.kind === 'affine') {
      const offset = this.address(instr);
      out.i32(offset);
      out.op('i32.add');
      const at = out.keep('i32');
      const address = (lane: number): void => {
        out.get(at);
        out.i32(4 * lane * of.stride);
        out.op('i32.add');
      };
      return this.scatter(address, stored, mask);
    }
    const addresses = this.addresses(index, () => out.get(this.around.buffers[instr.buffer]), 1, mask);
    this.scatter((lane) => this.extract(addresses, lane), stored, mask);
  }

  private extract(local: number, lane: number): void {
    this.out.get(local);
    this.out.op('i32x4.extract_lane', lane);
  }

  // Elements of a private array lie as vectors, those of all lanes side by side.

  /** Pushes the address of an element of which all lanes have their own, and returns its offset. */
  private arrayAddress(name: string, index: Ref): number {
    const { out } = this;
    const { address, offset } = this.around.array(name);
    const known = this.known(index);
    out.get(address);
    if (known !== undefined) return offset + known * 16;
    this.scalar(index);
    out.i32(4);
    out.op('i32.shl');
    out.op('i32.add');
    return offset;
  }

  private arrayAddresses(name: string, index: Ref, mask: Mask): number {
    const { out } = this;
    const { address, offset } = this.around.array(name);
    const first = this.addresses(
      index,
      () => {
        out.get(address);
        out.i32(offset);
        out.op('i32.add');
      },
      QUAD,
      mask,
    );
    out.get(first);
    out.op('v128.const', ...ramp(4));
    out.op('i32x4.add');
    return out.keep('v128');
  }

  protected arrayLoad({ array, index }: Extract<Instr, { kind: 'arrayLoad' }>, mask: Mask): void {
    if (this.uniform(index)) this.out.op('v128.load', this.arrayAddress(array, index));
    else this.gatherAt(this.arrayAddresses(array, index, mask));
  }

  protected arrayStore({ array, index, value }: Extract<Instr, { kind: 'arrayStore' }>, mask: Mask): void {
    const { out } = this;
    if (!this.uniform(index)) {
      this.vector(value);
      const stored = out.keep('v128');
      const addresses = this.arrayAddresses(array, index, mask);
      return this.scatter((lane) => this.extract(addresses, lane), stored, mask);
    }
    const offset = this.arrayAddress(array, index);
    this.vector(value);
    if (mask !== undefined) {
      out.op('v128.load', this.arrayAddress(array, index));
      out.get(mask);
      out.op('v128.bitselect');
    }
    out.op('v128.store', offset);
  }
}
