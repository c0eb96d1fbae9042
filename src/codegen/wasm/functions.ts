/** The functions of a module: whoever calls one asks for its number, and it is made when it is asked for first. */
import type { SubnormalMode } from '../../numerics/subnormals.js';
import type { WasmFunction } from './opcodes.js';

export class FunctionTable {
  private readonly numbers = new Map<string, number>();
  private readonly made: (WasmFunction | undefined)[] = [];

  /** `subnormals`: what becomes of them in all functions. */
  constructor(readonly subnormals: SubnormalMode) {}

  /** The number of the function `name`, which `make` makes. */
  number(name: string, make: () => WasmFunction): number {
    const known = this.numbers.get(name);
    if (known !== undefined) return known;
    const number = this.made.push(undefined) - 1;
    this.numbers.set(name, number);
    this.made[number] = make();
    return number;
  }

  get list(): readonly WasmFunction[] {
    return this.made.filter((each) => each !== undefined);
  }
}
