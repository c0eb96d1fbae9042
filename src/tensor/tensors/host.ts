/** Data on the host, which every backend can take. */
import type { TensorData } from '../../base/tensor.js';
import type { Backend, Storage } from '../backends/backend.js';

/** Host memory belongs to the garbage collector. */
export class HostStorage implements Storage {
  readonly isHost = true;

  constructor(
    readonly data: TensorData,
    readonly backend: Backend | undefined = undefined,
  ) {}
  acquire(): void {}
  release(): void {}
  donate(): void {}
}

export const hostDataOf = (storage: Storage): TensorData | undefined =>
  storage instanceof HostStorage ? storage.data : undefined;
