/** Templates as programs of the probe: lowered as all programs are, with the interpreter's results. */
import { makePlan, type PlannedProgram } from '../../codegen/plan.js';
import { DEFAULT_TARGET, SOFTWARE_TARGET, type Target } from '../../passes/target.js';
import { interpret } from '../../interpreter/index.js';
import type { Graph, Program } from '../../ir/graph.js';
import { weightsOf } from '../../ir/weights.js';
import { legalise, stage } from '../../passes/pipeline.js';
import type { Device } from '../../runtime/device.js';
import type { Tensors } from '../../runtime/inputs.js';
import type { ProbeProgram } from '../probe/program.js';
import { CONTRACTIONS } from './contractions.js';
import { ELEMENTWISE } from './elementwise.js';
import { INDEXING } from './indexing.js';
import { LOOPS } from './loops.js';
import { ROWS } from './rows.js';
import { TemplateBuilder, type Template } from './template.js';

export const TEMPLATES: readonly Template[] = [
  ...ELEMENTWISE,
  ...ROWS,
  ...CONTRACTIONS,
  ...INDEXING,
  ...LOOPS,
];

/** `quick`: each kind of kernel, as the device at hand gets it. `full`: all there is, in every shape. */
export type TemplateSet = 'quick' | 'full';

/** A template, lowered. */
export interface LoweredTemplate {
  readonly template: Template;
  /** As it was written. */
  readonly program: Program;
  readonly inputs: Tensors;
  /** As it was fused. */
  readonly graph: Graph;
  readonly planned: PlannedProgram;
  readonly weights: (id: string) => Tensors[string];
}

export function lowerTemplate(template: Template, target: Target): LoweredTemplate {
  const b = new TemplateBuilder(template.name);
  template.define(b);
  const { program, inputs } = b.finish();
  const staged = stage(legalise(program, { target }).program, { target });
  const { graph } = staged.program;
  const planned = makePlan(staged, target);
  return { template, program, inputs, graph, planned, weights: weightsOf(staged.program) };
}

function probeProgram(group: string, { program, inputs, planned, weights }: LoweredTemplate): ProbeProgram {
  return {
    kind: 'template',
    group,
    plan: planned.plan,
    inputs,
    weights,
    expected: (subnormals) => interpret(program, inputs, { subnormals }).outputs,
  };
}

const SHAPES = {
  gpu: { text: 'shaped for a GPU', target: DEFAULT_TARGET },
  software: { text: 'shaped for a software GPU', target: SOFTWARE_TARGET },
} as const;

/**
 * The programs that `device` has to compute exactly. Graphs as small as these get the small tiles of contractions on a GPU,
 * and the large ones, which large models get, where they are shaped for a software GPU: a GPU has to prove both.
 */
export function templatePrograms(
  { software = false }: Pick<Device, 'software'>,
  set: TemplateSet,
): ProbeProgram[] {
  const wanted = TEMPLATES.filter(({ quick }) => quick || set === 'full');
  const shapes = software && set === 'quick' ? [SHAPES.software] : [SHAPES.gpu, SHAPES.software];
  return wanted.flatMap((template) => {
    const lowered = shapes.map(({ text, target }) => ({ text, lowered: lowerTemplate(template, target) }));
    const plans = lowered.map((shape) => JSON.stringify(shape.lowered.planned.plan));
    // Most kernels have one shape only.
    if (new Set(plans).size === 1) return [probeProgram(template.name, lowered[0].lowered)];
    return lowered.map((shape) => probeProgram(`${template.name}, ${shape.text}`, shape.lowered));
  });
}
