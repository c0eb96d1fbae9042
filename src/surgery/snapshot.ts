/** Drafts as plain data. */
import { current, isDraft } from 'immer';
import type { DraftValue } from './form.js';

/** What a draft is at the moment. It may share data with what was drafted: it is to be read only. */
export const snapshot = <T>(draft: T): T => (isDraft(draft) ? (current(draft as object) as T) : draft);

/** A value to put into a draft elsewhere: what is new there is not a draft, and can be written to in place. */
export function copyOf(value: DraftValue): DraftValue {
  const { inputs, attrs, ...rest } = snapshot(value);
  const own = Object.entries(attrs).map(([name, attr]) => [
    name,
    Array.isArray(attr) ? [...(attr as unknown[])] : attr,
  ]);
  return { ...rest, inputs: [...inputs], attrs: Object.fromEntries(own) as DraftValue['attrs'] };
}
