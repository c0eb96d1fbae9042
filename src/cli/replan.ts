/** Plans the graph of a bundle anew, so that tools can name the nodes behind its kernels. */
import { canonicalJson } from '../base/container.js';
import { makePlan, type Plan } from '../codegen/plan.js';
import type { Target } from '../passes/target.js';
import { planProgram, type Prepared } from '../compile.js';
import type { Program } from '../ir/graph.js';
import { fuseInPlace } from '../passes/memory/arrange.js';
import { donatedValues } from '../passes/memory/residents.js';
import { TARGET_NAMES, TARGETS, type TargetName } from './options.js';

/**
 * `plan` with the graph behind it: planning gives the same plan in the version that wrote it. Only the code of the kernels
 * may differ: that of the bundle is what runs, and what verification judges. Undefined for plans of other versions.
 */
export function replan(
  program: Program | undefined,
  plan: Plan,
  targets: readonly TargetName[] = TARGET_NAMES,
): Prepared | undefined {
  if (program === undefined) return undefined;
  for (const target of targets) {
    const prepared = planLike(plan, program, TARGETS[target]);
    if (skeleton(prepared.planned.plan) === skeleton(plan))
      return { ...prepared, planned: { ...prepared.planned, plan } };
  }
  return undefined;
}

/** With inputs and outputs in buffers of their own where `plan` has it so, each written over the one that it is there. */
function planLike({ ports, inputs, outputs }: Plan, program: Program, target: Target): Prepared {
  if (ports === undefined) return planProgram(program, { target });
  const { graph } = program;
  const donations = outputs.flatMap(({ name, donor }) =>
    donor === undefined ? [] : [{ input: donor, output: name }],
  );
  const { fusion, inPlace } = fuseInPlace(graph, target, donatedValues(graph, donations));
  // A donated input that no output could take over has no donation here, but is donated all the same.
  const donated = inputs.flatMap((input) => (input.donated === true ? [input.name] : []));
  return { original: program, program, planned: makePlan(graph, fusion, target, { inPlace, donated }) };
}

/** All of a plan but the code. */
const skeleton = (plan: Plan): string =>
  canonicalJson({ ...plan, pipelines: plan.pipelines.map(({ bindings, params }) => ({ bindings, params })) });
