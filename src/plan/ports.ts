/** Checks of the buffers that callers give for resident inputs and outputs. */
import type { Plan, PlanPort } from './plan.js';
import { must, same } from '../base/fields.js';

/** A buffer that the caller gives, as a plan's inputs and outputs declare it. */
export interface DeclaredPort {
  readonly bytes: number;
  /** Not so for inputs that the caller keeps. */
  readonly writable: boolean;
}

/** The place of the input whose buffer an output takes over; undefined where it has one of its own. */
export const donorOf = (inputs: readonly PlanPort[], { region }: PlanPort): number | undefined =>
  region.space === 'port' && region.port < inputs.length ? region.port : undefined;

/**
 * The ports by number. Throws FILE_CORRUPT unless inputs and outputs are numbered as plans do it: either all of them are
 * ports, or none is.
 */
export function declaredPorts({ inputs, outputs, ports }: Plan, path: string): readonly DeclaredPort[] {
  const isPort = ({ region }: PlanPort): boolean => region.space === 'port';
  if (ports === undefined) {
    must(![...inputs, ...outputs].some(isPort), 'a port in a plan that has none', path);
    return [];
  }
  const checkNumber = ({ region }: PlanPort, number: number, where: string): void => {
    must(region.space === 'port', 'a resident tensor lies elsewhere', where, region.space);
    same(region.offset, 0, 'a resident tensor does not start its buffer', where);
    same(region.port, number, 'a resident tensor has another number', where);
  };
  const declared = inputs.map((input, i): DeclaredPort => {
    checkNumber(input, i, `${path}.inputs[${i}]`);
    return { bytes: input.region.size, writable: false };
  });
  outputs.forEach((output, i) => {
    const where = `${path}.outputs[${i}]`;
    const { region } = output;
    const donor = donorOf(inputs, output);
    const at = donor ?? declared.length;
    checkNumber(output, at, where);
    if (donor !== undefined) {
      const { bytes, writable } = declared[donor];
      must(
        inputs[donor].donated === true && !writable,
        'an input is not given up',
        where,
        inputs[donor].name,
      );
      same(region.size, bytes, 'an output does not fill its donor', where);
    }
    declared[at] = { bytes: region.size, writable: true };
  });
  same(ports.count, declared.length, 'wrong number of ports', path);
  return declared;
}
