/** Checks that a plan out of a file is one that can be executed: field by field, and then everything that refers. */
import { DEVICE_ELEMENT_BYTES, DTYPES } from '../base/dtype.js';
import { alignUp, BINDING_ALIGNMENT, deviceBytes } from '../base/tensor.js';
import {
  MAX_WORKGROUPS,
  MAX_LEVELS,
  type MemoryRegion,
  type Plan,
  type PlanCommand,
  type PlanLoop,
  type PlanPipeline,
  type PlanPort,
  type PlanPorts,
  type PlanWeight,
  type PortRegion,
  type Region,
  type TurnRegion,
} from './plan.js';
import {
  amount,
  count,
  flag,
  list,
  must,
  object,
  oneOf,
  optional,
  same,
  text,
  tuple,
  word,
  type Check,
} from '../base/fields.js';
import { declaredPorts } from './ports.js';
import { regionIn } from './steps.js';

/** Three words. */
const GRID_BYTES = 12;

const range = { offset: count, size: count };
const inMemory = object<MemoryRegion>({ space: oneOf('arena', 'weights', 'grids'), ...range });
const inPort = object<PortRegion>({ space: oneOf('port'), port: count, ...range });
/** Regions take turns within each other at most `levels` deep. */
const regionWithin =
  (levels: number): Check<Region> =>
  (value, path) => {
    const space = (Object(value) as Partial<Region>).space;
    if (space === 'port') return inPort(value, path);
    if (space !== 'turn' || levels === 0) return inMemory(value, path);
    const inner = regionWithin(levels - 1);
    const turn = object<TurnRegion>({ space: oneOf('turn'), level: count, even: inner, odd: inner, ...range })(value, path); // prettier-ignore
    must(turn.level < MAX_LEVELS, 'a region takes turns by no loop', path, turn.level);
    return turn;
  };
const region = regionWithin(MAX_LEVELS);
const dtype = oneOf(...DTYPES);
const shape = list(count);
const port = object<PlanPort>({
  name: text,
  dtype,
  shape,
  region,
  donated: optional(flag),
});

const fields: Check<Plan> = object<Plan>({
  name: text,
  inputs: list(port),
  outputs: list(port),
  weights: list(object<PlanWeight>({ id: text, dtype, shape, offset: count })),
  weightBytes: count,
  arenaBytes: count,
  gridBytes: optional(count),
  arenaLowerBound: count,
  ports: optional(object<PlanPorts>({ count, bytes: count, lowerBound: count })),
  pipelines: list(
    object<Omit<PlanPipeline, 'normal'>>({
      code: text,
      bindings: list(object({ access: oneOf('read', 'read_write'), type: oneOf('f32', 'u32') })),
      params: count,
    }),
  ),
  commands: list(
    object<PlanCommand>({
      label: text,
      pipeline: count,
      regions: list(region),
      params: list(word),
      workgroups: tuple(count, count, count),
      grid: optional(count),
      cost: amount,
    }),
  ),
  loops: optional(
    list(
      object<PlanLoop>({
        first: count,
        end: count,
        trips: count,
        going: optional(object({ flag: region, mustEnd: flag })),
      }),
    ),
  ),
});

/** Throws FILE_CORRUPT unless `value` is a plan in which every reference, offset and size is good. */
export const checkPlan: Check<Plan> = (value, path) => {
  const plan = fields(value, path);
  checkWeights(plan, `${path}.weights`);
  const places = new Map(plan.weights.map(({ offset, shape: extents }) => [offset, deviceBytes(extents)]));
  const starts = [...places.keys()];
  const ports = declaredPorts(plan, path);
  /** Where the weight ends in which a region begins: windows begin inside of one. */
  const endOfWeight = (offset: number): number => {
    const start = places.has(offset) ? offset : (starts.findLast((each) => each < offset) ?? 0);
    return start + (places.get(start) ?? 0);
  };
  /** A region lies inside of the arena, a port or a weight. */
  const checkRegion: CheckRegion = (region, where, alignment) => {
    const { space, offset, size } = region;
    const end =
      region.space === 'port'
        ? (ports.at(region.port)?.bytes ?? 0)
        : space === 'weights'
          ? endOfWeight(offset)
          : (plan[space === 'arena' ? 'arenaBytes' : 'gridBytes'] ?? 0);
    const range = `${size} bytes at ${offset}`;
    must(offset + size <= end, `a region lies outside of the ${space}`, where, range, `up to ${end}`);
    const aligned = offset % alignment === 0 && size % DEVICE_ELEMENT_BYTES === 0;
    must(aligned, 'a region is not aligned', where, range, `words at ${alignment} * n`);
  };
  for (const side of ['inputs', 'outputs'] as const) checkPorts(plan[side], checkRegion, `${path}.${side}`);
  plan.inputs.forEach(({ region: { space } }, i) =>
    must(space !== 'weights', 'an input would overwrite weights', `${path}.inputs[${i}]`),
  );
  /** Whether a command may write there. */
  const isWritable = (region: Region): boolean =>
    region.space === 'port' ? ports[region.port].writable : region.space !== 'weights';
  checkLoops(plan, `${path}.loops`);
  for (const { going } of plan.loops ?? [])
    if (going !== undefined)
      for (const [flag] of turnsOf([going.flag])) {
        checkRegion(flag, `${path}.loops`, DEVICE_ELEMENT_BYTES);
        same(flag.size, DEVICE_ELEMENT_BYTES, 'a flag is not one word', `${path}.loops`);
      }
  plan.commands.forEach((command, i) => {
    if (command.grid !== undefined) checkRegion({ space: 'grids', offset: command.grid, size: GRID_BYTES }, `${path}.commands[${i}].grid`, DEVICE_ELEMENT_BYTES); // prettier-ignore
    for (const regions of turnsOf(command.regions))
      checkCommand(
        { ...command, regions },
        plan.pipelines,
        checkRegion,
        isWritable,
        `${path}.commands[${i}]`,
      );
  });
  return plan;
};

