/** The device memory of an executable: one arena, the weights, and the uniforms of prelude and kernels. */
import { checkWeight } from '../base/check-tensors.js';
import { HeddleError } from '../base/errors.js';
import { alignUp, BINDING_ALIGNMENT, type TensorData } from '../base/tensor.js';
import type { Plan, PlanCommand, PlanWeight, Region } from '../plan/plan.js';
import { regionIn, tripsOf } from '../plan/steps.js';
import type { Buffers } from './buffers.js';
import { GRIDS_BUFFER, MAP_READ, READBACK_BUFFER, STORAGE_BUFFER, UNIFORM_BUFFER } from './usage.js';
import { toWords } from './words.js';

/** Weights that share a buffer: bytes [start, end) of the weights' memory. */
interface PageRange {
  readonly start: number;
  readonly end: number;
}

export interface Page extends PageRange {
  readonly buffer: GPUBuffer;
}

/** What plans of one program have in common on a device: who gives it frees it, when no executable uses it any more. */
export interface SharedMemory {
  /** At least so many bytes, for one run at a time. */
  arena(bytes: number): GPUBuffer;
  /** The weights of a plan, each in a page. */
  pages(plan: Plan, weights: (id: string) => TensorData): readonly Page[];
}

/** Buffers of resident inputs and outputs, by the numbers of the ports. */
export type Ports = readonly GPUBuffer[];

export class DeviceMemory {
  /** The words of `uniforms` that changed since they were sent. */
  private changed = [Infinity, 0];

  private constructor(
    private readonly gpu: GPUDevice,
    private readonly uniforms: GPUBuffer,
    /** What `uniforms` holds. */
    private readonly words: Uint32Array<ArrayBuffer>,
    /** How many trips it has the numbers of at a time. */
    readonly slots: number,
    private readonly paramOffsets: ReadonlyMap<PlanCommand['params'], number>,
    private readonly arena: GPUBuffer,
    readonly grids: GPUBuffer | undefined,
    private readonly pages: readonly Page[],
  ) {}

  /**
   * Throws DEVICE_LIMIT before anything is allocated where a size is beyond the device, WEIGHT_MISSING or WEIGHT_INVALID
   * where a weight is not the one of the plan. All memory is made by `buffers`, which frees it.
   */
  static create(
    plan: Plan,
    weights: (id: string) => TensorData,
    buffers: Buffers,
    shared?: SharedMemory,
  ): DeviceMemory {
    const { gpu } = buffers;
    const ranges = pagesOf(plan, gpu.limits.maxBufferSize);
    checkLimits(plan, ranges, gpu.limits);
    const slots = slotsOf(plan);
    const { words, offsets } = layoutUniforms(plan, slots);
    const uniforms = buffers.create({ label: 'uniforms', size: words.byteLength, usage: UNIFORM_BUFFER });
    gpu.queue.writeBuffer(uniforms, 0, words);
    const { arenaBytes, gridBytes = 0 } = plan;
    const size = Math.max(4, arenaBytes);
    const arena = shared?.arena(size) ?? buffers.create({ label: 'arena', size, usage: STORAGE_BUFFER });
    const grids =
      gridBytes > 0 ? buffers.create({ label: 'grids', size: gridBytes, usage: GRIDS_BUFFER }) : undefined;
    const made = (pages: readonly Page[]): DeviceMemory =>
      new DeviceMemory(gpu, uniforms, words, slots, offsets, arena, grids, pages);
    if (shared) return made(shared.pages(plan, weights));
    const pages = ranges.map(({ start, end }, i) => ({
      start,
      end,
      buffer: buffers.create({ label: `weights ${i}`, size: end - start, usage: STORAGE_BUFFER }),
    }));
    const memory = made(pages);
    for (const weight of plan.weights) {
      const words = toWords(checkWeight(weight, weights(weight.id)));
      memory.write({ space: 'weights', offset: weight.offset, size: words.byteLength }, words);
    }
    return memory;
  }

  /** All that `command` binds, in the order of the bindings. `ports`: the buffers of resident inputs and outputs. */
  bindings(command: PlanCommand, ports: Ports = []): GPUBufferBinding[] {
    const uniform = (offset: number, size: number): GPUBufferBinding => ({
      buffer: this.uniforms,
      offset,
      size,
    });
    const params = this.paramOffsets.get(command.params);
    return [
      uniform(0, NUMERICS.byteLength),
      ...command.regions.map((region) => this.binding(region, ports)),
      ...(params === undefined ? [] : [uniform(params, paramBytes(command))]),
    ];
  }

