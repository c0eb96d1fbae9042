/** Static arguments: what in the arguments of a compiled function is not a tensor. */
import { describeValue } from '../../base/describe.js';
import { HeddleError } from '../../base/errors.js';
import { named } from '../../tensor/tensors/core.js';
import type { Tensor } from '../../tensor/tensors/tensor.js';
import type { Flat, Structure } from '../../tensor/trees/tree.js';

/**
 * Throws USAGE where an object is static. A program is found again by what is static in its arguments, and an object stays
 * the same one while its content changes: the program would go on with what it was. Numbers, texts and functions do not
 * change.
 */
export function checkStatics(name: string, { structure }: Flat<Tensor>): void {
  const visit = (part: Structure, path: string): void => {
    if (part.kind === 'leaf') return;
    if (part.kind === 'static') return checkStatic(name, part.value, path);
    const keyOf = (i: number): string => (part.kind === 'record' ? part.keys[i] : `${i}`);
    part.items.forEach((item, i) => visit(item, path === '' ? keyOf(i) : `${path}.${keyOf(i)}`));
  };
  visit(structure, '');
}

function checkStatic(name: string, value: unknown, path: string): void {
  if (typeof value !== 'object' || value === null) return;
  named(`${name}, argument ${path}`, () => {
    throw new HeddleError('USAGE', 'an argument would be taken for the same after it has changed', {
      found: describeValue(value),
      expected: 'tensors, numbers, texts, functions, and lists, plain objects and modules of them',
      hint: hintFor(value),
    });
  });
}

function hintFor(value: object): string {
  if (ArrayBuffer.isView(value)) return 'make a tensor of it: tensor(...)';
  if (value instanceof Map || value instanceof Set) return 'make a plain object or a list of it';
  return 'a class with tensors extends nn.Module; else hand over a plain object, or use it in the function directly';
}
