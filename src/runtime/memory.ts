/** The device memory of an executable: one arena, the weights, and the uniforms of prelude and kernels. */
import { checkWeight } from '../base/check-tensors.js';
import { HeddleError } from '../base/errors.js';
import { alignUp, BINDING_ALIGNMENT, type TensorData } from '../base/tensor.js';
import type { Plan, PlanCommand, PlanWeight, Region } from '../plan/plan.js';
import { regionIn, tripsOf } from '../plan/steps.js';
import type { Buffers } from './buffers.js';
import { GRIDS_BUFFER, STORAGE_BUFFER, UNIFORM_BUFFER } from './usage.js';
import { toWords } from './words.js';

/** Weights that share a buffer: bytes [start, end) of the weights' memory. */
interface PageRange {
  readonly start: number;
  readonly end: number;
}

export interface Page extends PageRange {
  readonly buffer: GPUBuffer;
}

/** Bytes of a buffer. */
export interface Range {
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly size: number;
}

/** What plans of one program have in common on a device: who gives it frees it, when no executable uses it any more. */
export interface SharedMemory {
  /** At least so many bytes, for one run at a time. */
  arena(bytes: number): GPUBuffer;
  /** The weights of a plan, each in a page. */
  pages(plan: Plan, weights: WeightSource): readonly Page[];
}

/** Gives a weight by its id; undefined where there is none. */
export type WeightSource = (id: string) => TensorData | undefined;

/** Buffers of resident inputs and outputs, by the numbers of the ports. */
export type PortBuffers = readonly GPUBuffer[];

export interface DeviceMemory {
  /** How many trips the uniforms have the numbers of at a time. */
  readonly slots: number;
  /** Where the numbers of workgroups are that the device computes. */
  readonly grids: GPUBuffer | undefined;
  /** All that `command` binds, in the order of the bindings. `ports`: the buffers of resident inputs and outputs. */
  bindings(command: PlanCommand, ports: PortBuffers): GPUBufferBinding[];
  /** A region as a binding: one that takes no turns. */
  binding(region: Region, ports?: PortBuffers): Range;
  write(region: Region, words: Uint32Array): void;
  /** Makes `slot` hold the numbers of trips, for what is submitted after the next {@link sendTrips}. */
  setTrips(slot: number, trips: readonly number[]): void;
  sendTrips(): void;
}

/**
 * Throws DEVICE_LIMIT before anything is allocated where a size is beyond the device, WEIGHT_MISSING or WEIGHT_INVALID
 * where a weight is not the one of the plan. All memory is made by `buffers`, which frees it.
 */
export function createMemory(
  plan: Plan,
  weights: WeightSource,
  buffers: Buffers,
  shared?: SharedMemory,
): DeviceMemory {
  const { gpu } = buffers;
  const ranges = pagesOf(plan, gpu.limits.maxBufferSize);
  checkLimits(plan, ranges, gpu.limits);
  // Two for each trip: what comes after a loop within a trip has one of its own. More than there may be take turns.
  const slots = Math.min(2 + 2 * tripsOf(plan), MAX_SLOTS);
  const { words, offsets } = layoutUniforms(plan, slots);
  const uniforms = buffers.create('uniforms', words.byteLength, UNIFORM_BUFFER);
  gpu.queue.writeBuffer(uniforms, 0, words);
  const { arenaBytes, gridBytes = 0 } = plan;
  const size = Math.max(4, arenaBytes);
  const arena = shared?.arena(size) ?? buffers.create('arena', size, STORAGE_BUFFER);
  const grids = gridBytes > 0 ? buffers.create('grids', gridBytes, GRIDS_BUFFER) : undefined;
  const pages =
    shared?.pages(plan, weights) ??
    ranges.map(({ start, end }, i): Page => {
      return { start, end, buffer: buffers.create(`weights ${i}`, end - start, STORAGE_BUFFER) };
    });
  const uniform = (offset: number, size: number): Range => ({ buffer: uniforms, offset, size });
  const binding: DeviceMemory['binding'] = (region, ports = []) => {
    const place = regionIn(region, []);
    const { space, offset, size } = place;
    if (space === 'weights') {
      const { start, buffer } = pages.findLast((page) => page.start <= offset)!;
      return { buffer, offset: offset - start, size };
    }
    const buffer = place.space === 'port' ? ports[place.port] : space === 'arena' ? arena : grids!;
    return { buffer, offset, size };
  };
  const write: DeviceMemory['write'] = (region, words) => {
    const { buffer, offset } = binding(region);
    gpu.queue.writeBuffer(buffer, offset, words);
  };
  if (!shared)
    for (const weight of plan.weights) {
      const words = toWords(checkWeight(weight, weights(weight.id)));
      write({ space: 'weights', offset: weight.offset, size: words.byteLength }, words);
    }
  /** The words of the uniforms that changed since they were sent. */
  let [start, end] = [Infinity, 0];
  return {
    slots,
    grids,
    binding,
    write,
    setTrips(slot, trips) {
      trips.forEach((trip, level) => {
        const at = (slot * UNIFORM_ALIGNMENT) / 4 + TRIPS + level;
        if (words[at] === trip) return;
        words[at] = trip;
        [start, end] = [Math.min(start, at), Math.max(end, at + 1)];
      });
    },
    sendTrips() {
      if (start < end) gpu.queue.writeBuffer(uniforms, start * 4, words, start, end - start);
      [start, end] = [Infinity, 0];
    },
    bindings({ params, regions }, ports) {
      const offset = offsets.get(params);
      return [
        uniform(0, NUMERICS.byteLength),
        ...regions.map((region) => binding(region, ports)),
        ...(offset === undefined ? [] : [uniform(offset, paramBytes(params))]),
      ];
    },
  };
}

