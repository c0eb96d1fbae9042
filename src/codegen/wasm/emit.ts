/**
 * Scalar code as WebAssembly, for four invocations at a time. What the lanes of a quad have in common is computed once
 * (lanes.ts); the rest is held in vectors. A branch that only some lanes take runs with a mask: sets and stores leave the other
 * lanes alone, and loads of theirs read the first element of the buffer. Control flow on which all lanes agree stays control flow.
 */
import { fault } from '../../base/errors.js';
import type { Block, Instr, Ref } from '../ssa/instr.js';
import { MemoryAccess, type Mask } from './memory.js';
import type { Pointer } from './pointers.js';
import { formOf } from './uses.js';
import { scalarValType } from './values.js';

/** Whether code that runs for some lanes only costs much more than for all of them. */
const isMuch = ({ kind }: Instr): boolean =>
  kind === 'load' || kind === 'store' || kind === 'for' || kind === 'while' || kind === 'if';

/** Emits instructions: control flow and variables here, the rest in the classes that it extends. */
export class Emitter extends MemoryAccess {
  /** Where variables are. */
  private readonly variables: (number | undefined)[] = [];

  block(block: Block, mask: Mask): void {
    for (const instr of block) this.instr(instr, mask);
  }

  private instr(instr: Instr, mask: Mask): void {
    const { out, around } = this;
    // Code that is emitted twice, with a mask and without, defines its values anew.
    if ('ref' in instr) this.scalars[instr.ref.id] = this.vectors[instr.ref.id] = undefined;
    switch (instr.kind) {
      case 'const':
        return this.constant(instr);
      case 'param':
        return this.define(instr.ref, () => around.param(instr.index), false);
      case 'trip':
        return this.define(instr.ref, () => around.trip(instr.level), false);
      case 'prim':
        this.noted(instr);
        return this.define(instr.ref, () => this.prim(instr), true);
      case 'call':
        return this.define(instr.ref, () => this.call(instr), false);
      case 'load':
        return this.load(instr, mask);
      case 'store':
        return this.store(instr, mask);
      case 'arrayLoad':
        return this.define(instr.ref, () => this.arrayLoad(instr, mask), false);
      case 'arrayStore':
        return this.arrayStore(instr, mask);
      case 'var': {
        const form = formOf(this.classOf(instr.ref));
        const local = out.local(form === 'vector' ? 'v128' : scalarValType(instr.ref.type));
        this.variables[instr.ref.id] = local;
        this.form(instr.init, form);
        return out.op('local.set', local);
      }
      case 'get': {
        const local = this.variables[instr.variable.id]!;
        if (instr.immediate) return this.bind(instr.ref, local);
        return this.define(instr.ref, () => out.get(local), false);
      }
      case 'set':
        return this.set(instr, mask);
      case 'for':
        return this.for(instr, mask);
      case 'while':
        return this.while(instr, mask);
      case 'if':
        return this.if(instr, mask);
      case 'quadBroadcast':
        return this.define(instr.ref, () => this.quadBroadcast(instr), false);
      case 'barrier':
        return fault('quads of a workgroup have no barriers');
    }
  }

  private set({ variable, value }: Extract<Instr, { kind: 'set' }>, mask: Mask): void {
    const { out } = this;
    const local = this.variables[variable.id]!;
    const form = formOf(this.classOf(variable));
    this.form(value, form);
    if (mask !== undefined && form === 'vector') {
      out.get(local);
      out.get(mask);
      out.op('v128.bitselect');
    }
    out.op('local.set', local);
  }

  private if(instr: Extract<Instr, { kind: 'if' }>, mask: Mask): void {
    const { out } = this;
    const { cond, then, else: otherwise } = instr;
    if (this.uniform(cond)) {
      this.scalar(cond);
      const taken = (): void => this.narrowed(cond, () => this.block(then, mask));
      return out.if(taken, otherwise.length === 0 ? undefined : () => this.block(otherwise, mask));
    }
    this.vector(cond);
    const lanes = out.keep('v128');
    const some = (): void => {
      this.some(lanes, mask, false, then, cond);
      if (otherwise.length > 0) this.some(lanes, mask, true, otherwise);
    };
    // Most quads take a branch together. Code without a mask is worth having where much is done.
    if (mask !== undefined || !then.some(isMuch)) return some();
    out.get(lanes);
    out.op('i32x4.all_true');
    out.if(() => this.narrowed(cond, () => this.block(then, undefined)), some);
  }

  /** Runs a branch for the lanes of a mask in which the condition holds, or does not, unless there are none. */
  private some(lanes: number, mask: Mask, negated: boolean, block: Block, cond?: Ref): void {
    const { out } = this;
    if (mask === undefined && !negated) out.get(lanes);
    else if (mask === undefined) {
      out.get(lanes);
      out.op('v128.not');
    } else {
      out.get(mask);
      out.get(lanes);
      out.op(negated ? 'v128.andnot' : 'v128.and');
    }
    const own = out.keep('v128');
    out.get(own);
    out.op('v128.any_true');
    out.if(() => {
      if (cond === undefined) this.block(block, own);
      else this.narrowed(cond, () => this.block(block, own));
    });
  }

