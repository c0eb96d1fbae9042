/** Plans in a few lines, for whoever prints them. */
import { firstOf, inspectedAs } from '../base/inspect.js';
import { describeType } from '../base/tensor.js';
import type { TensorSpec } from '../base/check-tensors.js';

/** What of a plan is shown. */
interface PlanFacts {
  readonly name: string;
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  readonly commands: readonly unknown[];
  readonly pipelines: readonly unknown[];
  readonly arenaBytes: number;
  readonly weightBytes: number;
}

/** `plan` itself, which prints as what it takes, gives and needs. */
export const inspectedPlan = <P extends PlanFacts>(plan: P): P =>
  inspectedAs(plan, () => describePlan('Plan', plan));

/** `Plan "mlp": x: f32[1,4] -> y: f32[1,3]; 3 kernels, 2 pipelines; 512 bytes of values, 1024 bytes of weights` */
export function describePlan(what: string, plan: PlanFacts): string {
  const ports = (list: readonly TensorSpec[]): string =>
    firstOf(list.map(({ name, dtype, shape }) => `${name}: ${describeType(dtype, shape)}`));
  const parts = [
    `${ports(plan.inputs)} -> ${ports(plan.outputs)}`,
    `${plan.commands.length} kernels, ${plan.pipelines.length} pipelines`,
    `${plan.arenaBytes} bytes of values, ${plan.weightBytes} bytes of weights`,
  ];
  return `${what} ${JSON.stringify(plan.name)}: ${parts.join('; ')}`;
}
