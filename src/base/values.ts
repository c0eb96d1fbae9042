/** What values are, told for callers whose types nobody checks, and for values of other realms (iframes, contexts of vm). */

/** Whether `value` is a list whose elements all pass. Holes are elements: `every` and `forEach` leave them out. */
export function isListOf<T>(
  value: unknown,
  accepts: ((element: unknown) => element is T) | ((element: unknown) => boolean),
): value is readonly T[] {
  if (!Array.isArray(value)) return false;
  for (const element of value as readonly unknown[]) if (!accepts(element)) return false;
  return true;
}

export const isAnyNumber = (value: unknown): value is number => typeof value === 'number';
/** The greatest of `values` and `least`. `Math.max(...values)` takes no more of them than a call may have arguments. */
export const greatest = (values: readonly number[], least: number): number =>
  values.reduce((most, value) => Math.max(most, value), least);

/** Whether `value` is a typed array of this name: one of another realm too, and one of a subclass, such as Buffer. */
export const isTyped = (value: unknown, name: string): boolean =>
  ArrayBuffer.isView(value) && (value as Partial<Uint8Array>)[Symbol.toStringTag] === name;

/** Whether `value` is bytes, of whatever realm; a Buffer is. */
export const isBytes = (value: unknown): value is Uint8Array => isTyped(value, 'Uint8Array');
