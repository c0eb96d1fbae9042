/**
 * A WebGPU device of plain objects: it keeps bytes and copies them, computes nothing, and refuses what it is told to, as late
 * as real ones do.
 */
import { buildPreludes } from '../../src/codegen/wgsl/prelude.js';
import type { Device } from '../../src/runtime/device.js';

/** Buffers that are larger are refused, once there has been time to go on with them. */
export const MOCK_MEMORY = 2 ** 24;

class MockBuffer {
  readonly bytes: Uint8Array<ArrayBuffer> | undefined;

  constructor(readonly size: number) {
    this.bytes = size <= MOCK_MEMORY ? new Uint8Array(size) : undefined;
  }

  readonly destroy = (): void => undefined;
  readonly unmap = (): void => undefined;

  async mapAsync(): Promise<void> {
    await later();
    if (this.bytes === undefined) throw new Error('the buffer is not valid');
  }

  getMappedRange(offset = 0, size = this.size): ArrayBuffer {
    return (this.bytes ?? new Uint8Array(size)).slice(offset, offset + size).buffer;
  }
}

const later = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 2));

export interface MockDevice extends Device {
  /** Ends the device. */
  lose(): void;
  /** How often somebody asked to be told of its end. */
  reactions(): number;
}

export function mockDevice(): MockDevice {
  const scopes: { readonly filter: string; error: { readonly message: string } | null }[] = [];
  const refuse = (filter: string, message: string): void => {
    const scope = scopes.findLast((each) => each.filter === filter);
    if (scope !== undefined) scope.error ??= { message };
  };
  const createBuffer = ({ size }: GPUBufferDescriptor): MockBuffer => {
    if (size > MOCK_MEMORY) refuse('out-of-memory', `${size} bytes`);
    return new MockBuffer(size);
  };
  const copy = (from: MockBuffer, start: number, to: MockBuffer, at: number, size: number): void => {
    if (from.bytes === undefined || to.bytes === undefined) refuse('validation', 'a buffer is not valid');
    else to.bytes.set(from.bytes.subarray(start, start + size), at);
  };
  const encoder = {
    copyBufferToBuffer: copy,
    beginComputePass: () => ({
      setPipeline: () => undefined,
      setBindGroup: () => undefined,
      dispatchWorkgroups: () => undefined,
      end: () => undefined,
    }),
    finish: () => ({}),
  };
  let reactions = 0;
  let lose: (info: GPUDeviceLostInfo) => void = () => undefined;
  const lost = new Promise<GPUDeviceLostInfo>((resolve) => (lose = resolve));
  const then = lost.then.bind(lost);
  lost.then = ((...args: Parameters<typeof then>) => (reactions++, then(...args))) as typeof lost.then;
  const gpu = {
    lost,
    limits: {
      maxBufferSize: 2 ** 40,
      maxStorageBufferBindingSize: 2 ** 40,
      maxStorageBuffersPerShaderStage: 16,
      maxComputeWorkgroupsPerDimension: 65535,
    },
    queue: {
      submit: () => undefined,
      writeBuffer: (
        { bytes }: MockBuffer,
        offset: number,
        data: Uint32Array,
        first = 0,
        count = data.length - first,
      ) => {
        const part = data.subarray(first, first + count);
        bytes?.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), offset);
      },
    },
    pushErrorScope: (filter: string) => void scopes.push({ filter, error: null }),
    popErrorScope: async () => {
      const scope = scopes.pop();
      await later();
      return scope?.error ?? null;
    },
    createBuffer,
    createCommandEncoder: () => encoder,
    createBindGroupLayout: () => ({}),
    createPipelineLayout: () => ({}),
    createShaderModule: () => ({}),
    createBindGroup: () => ({}),
    createComputePipelineAsync: () => Promise.resolve({}),
  };
  return {
    gpu: gpu as unknown as GPUDevice,
    name: 'mock',
    profile: { subnormals: 'preserve', mac: 'opaque', divide: 'native', squareRoot: 'native' },
    preludes: buildPreludes(),
    lose: () => lose({ reason: 'unknown', message: 'gone' } as GPUDeviceLostInfo),
    reactions: () => reactions,
  };
}
