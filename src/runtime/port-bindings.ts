/** What is bound to a command that reads or writes resident inputs and outputs: it depends on the buffers at hand. */
import type { PortBuffers } from './memory.js';

/** The bind groups of one command. */
export interface Bindings {
  /** The bind group for `ports`, if it was made already. */
  find(ports: PortBuffers): GPUBindGroup | undefined;
  make(ports: PortBuffers): GPUBindGroup;
}

/** Bind groups that are kept for each command: for so many different sets of buffers. */
const KEPT = 8;

/** A bind group, and the buffers of the ports that it binds. */
interface KnownGroup {
  readonly buffers: readonly GPUBuffer[];
  readonly group: GPUBindGroup;
}

/** The bind groups of a command that binds the ports `touched`, for the sets of buffers that were used last. */
export function portBindings(touched: readonly number[], create: Bindings['make']): Bindings {
  /** The one that was used last comes last. */
  const known: KnownGroup[] = [];
  return {
    find(ports) {
      const at = known.findIndex(({ buffers }) => touched.every((port, i) => buffers[i] === ports[port]));
      if (at < 0) return undefined;
      const [found] = known.splice(at, 1);
      known.push(found);
      return found.group;
    },
    make(ports) {
      const group = create(ports);
      if (known.push({ buffers: touched.map((port) => ports[port]), group }) > KEPT) known.shift();
      return group;
    },
  };
}
