/** The kernels of a program. A network has few kinds of layers, so most of its kernels are lowered already. */
import { HeddleError, withFacts } from '../base/errors.js';
import type { Dim } from '../ir/dim.js';
import { staticShape } from '../ir/types.js';
import type { Form } from '../passes/fusion/group.js';
import { gridOf, type Kernel, type LoweredKernel } from './kernel/body.js';
import { lowerKernel } from './lower/lower.js';
import { layoutKey, type KernelSpec } from './lower/spec.js';
import type { Target } from '../passes/target.js';

/** The kernel of each spec; equal specs have one object. */
export function lowerKernels(specs: readonly KernelSpec[], target: Target): Kernel[] {
  const known = new Map<Form<Dim>, Map<string, Kernel>>();
  return specs.map((spec) => {
    const ofForm = known.get(spec.form) ?? new Map<string, Kernel>();
    known.set(spec.form, ofForm);
    const key = layoutKey(spec);
    const kernel = ofForm.get(key) ?? lowered(spec, target);
    ofForm.set(key, kernel);
    return kernel;
  });
}

/** The kernel of known sizes. */
function staticKernel({ body, workgroups, cost, shareable }: LoweredKernel): Kernel {
  const [groups, operations] = staticShape([workgroups, cost]);
  return { body, grid: gridOf(groups), cost: operations, shareable };
}

/** Errors say in which kernel they arose. */
function lowered(spec: KernelSpec, target: Target): Kernel {
  try {
    return staticKernel(lowerKernel(spec, target));
  } catch (error) {
    if (!(error instanceof HeddleError)) throw error;
    const { graph, members } = spec.form;
    const kernel = `kernel of ${members.map((id) => graph.nodes[id].op).join(', ')}`;
    throw withFacts(error, { where: error.where === undefined ? kernel : `${kernel}, ${error.where}` });
  }
}
