/** What is bound to a command that reads or writes resident inputs and outputs: it depends on the buffers at hand. */
import type { PlanCommand } from '../plan/plan.js';
import type { DeviceMemory, Ports } from './memory.js';

/** Bind groups that are kept for each command: for so many different sets of buffers. */
const KEPT = 8;

/** A bind group, and the buffers of the ports that it binds. */
interface KnownGroup {
  readonly buffers: readonly GPUBuffer[];
  readonly group: GPUBindGroup;
}

/** The bind groups of one command, for the sets of buffers that were used last. */
export class PortBindings {
  /** The ports that the command binds. */
  private readonly touched: readonly number[];
  /** The one that was used last comes last. */
  private readonly known: KnownGroup[] = [];

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
    const isMeant = ({ buffers }: KnownGroup): boolean =>
      this.touched.every((port, i) => buffers[i] === ports[port]);
    const at = this.known.findIndex(isMeant);
    if (at < 0) return undefined;
    // What was used last goes to the end.
    this.known.push(this.known.splice(at, 1)[0]);
    return this.known[this.known.length - 1].group;
  }

  /** The bind group for `ports`. */
  make(ports: Ports): GPUBindGroup {
    const group = this.gpu.createBindGroup({
      label: this.command.label,
      layout: this.layout,
      entries: this.memory.bindings(this.command, ports).map((resource, binding) => ({ binding, resource })),
    });
    this.known.push({ buffers: this.touched.map((port) => ports[port]), group });
    if (this.known.length > KEPT) this.known.shift();
    return group;
  }
}
