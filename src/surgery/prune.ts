/** What the outputs of a model do not need. */
import { flag } from '../base/kinds.js';
import { checkedOptions, type OptionTable } from '../base/options.js';
import type { ModelDraft } from './form.js';
import { inOrder, keyOf } from './lookup.js';
import { snapshot } from './snapshot.js';

export interface PruneOptions {
  /** Whether inputs stay that no output needs. Default: they go. */
  readonly keepInputs?: boolean;
}

const OPTIONS: OptionTable<PruneOptions> = { keepInputs: flag };

/**
 * Removes every value that no output depends on, with the weights and the inputs that only such values read. Throws
 * VALUE_UNKNOWN and IR_INVALID where operands are not there, or form a cycle.
 */
export function prune(draft: ModelDraft, options: PruneOptions = {}): void {
  const { keepInputs = false } = checkedOptions(options, OPTIONS, 'prune');
  const form = snapshot(draft);
  const roots = form.outputs.map(({ name, value }) => keyOf(form, value, `output ${JSON.stringify(name)}`));
  const needed = new Set(inOrder(form, roots));
  const read = new Set<unknown>();
  for (const [key, { op, attrs }] of Object.entries(form.values)) {
    if (!needed.has(key) && !(keepInputs && op === 'param')) delete draft.values[key];
    else if (op === 'weight') read.add(attrs.id);
  }
  for (const id of Object.keys(form.weights)) if (!read.has(id)) delete draft.weights[id];
}
