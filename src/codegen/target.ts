/** What code generation knows of the device. It decides shapes of kernels, never bits. */
export interface Target {
  /** Storage buffers that a kernel may bind; WebGPU guarantees 8. */
  readonly storageBuffers: number;
  /**
   * Invocations that keep the device busy. Contractions take the largest tiles that still give so many: thousands on a
   * GPU, few where a CPU plays the GPU.
   */
  readonly invocations: number;
  /**
   * Rows from which on a row kernel has one invocation for each, and no barriers. Where a CPU plays the GPU, a barrier
   * costs as much as a hundred operations: the driver has to put every invocation aside, and take it up again.
   */
  readonly rowsAlone: number;
}

export const DEFAULT_TARGET: Target = {
  storageBuffers: 8,
  invocations: 16_384,
  rowsAlone: Infinity,
};

/** Drivers that run kernels on the CPU: a core runs one workgroup at a time, so that a few invocations suffice. */
export const SOFTWARE_TARGET: Target = { ...DEFAULT_TARGET, invocations: 1, rowsAlone: 128 };

/** Whether a value from outside is a target. With fewer buffers than every device has, some ops have no kernel. */
export function isTarget(value: unknown): value is Target {
  if (typeof value !== 'object' || value === null) return false;
  const { storageBuffers, invocations, rowsAlone } = value as Partial<Record<keyof Target, unknown>>;
  return (
    isCount(storageBuffers, DEFAULT_TARGET.storageBuffers) &&
    isCount(invocations, 1) &&
    (isCount(rowsAlone, 0) || rowsAlone === Infinity)
  );
}

const isCount = (value: unknown, least: number): boolean =>
  typeof value === 'number' && Number.isInteger(value) && value >= least;
