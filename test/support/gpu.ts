/** The software GPUs that the tests run on. */
import { create, globals } from 'webgpu';
import { adapterName, findSoftwareGpus, isStartedWith, type SoftwareGpu } from '../../src/softgpu/index.js';

export type GpuName = SoftwareGpu;

const found = findSoftwareGpus();

/**
 * The GPUs to register tests for: always SwiftShader, so that a machine where it is missing fails its tests instead of
 * skipping them; lavapipe where it is installed.
 */
export const availableGpus: readonly GpuName[] = [
  'swiftshader',
  ...found.gpus.filter((g) => g !== 'swiftshader'),
];

export interface OpenGpu {
  readonly gpu: GPU;
  readonly adapter: GPUAdapter;
  readonly device: GPUDevice;
  readonly info: GPUAdapterInfo;
}

/** What create() returns must live as long as the process: Node crashes when it is collected. */
const instances = new Map<GpuName, GPU>();

/**
 * Opens a new device on the named GPU. Destroy it when done.
 *
 * @param descriptor features and limits to ask for; WebGPU's defaults without it. Errors that no error scope
 *   catches fail the test run.
 * @throws if the driver is not there, or the process was not started with the environment it needs.
 */
export async function openGpu(name: GpuName, descriptor?: GPUDeviceDescriptor): Promise<OpenGpu> {
  const gpu = instanceOf(name);
  let adapter: GPUAdapter | null;
  try {
    adapter = await gpu.requestAdapter();
  } catch (error) {
    throw new Error(`no ${name} adapter: ${String(error)}`, { cause: error });
  }
  if (adapter === null) throw new Error(`no ${name} adapter: requestAdapter() gave null`);
  const device = await adapter.requestDevice(descriptor);
  // An error that no error scope catches fails the run: vitest reports unhandled rejections.
  device.addEventListener('uncapturederror', (event) => {
    void Promise.reject(new Error(`uncaptured GPU error on ${name}: ${event.error.message}`));
  });
  return { gpu, adapter, device, info: adapter.info };
}

function instanceOf(name: GpuName): GPU {
  const known = instances.get(name);
  if (known !== undefined) return known;
  if (!found.gpus.includes(name)) {
    const reason =
      name === 'swiftshader' ? found.swiftshaderProblem : 'no lvp_icd.json of Mesa 25 or newer is installed';
    throw new Error(`the GPU tests need ${name}: ${reason}`);
  }
  if (!isStartedWith(found.env)) {
    const wanted = Object.entries(found.env).map(([key, value]) => `${key}=${value}`);
    throw new Error(
      `the GPU tests must run in a process started with ${wanted.join(' ')}; vitest.config.ts sets them`,
    );
  }
  Object.assign(globalThis, globals); // GPUBufferUsage, GPUMapMode and the like.
  const gpu = create([`adapter=${adapterName[name]}`]);
  instances.set(name, gpu);
  return gpu;
}
