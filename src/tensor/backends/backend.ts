/** Where tensors live and are computed: the interface that the reference and devices implement. */
import { describeValue } from '../../base/describe.js';
import { HeddleError } from '../../base/errors.js';
import type { TensorData } from '../../base/tensor.js';
import { isDevice } from '../../runtime/check-device.js';
import type { Program } from '../../ir/graph.js';
import type { Held } from '../../base/lease.js';
import type { Donation } from '../../passes/memory/donations.js';

/** The data of one tensor, in the memory of a backend. */
export interface Storage extends Held {
  /** Undefined: on the host, from where every backend can take it. */
  readonly backend: Backend | undefined;
  /** Whether the memory belongs to the garbage collector, so that freeing it means nothing. */
  readonly isHost: boolean;
  /** The one holder. Once it has been collected the memory goes, too: the last resort where nothing was disposed. */
  acquire(holder: object): void;
  release(): void;
  /** The holder gives the memory to a computation, which sees to its end. */
  donate(): void;
}

/** The results of a run, and what some of them hold. */
export interface RunAndRead {
  readonly results: readonly Storage[];
  readonly data: Promise<readonly TensorData[]>;
}

/** A program, ready to run over and over. */
export interface Computation {
  /**
   * Starts a run and returns at once; runs of one backend happen in the order of the calls. Storage of donated inputs
   * belongs to the computation from here on, all other storage stays its owner's. Inputs and results stand in the order
   * of the params and outputs of the program.
   */
  run(inputs: readonly Storage[]): readonly Storage[];
  /**
   * As {@link run}; what the outputs `places` hold is read with the run, and rejects as {@link Backend.read} does. Where it is not there, `read`
   * after `run` does the same.
   */
  runAndRead?(inputs: readonly Storage[], places: readonly number[]): RunAndRead;
  /** Resolves when it is compiled; rejects as its first run would. */
  readonly ready: Promise<void>;
  dispose(): void;
}

/**
 * Programs of one function for arguments of several sizes. What they can share, such as pipelines and an arena, is made once. The
 * plan of a graph that comes again, when its computation is long gone, may be remembered.
 */
export interface ProgramFamily {
  /** As {@link Backend.compile}; `samples` gives the program for a few other sizes, which show what depends on sizes. */
  compile(program: Program, donations: readonly Donation[], samples: () => readonly Program[]): Computation;
  /** Forgets plans. Computations go on. */
  dispose(): void;
}

/** A tensor whose elements come piece by piece. */
export interface Filling {
  /** `write` fills the `length` words from word `start` on, during the call. */
  fill(start: number, length: number, write: (words: Uint32Array) => void): void;
  /** The tensor; elements that no piece had are whatever they are. */
  readonly storage: Storage;
}

export interface Backend {
  /** As in `--device`: `reference`, `webgpu:NAME`. */
  readonly name: string;
  upload(data: TensorData): Storage;
  /** Memory for a tensor that is too large to be on the host as well. Where there is none, tensors lie on the host. */
  allocate?(type: Pick<TensorData, 'dtype' | 'shape'>): Filling;
  /** Rejects with what made a run fail that was to fill the storage. */
  read(storage: readonly Storage[]): Promise<readonly TensorData[]>;
  compile(program: Program, donations: readonly Donation[]): Computation;
  /** A family without programs so far. Where there is none, a program is compiled for each size by itself. */
  family?(): ProgramFamily;
  /** The computation of a graph whose weights are none, from a cache by the graph's text. */
  computationOf(graph: Program['graph']): Computation;
  /** Bytes of memory in use by tensors and programs, and the part of it that tensors hold. */
  readonly memory: { readonly bytes: number; readonly tensorBytes: number };
}

export const isBackend = (value: unknown): value is Backend =>
  typeof value === 'object' && value !== null && 'upload' in value && 'compile' in value;

/** Throws USAGE unless `value` is a backend; an open device needs a word to become one. */
export function checkBackend(value: unknown): void {
  if (isBackend(value)) return;
  const isOpen = isDevice(value);
  throw new HeddleError('USAGE', 'the value is not a backend', {
    found: isOpen ? 'an open device' : describeValue(value),
    expected: 'a backend: webgpu(device), wasm() or REFERENCE',
    hint: isOpen ? 'x.to(webgpu(device)); keep the backend, and use it for all tensors' : undefined,
  });
}
