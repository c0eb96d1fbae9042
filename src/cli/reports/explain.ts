/** Programs and plans as reports: what `inspect` prints and gives to programs. */
import { elementCount } from '../../base/tensor.js';
import { printable } from '../../base/printable.js';
import { DEVICE_ELEMENT_BYTES } from '../../base/dtype.js';
import type { Plan } from '../../plan/plan.js';
import type { Prepared } from '../../compile.js';
import type { ValueId } from '../../ir/graph.js';
import { printType } from '../../ir/types.js';
import { bytes, heading, indented, integer, table } from '../terminal/format.js';
import { arenaFacts, arenaRatio, type ArenaFacts } from './arena.js';
import { decisionsOf, kernelsOf } from './kernels.js';
import { drawArena } from './picture.js';

const list = (ids: readonly ValueId[]): string =>
  ids.length === 0 ? 'nothing' : ids.map((id) => `%${id}`).join(', ');

/** Each kernel with its nodes and the reasons behind it. */
export function describeGroups(prepared: Prepared): string {
  const texts = kernelsOf(prepared).map((report) => {
    const { kernel, label, pipeline, over, workgroups, reads, writes, ir, reasons } = report;
    const grid = workgroups.filter((count, axis) => axis === 0 || count > 1).join(' x ');
    const members = prepared.planned.groups[kernel].members.map((id, i) => [ir[i], reasons[id] ?? '']);
    return [
      heading(`kernel ${kernel}: ${label}`),
      `  over ${over}; workgroups ${grid}; pipeline ${pipeline}; reads ${list(reads)}; writes ${list(writes)}`,
      indented(table(members)),
    ].join('\n');
  });
  return texts.join('\n\n');
}

export function describeKernels(prepared: Prepared): string {
  const rows = kernelsOf(prepared).map(({ kernel, label, over, pipeline, writes, reasons }) => [
    `${kernel}`,
    label,
    over,
    `${pipeline}`,
    writes.map((id) => reasons[id] ?? '').filter((reason, i, all) => all.indexOf(reason) === i).join('; '), // prettier-ignore
  ]);
  return table(rows, ['kernel', 'what', 'over', 'pipeline', 'stored because'], [0, 3]);
}

export function describeDecisions(prepared: Prepared): string {
  const rows = decisionsOf(prepared).map(({ value, op, name, fused, reason }) => [
    `%${value}`,
    op,
    fused ? 'fused' : 'stored',
    reason,
    name ?? '',
  ]);
  return table(rows, ['value', 'op', '', 'reason', 'from'], [0]);
}

/** The stages of the pipeline; `rules`: with the rewrite rules that were applied. */
export function describeStages({ log }: Prepared, rules: boolean): string {
  return log
    .flatMap((report) => [
      `  ${report.stage.padEnd(9)}  ${report.did}`,
      ...(rules ? report.rules.map(([rule, times]) => `             ${times} x ${rule}`) : []),
    ])
    .join('\n');
}

/** What lives when most memory is in use. */
export interface MemoryPlan extends ArenaFacts {
  readonly arenaBytes: number;
  readonly weightBytes: number;
  /** Of inputs and outputs that have buffers of their own; undefined where they lie in the arena. */
  readonly portBytes: number | undefined;
  /** The kernel that runs then; -1 before the first, the number of kernels after the last. */
  readonly peakStep: number;
  readonly peakAt: string;
  readonly live: readonly LiveValue[];
  readonly picture: readonly string[];
}

export interface LiveValue {
  readonly value: ValueId;
  readonly type: string;
  readonly bytes: number;
  readonly offset: number;
  readonly name: string | undefined;
}

export function memoryPlanOf({ program: { graph }, planned }: Prepared): MemoryPlan {
  const { plan, layout, fusion, allocations } = planned;
  const { peakStep } = layout;
  const steps = fusion.groups.length;
  const live = layout.liveAtPeak.map((value): LiveValue => {
    const { type, name } = graph.nodes[value];
    const size = elementCount(type.shape.map(Number)) * DEVICE_ELEMENT_BYTES;
    return { value, type: printType(type), bytes: size, offset: layout.offsets.get(value) ?? 0, name };
  });
  const group = fusion.groups.at(peakStep < 0 ? steps : peakStep);
  const kernel = group === undefined ? -1 : planned.groups.indexOf(group);
  return {
    ...totalsOf(plan),
    peakStep,
    peakAt:
      kernel >= 0
        ? `kernel ${kernel}: ${plan.commands[kernel].label}`
        : peakStep < 0
          ? 'the start'
          : 'the end',
    live: live.sort((a, b) => b.bytes - a.bytes),
    picture: drawArena({ allocations, offsets: layout.offsets, bytes: plan.arenaBytes, steps }),
  };
}

/** The totals of a memory plan, which every bundle has. */
export type MemoryTotals = Omit<MemoryPlan, 'live' | 'picture' | 'peakStep' | 'peakAt'>;

export const totalsOf = (plan: Plan): MemoryTotals => ({
  arenaBytes: plan.arenaBytes,
  ...arenaFacts(plan),
  weightBytes: plan.weightBytes,
  portBytes: plan.ports?.bytes,
});

export function describeTotals({ arenaBytes, weightBytes, portBytes, ...facts }: MemoryTotals): string {
  const ratio = arenaRatio(arenaBytes, facts);
  const ports = portBytes === undefined ? '' : `, inputs and outputs ${bytes(portBytes)} of their own`;
  return `  arena ${bytes(arenaBytes)}${ratio && ` (${ratio})`}, weights ${bytes(weightBytes)}${ports}`;
}

export function describeMemoryPlan(memory: MemoryPlan): string {
  const rows = memory.live.map(({ value, type, bytes: size, offset, name }) => [
    `%${value}`,
    type,
    bytes(size),
    integer(offset),
    name ?? '',
  ]);
  const frame = memory.picture.map((line) => `│${line}│`);
  return [
    describeTotals(memory),
    `  most is in use at ${printable(memory.peakAt)}`,
    ...(rows.length === 0 ? [] : [table(rows, ['value', 'type', 'size', 'offset', 'from'], [2, 3])]),
    ...(frame.length === 0
      ? []
      : ['  the arena (upwards) over time (rightwards):', indented(frame.join('\n'))]),
  ].join('\n');
}
