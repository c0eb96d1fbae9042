/** Runs of a plan on tensors that are on the device already: which buffers its ports are, and what is bound to them. */
import { takeInputs } from '../base/check-tensors.js';
import { ensure } from '../base/errors.js';
import type { Plan } from '../plan/plan.js';
import { donorOf } from '../plan/ports.js';
import type { DeviceHeap, DeviceTensor } from './heap.js';
import type { PortBuffers } from './memory.js';

/** Device tensors by name. */
export type DeviceTensors = Readonly<Record<string, DeviceTensor>>;

/** One dispatch's tensors. */
export interface Residence {
  readonly ports: PortBuffers;
  readonly outputs: Readonly<Record<string, DeviceTensor>>;
  /** Outputs that lie in new buffers. */
  readonly made: readonly DeviceTensor[];
  /** Donated inputs whose buffer no output took over. */
  readonly spent: readonly DeviceTensor[];
}

/**
 * Gives every port its buffer: inputs theirs, outputs that of their donor or a new one of `heap`. Throws INPUT_* for inputs
 * that do not fit, TENSOR_DISPOSED for those that are not in `heap`, USAGE where a buffer that is to be overwritten or
 * given up is given twice, and as `heap.allocate` does. When it throws, nothing has happened.
 */
export function takeResidence(plan: Plan, inputs: DeviceTensors, heap: DeviceHeap): Residence {
  const given = takeInputs(plan.inputs, inputs, (tensor, where) => heap.checkHeld(tensor, where));
  checkDonated(plan, given);
  const ports = given.map(({ buffer }) => buffer);
  const made: DeviceTensor[] = [];
  try {
    const outputs = plan.outputs.map(({ name, dtype, shape, region }): [string, DeviceTensor] => {
      // The next port is the one of an output that has no donor.
      const buffer = region.space === 'port' ? ports.at(region.port) : undefined;
      if (buffer !== undefined) return [name, { dtype, shape, buffer }];
      const tensor = heap.allocate(dtype, shape);
      made.push(tensor);
      ports.push(tensor.buffer);
      return [name, tensor];
    });
    const taken = new Set(plan.outputs.map((output) => donorOf(plan.inputs, output)));
    const spent = given.filter((_, i) => plan.inputs[i].donated === true && !taken.has(i));
    return { ports, outputs: Object.fromEntries(outputs), made, spent };
  } catch (error) {
    for (const tensor of made) heap.free(tensor);
    throw error;
  }
}

/** A buffer that is given up must not be given under another name, too: who reads it would see the new elements. */
function checkDonated(plan: Plan, given: readonly DeviceTensor[]): void {
  const buffers = new Set(given.map(({ buffer }) => buffer));
  if (buffers.size === given.length) return;
  plan.inputs.forEach(({ name, donated }, i) =>
    ensure(
      donated !== true || given.every(({ buffer }, j) => i === j || buffer !== given[i].buffer),
      'USAGE',
      'a donated tensor is given twice',
      { where: `input ${JSON.stringify(name)}` },
    ),
  );
}
