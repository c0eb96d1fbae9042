/** Execution providers: the devices behind their names, shared by all sessions and closed with the last of them. */
import type { InferenceSession } from 'onnxruntime-common';
import { HeddleError } from '../base/errors.js';
import { Lease, Shared, type Held } from '../base/lease.js';
import { adoptDevice } from '../device/templates/open.js';
import type { AnyDevice } from '../runtime/check-device.js';
import type { Device } from '../runtime/device.js';
import { DeviceHeap } from '../runtime/heap.js';
import { isWasmDevice, openWasmDevice } from '../runtime/wasm/device.js';
import type { Settings } from './env.js';
import type { Platform } from './platform.js';

export const PROVIDERS = ['webgpu', 'wasm', 'cpu'] as const;
type Provider = (typeof PROVIDERS)[number];

const isProvider = (name: string): name is Provider => PROVIDERS.some((each) => each === name);

/** A device while it is used; open until the last lease of it is released. */
export class DeviceLease extends Lease {
  constructor(
    readonly device: AnyDevice,
    /** Tensors on the device; undefined where that is the CPU. All sessions on a device have one heap. */
    readonly heap: DeviceHeap | undefined,
    private readonly opened: Held,
  ) {
    super();
    this.acquire(opened);
  }

  /** Once more the same device: for a tensor that outlives its session. */
  share(): DeviceLease {
    return new DeviceLease(this.device, this.heap, this.opened);
  }
}

type Options = Pick<InferenceSession.SessionOptions, 'executionProviders' | 'intraOpNumThreads'>;

/** How a provider was asked for. */
interface Wish {
  readonly name: string;
  readonly device: GPUDevice | undefined;
}

interface Opened {
  readonly device: AnyDevice;
  readonly heap: DeviceHeap | undefined;
  /** Settled when it is good no more. */
  readonly lost: Promise<unknown>;
  close(): void;
}

export class Providers {
  /** By what they were opened for. */
  private readonly held = new Map<unknown, Shared<Promise<Opened>>>();
  /** Why there is no hardware GPU, once that is known: looking for one takes a while. */
  private noHardware: HeddleError | undefined;

  constructor(
    private readonly platform: Platform,
    private readonly settings: () => Settings,
  ) {}

  /**
   * The first of the wanted providers that there is. Of none, it is WebGPU where there is a hardware GPU, else the CPU.
   * Names of other runtimes are passed over, as onnxruntime does. Throws DEVICE_NOT_FOUND, with the reason of each.
   */
  async open(options: Options): Promise<DeviceLease> {
    const wanted = (options.executionProviders ?? []).map(wishOf);
    const wishes = wanted.length === 0 ? PROVIDERS.map((name) => ({ name, device: undefined })) : wanted;
    const reasons: string[] = [];
    for (const wish of wishes) {
      try {
        return await this.openOne(wish, wanted.length === 0, options.intraOpNumThreads);
      } catch (error) {
        if (!(error instanceof HeddleError)) throw error;
        if (wanted.length === 0 && wish.name === 'webgpu') this.noHardware ??= error;
        reasons.push(`${wish.name}: ${error.summary}${error.found === undefined ? '' : ` (${error.found})`}`);
      }
    }
    throw new HeddleError('DEVICE_NOT_FOUND', 'no execution provider is available', {
      found: reasons.join('; '),
      expected: `some of ${PROVIDERS.join(', ')}`,
    });
  }

  /** WebGPU's device, which stays open from then on. Throws DEVICE_NOT_FOUND, DEVICE_INEXACT. */
  async gpuDevice(): Promise<GPUDevice> {
    const { device } = await this.openOne({ name: 'webgpu', device: undefined }, false);
    if (isWasmDevice(device)) throw new HeddleError('INTERNAL', 'WebGPU is not the CPU');
    return device.gpu;
  }

  private openOne({ name, device: given }: Wish, hardware: boolean, threads?: number): Promise<DeviceLease> {
    if (!isProvider(name))
      throw new HeddleError('DEVICE_NOT_FOUND', 'Heddle has no such execution provider', { found: name });
    const settings = this.settings();
    if (name !== 'webgpu') {
      const count = threads === undefined || threads === 0 ? settings.threads : threads;
      return this.lease(`cpu ${count}`, () => openCpu(count));
    }
    const own = given ?? settings.device;
    if (own !== undefined) return this.lease(own, async () => onGpu(await adoptDevice(own), () => undefined));
    if (hardware && this.noHardware !== undefined) throw this.noHardware;
    return this.leaseGpu(settings.adapter, hardware);
  }

  /** WebGPU's device for these wishes, which is opened once, whether it has to be hardware or need not. */
  private async leaseGpu(adapter: GPURequestAdapterOptions, hardware: boolean): Promise<DeviceLease> {
    const key = `webgpu ${JSON.stringify(adapter)}`;
    const open = async (): Promise<Opened> => {
      const device = await this.platform.openGpu(adapter, hardware);
      return onGpu(device, () => device.gpu.destroy());
    };
    // One that is being opened may fail for want of hardware, which is not asked for here.
    if (!hardware) await this.held.get(key)?.value.catch(() => undefined);
    const lease = await this.lease(key, open);
    const { device } = lease;
    if (!hardware || isWasmDevice(device) || device.software !== true) return lease;
    lease.release();
    throw new HeddleError('DEVICE_NOT_FOUND', 'there is no hardware GPU', { found: device.name });
  }

  private async lease(key: unknown, open: () => Promise<Opened>): Promise<DeviceLease> {
    const held = this.held.get(key) ?? this.shared(key, open());
    this.held.set(key, held);
    // Nobody closes it while it is waited for.
    const waiting = new Lease();
    waiting.acquire(held);
    try {
      const { device, heap, lost } = await held.value;
      void lost.then(() => this.forget(key, held));
      return new DeviceLease(device, heap, held);
    } catch (error) {
      this.forget(key, held);
      throw error;
    } finally {
      waiting.release();
    }
  }

  private shared(key: unknown, opened: Promise<Opened>): Shared<Promise<Opened>> {
    const held = new Shared(opened, () => {
      this.forget(key, held);
      opened.then(
        ({ close }) => close(),
        () => undefined,
      );
    });
    return held;
  }

  /** Sessions to come open a device of their own. */
  private forget(key: unknown, held: Held): void {
    if (this.held.get(key) === held) this.held.delete(key);
  }
}

async function openCpu(threads: number | undefined): Promise<Opened> {
  const device = await openWasmDevice(threads === undefined ? {} : { threads });
  return { device, heap: undefined, lost: new Promise(() => undefined), close: () => device.dispose() };
}

function onGpu(device: Device, close: () => void): Opened {
  const heap = new DeviceHeap(device);
  return {
    device,
    heap,
    lost: device.gpu.lost,
    close: () => {
      heap.dispose();
      close();
    },
  };
}

function wishOf(config: InferenceSession.ExecutionProviderConfig): Wish {
  const given = Object(config) as { readonly name?: string; readonly device?: GPUDevice };
  if (typeof config === 'string') return { name: config.toLowerCase(), device: undefined };
  return { name: String(given.name).toLowerCase(), device: given.device };
}