  /** A region as a binding: one that takes no turns. */
  binding(
    region: Region,
    ports: Ports = [],
  ): {
    readonly buffer: GPUBuffer;
    readonly offset: number;
    readonly size: number;
  } {
    const place = regionIn(region, []);
    const { space, offset, size } = place;
    if (place.space === 'port') return { buffer: ports[place.port], offset, size };
    if (space === 'arena') return { buffer: this.arena, offset, size };
    if (space === 'grids') return { buffer: this.grids!, offset, size };
    const page = this.pages.find(({ start, end }) => start <= offset && offset < end);
    if (page === undefined) throw new HeddleError('IR_INVALID', 'a weight lies outside of the weights');
    return { buffer: page.buffer, offset: offset - page.start, size };
  }

  write(region: Region, words: Uint32Array): void {
    const { buffer, offset } = this.binding(region);
    this.gpu.queue.writeBuffer(buffer, offset, words);
  }

  /** Makes `slot` hold the numbers of trips, for what is submitted after the next {@link sendTrips}. */
  setTrips(slot: number, trips: readonly number[]): void {
    trips.forEach((trip, level) => {
      const at = (slot * UNIFORM_ALIGNMENT) / 4 + TRIPS + level;
      if (this.words[at] === trip) return;
      this.words[at] = trip;
      this.changed = [Math.min(this.changed[0], at), Math.max(this.changed[1], at + 1)];
    });
  }

  sendTrips(): void {
    const [start, end] = this.changed;
    if (start < end) this.gpu.queue.writeBuffer(this.uniforms, start * 4, this.words, start, end - start);
    this.changed = [Infinity, 0];
  }

  /** Copies a region back to the host. */
  async read(region: Region, ports: Ports = []): Promise<Uint32Array> {
    const { buffer, offset, size } = this.binding(region, ports);
    const staging = this.gpu.createBuffer({ size, usage: READBACK_BUFFER });
    try {
      const encoder = this.gpu.createCommandEncoder();
      encoder.copyBufferToBuffer(buffer, offset, staging, 0, size);
      this.gpu.queue.submit([encoder.finish()]);
      await staging.mapAsync(MAP_READ);
      return new Uint32Array(staging.getMappedRange().slice(0));
    } finally {
      staging.destroy();
    }
  }
}

/** What the prelude's struct Numerics holds: the integer 0, -0, and from the fifth word on the numbers of trips. */
const NUMERICS = new Uint32Array([0, 0x80000000, 0, 0, 0, 0, 0, 0]);
const TRIPS = 4;

/** WebGPU's default alignment of uniform bindings is that of storage bindings. */
export const UNIFORM_ALIGNMENT = BINDING_ALIGNMENT;

/** Size of a kernel's `params`, an array of vec4u. */
const paramBytes = ({ params }: PlanCommand): number => Math.ceil(params.length / 4) * 16;

/** Trips that a device is told the numbers of at a time, at most: 4 MiB. */
const MAX_SLOTS = 2 ** 14;

/** Two slots for each trip: what comes after a loop within a trip has one of its own. More than there may be take turns. */
const slotsOf = (plan: Plan): number => Math.min(2 + 2 * tripsOf(plan), MAX_SLOTS);

/** The uniforms, one after the other: that of the prelude for each slot, then the params of each command that has some. */
function layoutUniforms(
  plan: Plan,
  slots: number,
): { words: Uint32Array<ArrayBuffer>; offsets: Map<PlanCommand['params'], number> } {
  const offsets = new Map<PlanCommand['params'], number>();
  let end = slots * UNIFORM_ALIGNMENT;
  for (const command of plan.commands) {
    if (command.params.length === 0) continue;
    offsets.set(command.params, end);
    end += alignUp(paramBytes(command));
  }
  const words = new Uint32Array(end / 4);
  for (let slot = 0; slot < slots; slot++) words.set(NUMERICS, (slot * UNIFORM_ALIGNMENT) / 4);
  for (const [params, offset] of offsets) words.set(params, offset / 4);
  return { words, offsets };
}

function checkLimits(plan: Plan, pages: readonly PageRange[], limits: GPUSupportedLimits): void {
  const atMost = (what: string, found: number, limit: number): void => {
    if (found > limit)
      throw new HeddleError('DEVICE_LIMIT', `the program does not fit the device: ${what}`, {
        found: `${found}`,
        expected: `at most ${limit}`,
        where: plan.name,
      });
  };
  atMost('bytes of intermediate values', plan.arenaBytes, limits.maxBufferSize);
  if (plan.ports === undefined)
    atMost(
      'bytes of outputs',
      plan.outputs.reduce((sum, { region }) => sum + region.size, 0),
      limits.maxBufferSize,
    );
  for (const { start, end } of pages) atMost('bytes of weights', end - start, limits.maxBufferSize);
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