/** What the prelude's struct Numerics holds: the integer 0, -0, and from the fifth word on the numbers of trips. */
const NUMERICS = new Uint32Array([0, 0x80000000, 0, 0, 0, 0, 0, 0]);
const TRIPS = 4;

/** WebGPU's default alignment of uniform bindings is that of storage bindings. */
export const UNIFORM_ALIGNMENT = BINDING_ALIGNMENT;

/** Size of a kernel's `params`, an array of vec4u. */
const paramBytes = (params: PlanCommand['params']): number => Math.ceil(params.length / 4) * 16;

/** Trips that a device is told the numbers of at a time, at most: 4 MiB. */
const MAX_SLOTS = 2 ** 14;

/** The uniforms, one after the other: that of the prelude for each slot, then the params of each command that has some. */
function layoutUniforms(
  plan: Plan,
  slots: number,
): { words: Uint32Array<ArrayBuffer>; offsets: Map<PlanCommand['params'], number> } {
  const offsets = new Map<PlanCommand['params'], number>();
  let end = slots * UNIFORM_ALIGNMENT;
  for (const { params } of plan.commands)
    if (params.length > 0) {
      offsets.set(params, end);
      end += alignUp(paramBytes(params));
    }
  const words = new Uint32Array(end / 4);
  for (let slot = 0; slot < slots; slot++) words.set(NUMERICS, (slot * UNIFORM_ALIGNMENT) / 4);
  for (const [params, offset] of offsets) words.set(params, offset / 4);
  return { words, offsets };
}

function checkLimits(plan: Plan, pages: readonly PageRange[], limits: GPUSupportedLimits): void {
  const atMost = (what: string, found: number, limit = limits.maxBufferSize): void => {
    if (found > limit)
      throw new HeddleError('DEVICE_LIMIT', `the program does not fit the device: ${what}`, {
        found: `${found}`,
        expected: `at most ${limit}`,
        where: plan.name,
      });
  };
  atMost('bytes of intermediate values', plan.arenaBytes);
  if (plan.ports === undefined)
    atMost(
      'bytes of outputs',
      plan.outputs.reduce((sum, { region }) => sum + region.size, 0),
    );
  for (const { start, end } of pages) atMost('bytes of weights', end - start);
  for (const { label, regions, workgroups } of plan.commands) {
    atMost(`storage buffers of ${label}`, regions.length, limits.maxStorageBuffersPerShaderStage);
    for (const { size } of regions)
      atMost(`bytes of a tensor in ${label}`, size, limits.maxStorageBufferBindingSize);
    for (const count of workgroups)
      atMost(`workgroups of ${label}`, count, limits.maxComputeWorkgroupsPerDimension);
  }
}

/** Cuts the weights' memory into buffers of at most `limit` bytes, at weights' borders. */
function pagesOf(plan: Plan, limit: number): PageRange[] {
  const pages: { start: number; end: number }[] = [];
  const endOf = (i: number): number =>
    (plan.weights[i + 1] as PlanWeight | undefined)?.offset ?? plan.weightBytes;
  plan.weights.forEach(({ offset }, i) => {
    const page = pages[pages.length - 1] as { start: number; end: number } | undefined;
    if (page !== undefined && endOf(i) - page.start <= limit) page.end = endOf(i);
    else pages.push({ start: offset, end: endOf(i) });
  });
  return pages;
}
