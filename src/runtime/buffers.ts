/** Makes buffers on a device and keeps track of them, so that all can be freed however far their user got. */
export class Buffers {
  private readonly made: GPUBuffer[] = [];

  constructor(readonly gpu: GPUDevice) {}

  create(descriptor: GPUBufferDescriptor): GPUBuffer {
    const buffer = this.gpu.createBuffer(descriptor);
    this.made.push(buffer);
    return buffer;
  }

  /** Frees everything that was made. */
  destroy(): void {
    for (const buffer of this.made.splice(0)) buffer.destroy();
  }
}
