/** The engine on the CPU: kernels as WebAssembly. It has the interpreter's bits by definition, so that nothing is probed. */
import { HeddleError } from '../../base/errors.js';
import { describeValue } from '../../base/describe.js';
import { kind } from '../../base/kinds.js';
import { checkedOptions, type OptionTable } from '../../base/options.js';
import type { SubnormalMode } from '../../numerics/subnormals.js';
import { LinearMemory } from './memory.js';
import type { StandIns } from './normal.js';
import { ThreadPool } from './pool.js';
import { canShareMemory, coreCount } from './thread.js';

export interface WasmDevice {
  readonly name: string;
  readonly threads: number;
  readonly memory: LinearMemory;
  /** Its threads, where there are several; they start when a program needs them. */
  readonly pool: ThreadPool | undefined;
  /** What becomes of subnormals: WebAssembly keeps them, unless kernels are made to flush them. */
  readonly profile: { readonly subnormals: SubnormalMode };
  /** Where kernels flush subnormals: finds those that need not. */
  readonly standIns?: StandIns;
  /** Ends its threads. A process does not wait for them, but a page that opens several engines should close them. */
  dispose(): void;
}

export interface WasmDeviceOptions {
  /**
   * How many threads run kernels; results do not depend on it. Default: one for each core, at most 16. It is always one in a page
   * that is not cross-origin isolated, whose threads cannot share memory.
   */
  readonly threads?: number;
}

const MAX_THREADS = 256;
/** What memory feeds, mostly. */
const MAX_DEFAULT_THREADS = 16;

/** What the options of {@link openWasmDevice} may be. */
export const WASM_OPTIONS: OptionTable<WasmDeviceOptions> = {
  threads: kind(
    `an integer from 1 to ${MAX_THREADS}`,
    (value) => Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MAX_THREADS,
  ),
};

/** A module with an instruction of SIMD in it. */
const SIMD_MODULE = Uint8Array.of(
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...[1, 5, 1, 0x60, 0, 1, 0x7b], // a function without parameters that gives a v128
  ...[3, 2, 1, 0],
  ...[10, 8, 1, 6, 0, 0x41, 0, 0xfd, 0x11, 0x0b], // i32.const 0, i32x4.splat
);

/**
 * Opens the engine, in Node and browsers alike. Throws USAGE for a number of threads that is none, DEVICE_NOT_FOUND where
 * the host has no WebAssembly with SIMD and shared memory.
 */
export async function openWasmDevice(options: WasmDeviceOptions = {}): Promise<WasmDevice> {
  const { threads: wanted } = checkedOptions(options, WASM_OPTIONS, 'openWasmDevice');
  if (!hasSimd())
    throw new HeddleError('DEVICE_NOT_FOUND', 'no WebAssembly with SIMD', {
      hint: 'Node from 16.4 on has it, and so have browsers since 2021 (Safari since 2023)',
    });
  const threads = canShareMemory() ? (wanted ?? Math.min(coreCount(), MAX_DEFAULT_THREADS)) : 1;
  const memory = new LinearMemory();
  const pool = threads === 1 ? undefined : new ThreadPool(threads, memory.memory);
  return Promise.resolve({
    name: 'WebAssembly',
    threads,
    memory,
    pool,
    profile: { subnormals: 'preserve' },
    dispose: () => pool?.dispose(),
  });
}

/** Whether this host has WebAssembly with SIMD, so that the engine can be opened. */
export const hasSimd = (): boolean => typeof WebAssembly === 'object' && WebAssembly.validate(SIMD_MODULE);

export const isWasmDevice = (value: unknown): value is WasmDevice =>
  typeof value === 'object' && value !== null && 'memory' in value && value.memory instanceof LinearMemory;

/** Throws USAGE unless `value` is an engine that was opened. */
export function checkWasmDevice(value: unknown): void {
  if (isWasmDevice(value)) return;
  throw new HeddleError('USAGE', 'the value is not an open WebAssembly engine', {
    found: describeValue(value),
    expected: 'await openWasmDevice()',
  });
}
