/** What is bound to a command that reads or writes resident inputs and outputs: it depends on the buffers at hand. */
import type { PlanCommand } from '../codegen/plan.js';
import type { DeviceMemory, Ports } from './memory.js';

/** Bind groups that are kept for each command: for so many different sets of buffers. */
const KEPT = 8;

/** Numbers for buffers, so that a set of them has a name. A number is not used again. */
const numbers = new WeakMap<GPUBuffer, number>();
let lastNumber = 0;

function numberOf(buffer: GPUBuffer): number {
  const known = numbers.get(buffer);
  if (known !== undefined) return known;
  numbers.set(buffer, ++lastNumber);
  return lastNumber;
}

/** The bind groups of one command, for the sets of buffers that were used last. */
export class PortBindings {
  /** The ports that the command binds. */
  private readonly touched: readonly number[];
  private readonly known = new Map<string, GPUBindGroup>();

  constructor(
    private readonly gpu: GPUDevice,
    private readonly command: PlanCommand,
    private readonly layout: GPUBindGroupLayout,
    private readonly memory: DeviceMemory,
  ) {
    this.touched = command.regions.flatMap((region) => (region.space === 'port' ? [region.port] : []));
  }

  /** The bind group for `ports`, if it was made already. */
  find(ports: Ports): GPUBindGroup | undefined {
    const key = this.keyOf(ports);
    const group = this.known.get(key);
    if (group === undefined) return undefined;
    // The order of a map is that of insertion: what was used last goes to its end.
    this.known.delete(key);
    this.known.set(key, group);
    return group;
  }

  /** The bind group for `ports`. */
  make(ports: Ports): GPUBindGroup {
    const group = this.gpu.createBindGroup({
      label: this.command.label,
      layout: this.layout,
      entries: this.memory.bindings(this.command, ports).map((resource, binding) => ({ binding, resource })),
    });
    this.known.set(this.keyOf(ports), group);
    for (const oldest of this.known.keys()) {
      if (this.known.size <= KEPT) break;
      this.known.delete(oldest);
    }
    return group;
  }

  private keyOf(ports: Ports): string {
    let key = '';
    for (const port of this.touched) key += `${numberOf(ports[port])},`;
    return key;
  }
}
