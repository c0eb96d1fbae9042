/** The kernels of a program. A network has few kinds of layers, so most of its kernels are lowered already. */
import type { Form } from '../passes/fusion/group.js';
import type { Kernel } from './kernel/body.js';
import { lowerKernel } from './lower/lower.js';
import { layoutKey, type KernelSpec } from './lower/spec.js';
import type { Target } from '../passes/target.js';

/** The kernel of each spec; equal specs have one object. */
export function lowerKernels(specs: readonly KernelSpec[], target: Target): Kernel[] {
  const known = new Map<Form, Map<string, Kernel>>();
  return specs.map((spec) => {
    const ofForm = known.get(spec.form) ?? new Map<string, Kernel>();
    known.set(spec.form, ofForm);
    const key = layoutKey(spec);
    const kernel = ofForm.get(key) ?? lowerKernel(spec, target);
    ofForm.set(key, kernel);
    return kernel;
  });
}
