/** Kernels and decisions of the compiler as plain data. */
import type { Prepared } from '../../compile.js';
import type { ValueId } from '../../ir/graph.js';
import { printNode } from '../../ir/print.js';
import type { Space } from '../../passes/fusion/group.js';
import { counted, integer } from '../terminal/numbers.js';

/** A value with the reason why it is stored, or not. */
export interface DecisionReport {
  readonly value: ValueId;
  readonly op: string;
  readonly name: string | undefined;
  readonly fused: boolean;
  readonly reason: string;
}

export function decisionsOf({ program, planned }: Prepared): DecisionReport[] {
  const seen = new Set<string>();
  return planned.fusion.decisions.flatMap(({ value, fused, reason }) => {
    const key = `${value} ${reason}`;
    if (seen.has(key)) return [];
    seen.add(key);
    const { op, name } = program.graph.nodes[value];
    return [{ value, op, name, fused, reason }];
  });
}

/** A kernel with what it computes. */
export interface KernelReport {
  readonly kernel: number;
  readonly label: string;
  readonly pipeline: number;
  readonly over: string;
  readonly workgroups: readonly number[];
  readonly operations: number;
  readonly reads: readonly ValueId[];
  readonly writes: readonly ValueId[];
  /** The nodes it computes, as IR text. */
  readonly ir: readonly string[];
  /** Why its results are stored, and why its other values are not; by value. */
  readonly reasons: Readonly<Record<ValueId, string>>;
}

export function kernelsOf(prepared: Prepared): KernelReport[] {
  const { program, planned } = prepared;
  const reasons = new Map(decisionsOf(prepared).map(({ value, reason }) => [value, reason]));
  return planned.groups.map((group, kernel) => {
    const { label, pipeline, workgroups, cost } = planned.plan.commands[kernel];
    // Decisions on what is inside of loops are not kept.
    const body = planned.bodies.get(kernel);
    const own = body === undefined ? group.members : [];
    const known = own.flatMap((id) => {
      const reason = reasons.get(id);
      return reason === undefined ? [] : [[id, reason] as const];
    });
    return {
      kernel,
      label,
      pipeline,
      over: describeSpace(group.space),
      workgroups,
      operations: cost,
      reads: group.sources,
      writes: group.results,
      ir: group.members.map((id) => printNode((body ?? program.graph).nodes[id], id)),
      reasons: Object.fromEntries(known),
    };
  });
}

const describeSpace = (space: Space): string =>
  space.kind === 'loop'
    ? 'trips'
    : space.kind === 'cell'
      ? `${counted(space.rows, 'row')} of what is carried`
      : space.kind === 'flat'
        ? counted(space.count, 'element')
        : `${counted(space.rows, 'row')} of ${integer(space.cols)}`;