/** Loops are made of commands, and lie inside of each other or apart; the outer one comes first. */
function checkLoops({ commands, loops = [] }: Plan, path: string): void {
  let open: readonly PlanLoop[] = [];
  loops.forEach((loop, i) => {
    const { first, end, trips } = loop;
    open = open.filter((outer) => outer.end > first);
    const outermost = { first: loops[i - 1]?.first ?? 0, end: commands.length };
    const fits = [outermost, ...open].every((outer) => outer.first <= first && end <= outer.end);
    open = [...open, loop];
    const good = fits && first < end && trips > 0 && open.length <= MAX_LEVELS;
    must(good, 'a loop is not one of commands', `${path}[${i}]`, `${first} to ${end}, ${trips} times`);
  });
}

/** The regions of a command in each kind of trip. */
function turnsOf(regions: readonly Region[]): (readonly Region[])[] {
  const turn = regions.some(({ space }) => space === 'turn');
  return Array.from({ length: turn ? 2 ** MAX_LEVELS : 1 }, (_, kind) =>
    regions.map((each) => regionIn(each, [kind, kind >> 1, kind >> 2, kind >> 3])),
  );
}

type CheckRegion = (region: Region, where: string, alignment: number) => void;

function checkWeights({ weights, weightBytes }: Plan, path: string): void {
  unique(weights, ({ id }) => id, path);
  let end = 0;
  weights.forEach(({ offset, shape: extents }, i) => {
    const where = `${path}[${i}]`;
    must(offset >= end, 'weights overlap', where, offset, `at least ${end}`);
    same(offset % BINDING_ALIGNMENT, 0, 'a weight is not aligned', where);
    end = offset + deviceBytes(extents);
  });
  same(weightBytes, alignUp(end), 'the weights need another amount of memory', path);
}

function checkPorts(ports: readonly PlanPort[], checkRegion: CheckRegion, path: string): void {
  unique(ports, ({ name }) => name, path);
  ports.forEach(({ shape: extents, region: place }, i) => {
    const where = `${path}[${i}]`;
    const { space } = place;
    must(space !== 'turn' && space !== 'grids', 'a tensor has no place of its own', where, space);
    checkRegion(place, where, DEVICE_ELEMENT_BYTES);
    same(place.size, deviceBytes(extents), 'a tensor does not fill its region', where);
  });
}

function checkCommand(
  { pipeline, regions, params, workgroups }: PlanCommand,
  pipelines: readonly PlanPipeline[],
  checkRegion: CheckRegion,
  isWritable: (region: Region) => boolean,
  path: string,
): void {
  must(pipeline < pipelines.length, 'the pipeline is out of range', path, pipeline);
  const { bindings, params: words } = pipelines[pipeline];
  same(params.length, words, 'wrong number of params', path);
  same(regions.length, bindings.length, 'wrong number of bindings', path);
  const largest = workgroups.reduce((a, b) => Math.max(a, b));
  must(largest <= MAX_WORKGROUPS, 'too many workgroups', path, largest, `at most ${MAX_WORKGROUPS}`);
  regions.forEach((each, i) => {
    const where = `${path}.regions[${i}]`;
    checkRegion(each, where, BINDING_ALIGNMENT);
    must(each.size > 0, 'a binding is empty', where);
    const { access } = bindings[i];
    const reads = access === 'read';
    must(reads || isWritable(each), 'a command would overwrite what is not its own', where);
    for (let j = 0; j < i; j++) {
      const clash = !(reads && bindings[j].access === 'read') && overlap(each, regions[j]);
      must(!clash, 'a command would overwrite what it reads', where, `regions[${j}]`);
    }
  });
}

const memoryOf = (region: Region): string | number => (region.space === 'port' ? region.port : region.space);

const overlap = (a: Region, b: Region): boolean =>
  memoryOf(a) === memoryOf(b) && a.offset < b.offset + b.size && b.offset < a.offset + a.size;

function unique<T>(items: readonly T[], nameOf: (item: T) => string, where: string): void {
  const seen = new Set<string>();
  for (const name of items.map(nameOf)) {
    must(!seen.has(name), 'a name is used twice', where, name);
    seen.add(name);
  }
}
