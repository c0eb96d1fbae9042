/** What holds after each stage of the pipeline. Each throws IR_INVALID, which is a fault of a pass and never of a program. */
import { HeddleError } from '../base/errors.js';
import { REDUCE_CHUNK } from '../ir/accumulation.js';
import { dimProduct, isStatic } from '../ir/dim.js';
import type { Graph, Program, ValueId } from '../ir/graph.js';
import { isCanonical, isForDerivatives } from '../ir/ops.js';
import { sizeOf } from '../ir/types.js';
import { verifyGraph } from '../ir/verify.js';
import { checkWeights } from '../ir/weights.js';
import { bindingsOf, bufferBytes, type Bindings } from './fusion/bindings.js';
import type { Fusion, Group } from './fusion/group.js';
import { isFree, isGiven } from './fusion/traits.js';
import { aliasesOf, type Aliases } from './memory/aliases.js';
import { bindingsIn, type Arrangement } from './memory/arrange.js';
import { inPlacePairs, type InPlace } from './memory/in-place.js';
import { sameWords } from './memory/overwrite.js';
import type { ArenaLayout } from './memory/arena.js';
import type { Target } from './target.js';

function broken(stage: string, rule: string, found: string): never {
  throw new HeddleError('IR_INVALID', `after the stage "${stage}": ${rule}`, { found });
}

/** Types follow from operands, weights are there, nothing is dead, for derivatives only, or of the legal stage. */
export function checkCanonical(program: Program): void {
  checkSettled(program);
  program.graph.nodes.forEach(({ op }, id) => {
    if (!isCanonical(op)) broken('canonical', 'no op is of the legal stage', `%${id} = ${op}`);
  });
}

function checkSettled(program: Program): void {
  verifyGraph(program.graph);
  checkWeights(program);
  const { nodes, outputs } = program.graph;
  const used = new Set([...outputs.map(({ value }) => value), ...nodes.flatMap(({ inputs }) => inputs)]);
  nodes.forEach(({ op }, id) => {
    if (isForDerivatives(op)) broken('canonical', 'no op is for derivatives only', `%${id} = ${op}`);
    if (op !== 'param' && !used.has(id)) broken('canonical', 'every value is used', `%${id} = ${op}`);
  });
}

/** The same but for ops of this stage; also, every row that is reduced fits one kernel. */
export function checkLegal(program: Program): void {
  checkSettled(program);
  const { nodes } = program.graph;
  nodes.forEach((node, id) => {
    if (node.op === 'trip') broken('legal', 'only the trips of a plan have numbers', `%${id}`);
    if (node.op !== 'reduce') return;
    const { shape } = nodes[node.inputs[0]].type;
    const length = dimProduct(node.attrs.axes.map((axis) => shape[axis]));
    if (isStatic(length) && length > REDUCE_CHUNK) broken('legal', `a reduction is over at most ${REDUCE_CHUNK} elements`, `%${id}, over ${length}`); // prettier-ignore
  });
}

/** Each group computes what it stores from what it reads, within the limits of the target. */
export function checkFused(
  graph: Graph,
  { groups }: Fusion,
  target: Target,
  promised: InPlace = new Map(),
  bindings = bindingsOf(bufferBytes(graph), target),
): void {
  const { nodes } = graph;
  for (const group of groups) {
    const { id, members, sources, results, copy } = group;
    const known = new Set([...members, ...sources]);
    for (const member of members)
      for (const input of nodes[member].inputs)
        if (!known.has(input) && !isFree(nodes[input].op))
          broken('fused', 'a group reads what it uses', `group ${id}: %${member} uses %${input}`);
    for (const result of results)
      if (copy === undefined && !members.includes(result))
        broken('fused', 'a group computes what it stores', `group ${id} stores %${result}`);
    checkBindings('fused', graph, group, promised, target, bindings);
  }
}

/**
 * What a kernel binds fits the device. That of a single op may need more where its buffers are larger than what is bound at a time: it
 * cannot be cut, and a device says whether it has them.
 */
function checkBindings(
  stage: string,
  { nodes }: Graph,
  group: Group,
  inPlace: InPlace,
  { storageBuffers }: Target,
  bindings: Bindings,
): void {
  const isFused = group.members.filter((id) => !isFree(nodes[id].op)).length > 1;
  const found = bindingsIn(group, inPlace, isFused ? bindings : () => 1);
  if (found > storageBuffers)
    broken(stage, `a kernel binds at most ${storageBuffers} buffers`, `group ${group.id}: ${found}`);
}

/**
 * Every stored value is written once, as a whole or part by part, before a group reads it; what is written over another comes
 * after all that read that other, and lies where it lay; and kernels still bind no more buffers than they may. `donations`: output ->
 * param; undefined where inputs and outputs lie in the arena.
 */
