/** Plans the graph of a bundle again, so that tools can name the nodes behind its kernels. */
import { canonicalJson } from '../../base/safetensors/format.js';
import type { Plan } from '../../plan/plan.js';
import { donorOf } from '../../plan/ports.js';
import type { Target } from '../../passes/target.js';
import { planStages, type Prepared } from '../../compile.js';
import type { Program } from '../../ir/graph.js';
import { GPU_TARGET_NAMES, TARGETS, type TargetName } from '../terminal/targets.js';

/**
 * `plan` with the graph behind it: planning gives the same plan in the version that wrote it. Only the code of the kernels
 * may differ: that of the bundle is what runs, and what verification judges. `sized`: of a bundle for several sizes, whose plans share kernels with each other. Undefined for plans of other
 * versions.
 */
export function replan(
  program: Program | undefined,
  plan: Plan,
  targets: readonly TargetName[] = GPU_TARGET_NAMES,
  sized = false,
): Prepared | undefined {
  if (program === undefined) return undefined;
  for (const target of targets) {
    const prepared = planLike(plan, program, TARGETS[target]);
    if (skeleton(prepared.planned.plan, sized) === skeleton(plan, sized))
      return { ...prepared, planned: { ...prepared.planned, plan } };
  }
  return undefined;
}

/** With inputs and outputs in buffers of their own where `plan` has it so, each written over the one that it is there. */
function planLike({ ports, inputs, outputs }: Plan, program: Program, target: Target): Prepared {
  if (ports === undefined) return planStages(program, { target });
  const donate = outputs.flatMap((port, output) => {
    const input = donorOf(inputs, port);
    return input === undefined ? [] : [{ input, output }];
  });
  // A donated input that no output could take over has no donation here, but is donated all the same.
  const donated = inputs.flatMap((input, place) => (input.donated === true ? [place] : []));
  return planStages(program, { target, ports: { donate, donated } });
}

/** All of a plan but the code; of one of several sizes also without which kernels share it, and by which parameters. */
function skeleton({ pipelines, commands, ...rest }: Plan, sized: boolean): string {
  if (!sized) return canonicalJson({ ...rest, commands, pipelines: pipelines.map(({ bindings, params }) => ({ bindings, params })) }); // prettier-ignore
  const alone = commands.map(({ pipeline, params: _, ...command }) => ({
    ...command,
    bindings: pipelines[pipeline].bindings,
  }));
  return canonicalJson({ ...rest, commands: alone });
}
