/** Arguments by place, checked as options are, for callers whose types nobody checks. */
import { describeValue } from './describe.js';
import { HeddleError } from './errors.js';
import { kind, required, type Kind } from './kinds.js';
import { isBytes, isListOf, isTyped } from './values.js';
import { DTYPES } from './dtype.js';
import { elementCount, isTensorType, type TensorData } from './tensor.js';

/** Throws USAGE, at `call`, where one of `given` is not of its kind, or is missing; others may have any value. */
export function checkArguments(
  call: string,
  given: Readonly<Record<string, unknown>>,
  kinds: Readonly<Record<string, Kind>>,
): void {
  for (const name of Object.keys(kinds)) {
    const { accepts, expected, required, hint } = kinds[name];
    const value = given[name];
    if (value === undefined ? required : !accepts(value))
      throw new HeddleError('USAGE', 'an argument has a wrong value', {
        where: call,
        found: `${name}: ${describeValue(value)}`,
        expected,
        hint: hint?.(value),
      });
  }
}

// -- what arguments may be: all of these have to be given --

export const bytes = required(kind('bytes: a Uint8Array, such as readFileSync(path)', isBytes)); // prettier-ignore
export const indices = required(
  kind(
    'a Uint32Array, or a list of integers from 0',
    (value) =>
      isTyped(value, 'Uint32Array') ||
      isListOf(value, (index) => Number.isInteger(index) && Number(index) >= 0 && Number(index) < 2 ** 32),
  ),
);
export const shape = required(
  kind('a shape, such as [2, 3]', (value) =>
    isListOf(value, (extent) => Number.isSafeInteger(extent) && Number(extent) >= 0),
  ),
);
export const dtype = required(kind('f32, f16, i32, u32 or bool', (value) => DTYPES.some((each) => each === value))); // prettier-ignore
export const hostTensor: Kind<true> = {
  expected: 'tensorData(dtype, shape, data)',
  accepts: (value) => {
    const { data } = (value ?? {}) as Partial<TensorData>;
    return isTensorType(value as Partial<TensorData> | null) && ArrayBuffer.isView(data);
  },
  required: true,
  // A tensor, whose data is not at hand.
  hint: (value) =>
    typeof ((value ?? {}) as { readonly toHost?: unknown }).toHost === 'function'
      ? 'await x.toHost()'
      : undefined,
};

/** An object with methods of these names. */
export const having = (expected: string, ...methods: readonly string[]): Kind<true> =>
  required(
    kind(expected, (value) => {
      if (typeof value !== 'object' || value === null) return false;
      const members = value as Readonly<Record<string, unknown>>;
      return methods.every((name) => typeof members[name] === 'function');
    }),
  );

/** An object of a class of this name, whose private parts no other has. */
export const instanceOf = (expected: string, type: { readonly prototype: object }): Kind<true> =>
  required(
    kind(expected, (value) => Object.prototype.isPrototypeOf.call(type.prototype, Object(value) as object)),
  );

/** Product of the extents; 1 for a scalar. Throws USAGE for what is not a shape. */
export function countElements(given: readonly number[]): number {
  checkArguments('elementCount', { shape: given }, { shape });
  return elementCount(given);
}