  private for(instr: Extract<Instr, { kind: 'for' }>, mask: Mask): void {
    const { out } = this;
    const { ref, from, to, step, body } = instr;
    if (![from, to, step].every((bound) => this.uniform(bound))) return this.varyingFor(instr, mask);
    this.limits.set(ref, Math.max(this.limits.of(to) - 1, 0));
    out.scoped(() => {
      const i = out.local('i32');
      this.bindLoop(ref, i);
      this.scalar(from);
      out.op('local.set', i);
      const moving = this.startPointers(instr);
      const more = (): void => {
        out.get(i);
        this.scalar(to);
        out.op('i32.lt_u');
      };
      const loop = (): void => {
        out.op('loop');
        out.scoped(() => {
          this.block(body, mask);
          for (const { local, bytes } of moving) this.advance(local, () => out.i32(bytes));
          this.advance(i, () => this.scalar(step));
          more();
          out.op('br_if', 0);
        });
        out.op('end');
      };
      const [first, end] = [this.known(from), this.known(to)];
      if (first !== undefined && end !== undefined && first < end) return loop();
      more();
      out.if(loop);
    });
  }

  /** The variable of a loop, whose base is in a local. Where vectors of it are needed, they are made in each place. */
  private bindLoop(ref: Ref, local: number): void {
    this.scalars[ref.id] = () => this.out.get(local);
  }

  private advance(local: number, by: () => void): void {
    this.out.get(local);
    by();
    this.out.op('i32.add');
    this.out.op('local.set', local);
  }

  /** Puts the pointers of a loop in locals, and returns those that move. */
  private startPointers(
    instr: Extract<Instr, { kind: 'for' }>,
  ): { readonly local: number; readonly bytes: number }[] {
    const { out } = this;
    const step = this.known(instr.step) ?? 0;
    return (this.facts.pointers.ofLoop.get(instr) ?? []).flatMap((pointer) => {
      const { start } = pointer;
      if (start === undefined) this.startAfresh(pointer, instr.from);
      else {
        out.get(this.pointers.get(start.pointer)!);
        this.offset(start.constant - start.pointer.constant + pointer.constant);
      }
      const local = out.keep('i32');
      this.pointers.set(pointer, local);
      const bytes = 4 * pointer.step * step;
      return bytes === 0 ? [] : [{ local, bytes }];
    });
  }

  /** Pushes the address that a pointer starts at. */
  private startAfresh({ buffer, terms, constant, step }: Pointer, from: Ref): void {
    const { out } = this;
    out.get(this.around.buffers[buffer]);
    for (const { ref, factor } of step === 0 ? terms : [...terms, { ref: from, factor: step }]) {
      this.scalar(ref);
      out.i32(4 * factor);
      out.op('i32.mul');
      out.op('i32.add');
    }
    this.offset(constant);
  }

  /** Adds a number of words to the address on the stack. */
  private offset(words: number): void {
    if (words === 0) return;
    this.out.i32(4 * words);
    this.out.op('i32.add');
  }

  /** A loop whose lanes run different numbers of trips: it goes on until none is left. */
  private varyingFor({ ref, from, to, step, body }: Extract<Instr, { kind: 'for' }>, mask: Mask): void {
    const { out } = this;
    out.scoped(() => {
      const i = out.local('v128');
      this.vector(from);
      out.op('local.set', i);
      this.vectors[ref.id] = () => out.get(i);
      const live = this.allLanes(mask);
      out.op('loop');
      out.scoped(() => {
        out.get(i);
        this.vector(to);
        out.op('i32x4.lt_u');
        this.keepLive(live);
        out.if(() => {
          this.block(body, live);
          out.get(i);
          this.vector(step);
          out.op('i32x4.add');
          out.op('local.set', i);
          out.op('br', 1);
        });
      });
      out.op('end');
    });
  }

  /** A mask of the lanes that run, in a local of its own. */
  private allLanes(mask: Mask): number {
    if (mask === undefined) this.out.splat(-1);
    else this.out.get(mask);
    return this.out.keep('v128');
  }

  /** live &= (the mask on the stack); pushes whether any lane is left. */
  private keepLive(live: number): void {
    const { out } = this;
    out.get(live);
    out.op('v128.and');
    out.op('local.tee', live);
    out.op('v128.any_true');
  }

  private while({ test, cond, body }: Extract<Instr, { kind: 'while' }>, mask: Mask): void {
    const { out } = this;
    out.scoped(() => {
      const live = this.uniform(cond) ? undefined : this.allLanes(mask);
      out.op('loop');
      out.scoped(() => {
        this.block(test, live ?? mask);
        if (live === undefined) this.scalar(cond);
        else {
          this.vector(cond);
          this.keepLive(live);
        }
        out.if(() => {
          this.block(body, live ?? mask);
          out.op('br', 1);
        });
      });
      out.op('end');
    });
  }
}
