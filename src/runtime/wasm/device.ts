/** The engine on the CPU: kernels as WebAssembly. It has the interpreter's bits by definition, so that nothing is probed. */
import { HeddleError } from '../../base/errors.js';
import { describeValue } from '../../base/describe.js';
import { kind } from '../../base/kinds.js';
import { checkedOptions, type OptionTable } from '../../base/options.js';
import type { SubnormalMode } from '../../numerics/subnormals.js';
import { LinearMemory } from './memory.js';

export interface WasmDevice {
  readonly name: string;
  readonly threads: number;
  readonly memory: LinearMemory;
  /** How it computes: WebAssembly keeps subnormals. */
  readonly profile: { readonly subnormals: SubnormalMode };
}

export interface WasmDeviceOptions {
  /** How many threads run kernels; results do not depend on it. Default: 1. */
  readonly threads?: number;
}

const OPTIONS: OptionTable<WasmDeviceOptions> = {
  threads: kind('1: kernels run on one thread', (value) => value === 1),
};

/** A module with an instruction of SIMD in it. */
const SIMD_MODULE = Uint8Array.of(
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...[1, 5, 1, 0x60, 0, 1, 0x7b], // a function without parameters that gives a v128
  ...[3, 2, 1, 0],
  ...[10, 8, 1, 6, 0, 0x41, 0, 0xfd, 0x11, 0x0b], // i32.const 0, i32x4.splat
);

/**
 * Opens the engine, in Node and browsers alike. Throws USAGE for a number of threads that it does not run, DEVICE_NOT_FOUND where
 * the host has no WebAssembly with SIMD and shared memory.
 */
export async function openWasmDevice(options: WasmDeviceOptions = {}): Promise<WasmDevice> {
  const { threads = 1 } = checkedOptions(options, OPTIONS, 'openWasmDevice');
  if (!hasSimd())
    throw new HeddleError('DEVICE_NOT_FOUND', 'no WebAssembly with SIMD', {
      hint: 'Node from 16.4 on has it, and so have browsers since 2021 (Safari since 2023)',
    });
  return Promise.resolve({
    name: 'WebAssembly',
    threads,
    memory: new LinearMemory(),
    profile: { subnormals: 'preserve' },
  });
}

const hasSimd = (): boolean => typeof WebAssembly === 'object' && WebAssembly.validate(SIMD_MODULE);

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
