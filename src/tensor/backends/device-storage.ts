/** Tensors of the WebGPU backend. */
import { HeddleError } from '../../base/errors.js';
import type { DeviceTensor } from '../../runtime/heap.js';
import type { Backend, Storage } from './backend.js';

/** The backend of a tensor, as far as that knows it. */
interface Keeper extends Backend {
  free(tensor: DeviceTensor): void;
  enqueue(ready: undefined, job: () => undefined): void;
}

/** A tensor on the device, or the promise of one. */
export class DeviceStorage implements Storage {
  readonly isHost = false;
  private tensor: DeviceTensor | undefined;
  private failure: unknown;
  private state: 'pending' | 'filled' | 'failed' | 'freed' = 'pending';

  constructor(
    readonly backend: Keeper,
    private readonly forgotten: FinalizationRegistry<DeviceStorage>,
  ) {}

  get isPending(): boolean {
    return this.state === 'pending';
  }

  acquire(holder: object): void {
    this.forgotten.register(holder, this, this);
  }

  donate(): void {
    this.forgotten.unregister(this);
  }

  fill(tensor: DeviceTensor): void {
    if (this.state === 'freed') this.backend.free(tensor);
    else [this.tensor, this.state] = [tensor, 'filled'];
  }

  fail(error: unknown): void {
    if (this.state !== 'freed') [this.failure, this.state] = [error, 'failed'];
  }

  /** The tensor, when its turn in the queue has come. Throws what made its run fail. */
  take(): DeviceTensor {
    if (this.tensor !== undefined && this.state === 'filled') return this.tensor;
    if (this.state === 'failed') throw this.failure;
    throw new HeddleError('TENSOR_DISPOSED', 'the data of this tensor is gone');
  }

  /** The run has taken the tensor over. */
  spend(): void {
    this.state = 'freed';
    this.tensor = undefined;
  }

  /** In the order of the queue: runs that were asked for before still find the data. */
  release(): void {
    this.forgotten.unregister(this);
    this.backend.enqueue(undefined, () => {
      if (this.state === 'filled' && this.tensor !== undefined) this.backend.free(this.tensor);
      this.tensor = undefined;
      this.state = 'freed';
      return undefined;
    });
  }
}