export function checkScheduled(
  graph: Graph,
  arrangement: Arrangement,
  target: Target,
  bindings = bindingsOf(bufferBytes(graph), target),
  donations?: InPlace,
): void {
  verifyGraph(graph);
  const { nodes } = graph;
  const { fusion, inPlace } = arrangement;
  const aliases = aliasesOf(graph, fusion);
  checkInPlace(graph, arrangement, aliases, donations);
  for (const group of fusion.groups) checkBindings('scheduled', graph, group, inPlace, target, bindings);
  const partsLeft = new Map<ValueId, number>();
  const written = new Set<ValueId>();
  const hasElements = (id: ValueId): boolean => sizeOf(nodes[id].type) > 0;
  const done = (id: ValueId): void => {
    if (written.has(id)) broken('scheduled', 'a value is written once', `%${id}`);
    written.add(id);
  };
  /** A concat is there once all of its operands are that have elements. */
  const fill = (value: ValueId, into: ValueId | undefined): void => {
    if (into === undefined || !hasElements(value)) return;
    const left = (partsLeft.get(into) ?? nodes[into].inputs.filter(hasElements).length) - 1;
    partsLeft.set(into, left);
    if (left > 0) return;
    done(into);
    fill(into, fusion.placements.get(into)?.into);
  };
  for (const { id, sources, results, copy } of fusion.groups) {
    for (const source of sources) {
      const original = aliases.original(source);
      if (!isGiven(nodes[original].op) && hasElements(original) && !written.has(original))
        broken('scheduled', 'a value is written before it is read', `group ${id} reads %${source}`);
    }
    for (const result of results) {
      if (copy === undefined) done(result);
      fill(result, copy?.into ?? fusion.placements.get(result)?.into);
    }
  }
  for (const [into, left] of partsLeft)
    if (left > 0)
      broken('scheduled', 'every part of a concat is written', `%${into}, of which ${left} are not`);
}

/**
 * A buffer is written over at most one other, and at most one over it: all that read this one runs before, and a group that does both
 * does so element by element. Storage puts the two in one place and no others, and only inputs that are given up are written over.
 */
function checkInPlace(
  graph: Graph,
  { fusion, inPlace, assignment }: Arrangement,
  aliases: Aliases,
  donations: InPlace | undefined,
): void {
  const { nodes } = graph;
  const { bufferOf } = aliases;
  const lastRead = new Map<ValueId, number>();
  const firstWrite = new Map<ValueId, number>();
  fusion.groups.forEach(({ sources, results, copy }, step) => {
    for (const source of sources) lastRead.set(bufferOf(source), step);
    for (const result of copy === undefined ? results : [copy.into]) {
      const buffer = bufferOf(result);
      if (!firstWrite.has(buffer)) firstWrite.set(buffer, step);
    }
  });
  const outputs = new Set(graph.outputs.map(({ value }) => bufferOf(value)));
  const given = new Map([...(donations ?? [])].map(([output, param]) => [param, bufferOf(output)]));
  const pairs = inPlacePairs(fusion, aliases);
  const taken = new Set<ValueId>();
  for (const [written, read] of inPlace) {
    const over = `%${written} over %${read}`;
    const [writer, reader] = [firstWrite.get(written) ?? -1, lastRead.get(read) ?? -1];
    const isPair = ([to, from]: readonly [ValueId, ValueId]): boolean => to === written && from === read;
    if (
      reader > writer ||
      (reader === writer && !pairs(fusion.groups[writer]).some(isPair)) ||
      outputs.has(read)
    )
      broken('scheduled', 'what is overwritten is not read any more', over);
    if (donations !== undefined && nodes[read].op === 'param' && given.get(read) !== written)
      broken('scheduled', 'only an input that is given up is overwritten', over);
    if (taken.has(read) || nodes[read].op === 'weight' || !sameWords(graph, written, read))
      broken('scheduled', 'what is overwritten has room for one value', over);
    taken.add(read);
  }
  for (const buffer of [...firstWrite.keys(), ...lastRead.keys()]) {
    const place = assignment.view(buffer).buffer;
    const over = inPlace.get(buffer);
    const expected = over === undefined ? buffer : assignment.view(over).buffer;
    if (place !== expected)
      broken(
        'scheduled',
        'only what is written over another shares its place',
        `%${buffer} in that of %${place}`,
      );
  }
}

/** What lives at one time lies apart, inside of an arena that is not smaller than its lower bound. */
export function checkPlanned({ assignment }: Arrangement, { offsets, bytes, lowerBound }: ArenaLayout): void {
  if (bytes < lowerBound) broken('planned', `the arena has at least ${lowerBound} bytes`, `${bytes}`);
  const placed = assignment.allocations
    .map((allocation) => ({ ...allocation, offset: offsets.get(allocation.root) ?? -1 }))
    .sort((a, b) => a.first - b.first);
  let live: typeof placed = [];
  for (const one of placed) {
    if (one.offset < 0 || one.offset + one.bytes > bytes) broken('planned', 'a value lies in the arena', `%${one.root}`); // prettier-ignore
    live = live.filter(({ last }) => last >= one.first);
    for (const other of live)
      if (one.offset < other.offset + other.bytes && other.offset < one.offset + one.bytes)
        broken('planned', 'values that live at one time lie apart', `%${one.root} and %${other.root}`);
    live.push(one);
  }
}
