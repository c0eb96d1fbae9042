/** Checks of the buffers that callers give for resident inputs and outputs. */
import type { Plan, PlanPort } from './plan.js';
import { must, same } from '../base/fields.js';

/** A buffer that the caller gives, as a plan's inputs and outputs declare it. */
export interface DeclaredPort {
  readonly bytes: number;
  /** Not so for inputs that the caller keeps. */
  readonly writable: boolean;
}

/**
 * The ports by number. Throws FILE_CORRUPT unless inputs and outputs are numbered as plans do it: either all of them are
 * ports, or none is.
 */
export function declaredPorts({ inputs, outputs, ports }: Plan, path: string): readonly DeclaredPort[] {
  const isPort = ({ region }: PlanPort): boolean => region.space === 'port';
  if (ports === undefined) {
    must(![...inputs, ...outputs].some(isPort), 'a port in a plan that has none', path, 'port', 'arena');
    return [];
  }
  const numberOf = (port: PlanPort, where: string): number => {
    const { region } = port;
    must(region.space === 'port', 'a resident tensor lies elsewhere', where, region.space, 'port');
    same(region.offset, 0, 'a resident tensor does not start its buffer', where);
    return region.port;
  };
  const declared = inputs.map((input, i): DeclaredPort => {
    const where = `${path}.inputs[${i}]`;
    const number = numberOf(input, where);
    same(number, i, 'a tensor has the number of another', where);
    return { bytes: input.region.size, writable: false };
  });
  outputs.forEach((output, i) => {
    const where = `${path}.outputs[${i}]`;
    const number = numberOf(output, where);
    if (output.donor === undefined) {
      same(number, declared.length, 'a tensor has the number of another', where);
      declared.push({ bytes: output.region.size, writable: true });
      return;
    }
    const donor = inputs.findIndex(({ name }) => name === output.donor);
    same(number, donor, 'an output is not where its donor is', where);
    const { bytes, writable } = declared[donor];
    must(inputs[donor].donated === true && !writable, 'an input is not given up', where, output.donor, 'an input that is donated to this output alone'); // prettier-ignore
    same(output.region.size, bytes, 'an output does not fill its donor', where);
    declared[donor] = { bytes, writable: true };
  });
  same(ports.count, declared.length, 'wrong number of ports', path);
  return declared;
}
