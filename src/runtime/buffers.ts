/** Makes buffers on a device and keeps track of them, so that all can be freed however far their user got. */
export interface Buffers {
  readonly gpu: GPUDevice;
  create(label: string, size: number, usage: number): GPUBuffer;
  /** Frees everything that was made. */
  destroy(): void;
}

export function trackBuffers(gpu: GPUDevice): Buffers {
  const made: GPUBuffer[] = [];
  return {
    gpu,
    create(label, size, usage) {
      const buffer = gpu.createBuffer({ label, size, usage });
      made.push(buffer);
      return buffer;
    },
    destroy() {
      for (const buffer of made.splice(0)) buffer.destroy();
    },
  };
}
