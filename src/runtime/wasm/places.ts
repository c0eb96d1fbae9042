/** Where everything of a plan lies in the memory of an engine, and the records that tell kernels. */
import { HeddleError } from '../../base/errors.js';
import { alignUp, type TensorData } from '../../base/tensor.js';
import type { Plan, PlanWeight, Region } from '../../plan/plan.js';
import { regionIn } from '../../plan/steps.js';
import { RECORD } from '../../plan/wasm.js';
import { toWords } from '../words.js';
import type { Kernels } from './kernels.js';
import type { LinearMemory } from './memory.js';

/** What plans of one program have in common: who gives it frees it, when no executable uses it any more. */
export interface SharedPlaces {
  /** Where so many bytes are, for one run at a time. */
  arena(bytes: number): number;
  /** Where a weight lies that `tensor` holds. */
  weight(id: string, tensor: TensorData): number;
}

/** Where everything lies in the memory of the device. */
export interface Places {
  readonly arena: number;
  /** By their offsets in the plan. */
  readonly weights: ReadonlyMap<number, number>;
  readonly grids: number;
  /** That of the first thread; the others' follow, `stride` bytes each. */
  readonly scratch: number;
  readonly stride: number;
  /** Of inputs and outputs that do not lie in the arena, in the present run. */
  readonly ports: number[];
  /** Of each command, by the parities of the trips around it. */
  readonly records: readonly (readonly number[])[];
}

/** A word of a record that is the address of an input or output. */
export interface PortWord {
  readonly word: number;
  readonly port: number;
  /** Bytes behind where the port begins. */
  readonly offset: number;
}

/** The weights in one piece of memory, as the plan has them. */
export function ownWeights(
  plan: Plan,
  tensorOf: (weight: PlanWeight) => TensorData,
  memory: LinearMemory,
  allocate: (bytes: number, what: string) => number,
): Places['weights'] {
  const start = allocate(plan.weightBytes, 'weights');
  for (const weight of plan.weights) memory.words.set(toWords(tensorOf(weight)), (start + weight.offset) / 4);
  return new Map(plan.weights.map(({ offset }) => [offset, start + offset]));
}

export const sharedWeights = (
  plan: Plan,
  tensorOf: (weight: PlanWeight) => TensorData,
  common: SharedPlaces,
): Places['weights'] =>
  new Map(plan.weights.map((weight) => [weight.offset, common.weight(weight.id, tensorOf(weight))]));

export function allocatePlaces(
  plan: Plan,
  kernels: Kernels,
  threads: number,
  allocate: (bytes: number, what: string) => number,
  arena: number,
  weights: Places['weights'],
): Places {
  const grids = allocate(plan.gridBytes ?? 0, 'numbers of workgroups');
  const stride = alignUp(kernels.scratch);
  const scratch = allocate(threads * stride, 'kernels');
  const sizes = plan.commands.map(({ params, regions }) => 4 * RECORD.words(params.length, regions.length));
  const kinds = plan.commands.map(({ regions }) => kindsOf(regions));
  let next = allocate(
    sizes.reduce((sum, bytes, i) => sum + bytes * kinds[i].length, 0),
    'records of kernels',
  );
  const records = sizes.map((bytes, i) => kinds[i].map(() => (next += bytes) - bytes));
  return { arena, weights, grids, scratch, stride, ports: [], records };
}

/** The kinds of trips that a command tells apart: parities of the numbers of the loops around it, as bits. */
const kindsOf = (regions: readonly Region[]): readonly number[] =>
  regions.some(({ space }) => space === 'turn') ? Array.from({ length: 16 }, (_, kind) => kind) : [0];

export function addressOf(places: Places, region: Region, trips: readonly number[]): number {
  const place = regionIn(region, trips);
  if (place.space === 'port') return places.ports[place.port] + place.offset;
  if (place.space !== 'weights') return places[place.space] + place.offset;
  return places.weights.get(place.offset) ?? addressInside(places.weights, place.offset);
}

/** Of a region that begins inside of a weight, as windows do. */
function addressInside(weights: Places['weights'], offset: number): number {
  let first = -1;
  for (const start of weights.keys()) if (start <= offset && start > first) first = start;
  const address = weights.get(first);
  if (address === undefined) throw new HeddleError('IR_INVALID', 'a weight lies outside of the weights');
  return address + (offset - first);
}

/** Writes all addresses but those of ports, and gives the words of these. */
export function writeRecords(plan: Plan, places: Places, words: Uint32Array): readonly PortWord[] {
  const portWords: PortWord[] = [];
  plan.commands.forEach(({ params, regions }, command) =>
    kindsOf(regions).forEach((kind) => {
      const record = places.records[command][kind] / 4;
      params.forEach((value, i) => (words[record + RECORD.param(i)] = value));
      regions.forEach((region, i) => {
        const trips = [kind, kind >> 1, kind >> 2, kind >> 3];
        const word = record + RECORD.binding(params.length, i);
        const place = regionIn(region, trips);
        if (place.space === 'port') portWords.push({ word, port: place.port, offset: place.offset });
        else words[word] = addressOf(places, region, trips);
      });
    }),
  );
  return portWords;
}
