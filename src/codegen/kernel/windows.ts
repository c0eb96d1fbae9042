/**
 * Large buffers. A device binds no more than so many bytes at a time, so a buffer beyond that is bound as several windows, one
 * after the other, and every access chooses the window that its index lies in. That changes no value, and no order.
 */
import { DEVICE_ELEMENT_BYTES } from '../../base/dtype.js';
import { windowBytes } from '../../passes/fusion/bindings.js';
import type { Region } from '../../plan/plan.js';
import type { Block, Instr, Ref, ScalarType } from '../ssa/instr.js';
import { blocksOf, operandsOf, withParts } from '../ssa/walk.js';
import type { Kernel, KernelBody } from './body.js';

/** `region` cut into windows of at most `bytes`; itself where it is no larger. */
export function windowsOf(region: Region, bytes: number): readonly Region[] {
  if (region.size <= bytes) return [region];
  const step = windowBytes(bytes);
  const count = Math.ceil(region.size / step);
  return Array.from({ length: count }, (_, i) =>
    partOf(region, i * step, Math.min(step, region.size - i * step)),
  );
}

function partOf(region: Region, offset: number, size: number): Region {
  if (region.space !== 'turn') return { ...region, offset: region.offset + offset, size };
  const { even, odd } = region;
  return { ...region, even: partOf(even, offset, size), odd: partOf(odd, offset, size), size };
}

/** The kernel whose buffers are bound in so many windows each, of `bytes` at most. */
export function inWindows(kernel: Kernel, counts: readonly number[], bytes: number): Kernel {
  if (counts.every((count) => count === 1)) return kernel;
  return {
    ...kernel,
    body: new Windows(kernel.body, counts, windowBytes(bytes) / DEVICE_ELEMENT_BYTES).body,
  };
}

type Load = Extract<Instr, { kind: 'load' }>;
type Store = Extract<Instr, { kind: 'store' }>;

class Windows {
  readonly body: KernelBody;
  private next: number;
  /** The first window of each buffer. */
  private readonly first: readonly number[];

  constructor(
    body: KernelBody,
    private readonly counts: readonly number[],
    /** Elements of a window. */
    private readonly elements: number,
  ) {
    this.next = body.values;
    this.first = counts.map((_, i) => counts.slice(0, i).reduce((sum, count) => sum + count, 0));
    const bindings = body.bindings.flatMap((binding, i) =>
      new Array<typeof binding>(counts[i]).fill(binding),
    );
    const block = this.block(body.block);
    this.body = { ...body, bindings, block, values: this.next };
  }

  private block(block: Block): Block {
    return block.flatMap((instr): Block => {
      if (instr.kind === 'load') return this.load(instr);
      if (instr.kind === 'store') return this.store(instr);
      const blocks = blocksOf(instr);
      if (blocks.length === 0) return [instr];
      return [withParts(instr, operandsOf(instr), blocks.map((inner) => this.block(inner)))]; // prettier-ignore
    });
  }

  private load(instr: Load): Block {
    const { buffer, index, ref } = instr;
    const first = this.first[buffer];
    if (this.counts[buffer] === 1) return [{ ...instr, buffer: first }];
    const [zero, variable] = [this.fresh(ref.type), this.fresh(ref.type)];
    return [
      { kind: 'const', ref: zero, bits: 0 },
      { kind: 'var', ref: variable, init: zero },
      ...this.choose(buffer, index, (window, inner) => {
        const value = this.fresh(ref.type);
        return [
          { kind: 'load', ref: value, buffer: window, index: inner },
          { kind: 'set', variable, value },
        ];
      }),
      { kind: 'get', ref, variable, immediate: false },
    ];
  }

  private store(instr: Store): Block {
    const { buffer, index, value } = instr;
    if (this.counts[buffer] === 1) return [{ ...instr, buffer: this.first[buffer] }];
    return this.choose(buffer, index, (window, inner) => [
      { kind: 'store', buffer: window, index: inner, value },
    ]);
  }

  /** `access` to the window of `index`, with the index in it. */
  private choose(buffer: number, index: Ref, access: (window: number, index: Ref) => Block): Block {
    const size = this.fresh('u32');
    const from = (window: number, inner: Ref): Block => {
      if (window === this.counts[buffer] - 1) return access(this.first[buffer] + window, inner);
      const [isHere, rest] = [this.fresh('bool'), this.fresh('u32')];
      return [
        { kind: 'prim', ref: isHere, prim: 'ltu', args: [inner, size] },
        {
          kind: 'if',
          cond: isHere,
          then: access(this.first[buffer] + window, inner),
          else: [{ kind: 'prim', ref: rest, prim: 'isub', args: [inner, size] }, ...from(window + 1, rest)],
        },
      ];
    };
    return [{ kind: 'const', ref: size, bits: this.elements }, ...from(0, index)];
  }

  private fresh(type: ScalarType): Ref {
    return { id: this.next++, type };
  }
}
