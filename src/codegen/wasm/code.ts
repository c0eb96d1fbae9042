/** A function under construction: its instructions, and its locals, which are used again by code that comes later. */
import type { Mnemonic, ValType, WasmInstr } from './opcodes.js';

export class CodeBuilder {
  readonly code: WasmInstr[] = [];
  readonly locals: ValType[] = [];
  private readonly free: Record<ValType, number[]> = { i32: [], f32: [], v128: [] };
  /** Locals that are given back at the end of a scope, the innermost last. */
  private readonly scopes: { readonly index: number; readonly type: ValType }[][] = [[]];

  constructor(private readonly params: number) {}

  op(op: Mnemonic, ...immediates: readonly number[]): void {
    this.code.push({ op, immediates });
  }

  /** A local that is the caller's until the scope ends. */
  local(type: ValType): number {
    const index = this.free[type].pop() ?? this.params + this.locals.push(type) - 1;
    this.scopes[this.scopes.length - 1].push({ index, type });
    return index;
  }

  /** Takes the value on the stack into a new local. */
  keep(type: ValType): number {
    const index = this.local(type);
    this.op('local.set', index);
    return index;
  }

  get(index: number): void {
    this.op('local.get', index);
  }

  i32(value: number): void {
    this.op('i32.const', value | 0);
  }

  /** The same word in all lanes. */
  splat(bits: number): void {
    this.op('v128.const', bits, bits, bits, bits);
  }

  /** Runs `emit`; the locals that it takes are free afterwards. */
  scoped(emit: () => void): void {
    this.scopes.push([]);
    emit();
    for (const { index, type } of this.scopes.pop() ?? []) this.free[type].push(index);
  }

  /** `if`, with the condition on the stack. */
  if(then: () => void, otherwise?: () => void): void {
    this.op('if');
    this.scoped(then);
    if (otherwise !== undefined) {
      this.op('else');
      this.scoped(otherwise);
    }
    this.op('end');
  }
}
