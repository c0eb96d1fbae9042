/**
 * What a module of kernels and the engine that runs it agree on. A kernel is an exported function
 *
 *     (record: i32, scratch: i32, from: i32, to: i32)
 *
 * that runs the workgroups of its grid from `from` up to `to`, counted along one axis. `record` is the address of its record,
 * `scratch` that of memory which no other call uses meanwhile, of the size that the module's global `scratch` gives in bytes.
 */
import { MAX_LEVELS } from './plan.js';

/** Where a module finds its memory, which is shared: threads may join in, and views outlive its growth. */
export const MEMORY_IMPORT = { module: 'heddle', name: 'memory' } as const;

/** The global that gives the bytes of scratch memory that any kernel of the module needs. */
export const SCRATCH_GLOBAL = 'scratch';

/** The global that modules have whose kernels flush subnormals. */
export const FLUSH_GLOBAL = 'flushes';

/** Pages of 64 KiB that 32-bit addresses reach. */
export const MAX_PAGES = 65_536;
export const PAGE_BYTES = 65_536;

/**
 * Bytes before and behind all that kernels use, which must be in memory, too: a vector that holds one element of a tensor may
 * begin before it and end behind it.
 */
export const GUARD_BYTES = 1024;

/** A record is words: the numbers of the trips of the loops around a command, its params, and the addresses of its bindings. */
export const RECORD = {
  trip: (level: number): number => level,
  param: (index: number): number => MAX_LEVELS + index,
  binding: (params: number, index: number): number => MAX_LEVELS + params + index,
  words: (params: number, bindings: number): number => MAX_LEVELS + params + bindings,
} as const;
