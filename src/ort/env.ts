/** The settings of the interface: the object `env`, with what programs set and read in it. */
import { env as common, type Env } from 'onnxruntime-common';

/** What is read of {@link Env}; everything else may be set, and has no effect. */
export interface Settings {
  /** `env.wasm.numThreads`, where it is a number of threads: 0 means the default, as in onnxruntime-web. */
  readonly threads: number | undefined;
  /** `env.webgpu.powerPreference` and `env.webgpu.forceFallbackAdapter`. */
  readonly adapter: GPURequestAdapterOptions;
  /** What the program set `env.webgpu.device` to. */
  readonly device: GPUDevice | undefined;
}

/** An `env`. Reading `env.webgpu.device` calls `open`, which gives the device that sessions share. */
export function makeEnv(open: () => Promise<GPUDevice>): { env: Env; settings: () => Settings } {
  let device: GPUDevice | undefined;
  const webgpu = {
    get device(): Promise<GPUDevice> {
      return device === undefined ? open() : Promise.resolve(device);
    },
    set device(given: GPUDevice) {
      device = given;
    },
  };
  const env = {
    debug: false,
    logLevel: 'warning',
    versions: { common: common.versions.common },
    wasm: {},
    webgl: {},
    webgpu,
  } as unknown as Env;
  const settings = (): Settings => {
    const { numThreads } = env.wasm;
    const { powerPreference, forceFallbackAdapter } = env.webgpu;
    return {
      threads: numThreads === undefined || numThreads < 1 ? undefined : numThreads,
      adapter: {
        ...(powerPreference === undefined ? {} : { powerPreference }),
        ...(forceFallbackAdapter === undefined ? {} : { forceFallbackAdapter }),
      },
      device,
    };
  };
  return { env, settings };
}
