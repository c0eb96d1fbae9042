/** A part of a model as a model. */
import { HeddleError } from '../base/errors.js';
import { listOf, required } from '../base/kinds.js';
import { checkedOptions, type OptionTable } from '../base/options.js';
import type { Program } from '../ir/graph.js';
import { edit } from './edit.js';
import { keyOf, resultKeyOf } from './lookup.js';
import { cut } from './ports.js';
import { prune } from './prune.js';

export interface ExtractOptions {
  /** The values that become the outputs, in their order. */
  readonly to: readonly string[];
  /** The values that become inputs. Where they do not suffice, inputs of the model stay. */
  readonly from?: readonly string[];
}

const names = listOf('names of values', (name) => typeof name === 'string');
const OPTIONS: OptionTable<ExtractOptions> = { to: required(names), from: names };

/**
 * The part of `program` that computes the values `to`, from the values `from` and those inputs that are needed besides. An
 * extracted part computes the same bits as the whole does there.
 *
 *     const first = extract(model, { to: ['relu1'] });
 *     const second = extract(model, { from: ['relu1'], to: ['logits'] });
 *
 * @throws HeddleError: USAGE where nothing is extracted, or no value of `to` needs one of `from`; VALUE_UNKNOWN,
 *   VALUE_FOLDED and NAME_COLLISION.
 */
export function extract(program: Program, options: ExtractOptions): Program {
  const { to, from = [] } = checkedOptions(options, OPTIONS, 'extract');
  if (to.length === 0)
    throw new HeddleError('USAGE', 'a part needs an output', {
      where: 'extract',
      expected: 'to: [NAME, ...]',
    });
  return edit(program, (draft) => {
    const outputs = to.map((name) => ({ name, value: resultKeyOf(draft, name, 'extract, to') }));
    const inputs = from.map((name) => ({ name, key: keyOf(draft, name, 'extract, from') }));
    draft.outputs = outputs;
    for (const { key } of inputs) cut(draft, key);
    prune(draft);
    for (const { name, key } of inputs)
      if (!(key in draft.values))
        throw new HeddleError('USAGE', 'no output of the part needs this value', {
          where: 'extract, from',
          found: JSON.stringify(name),
          expected: `a value on the way to ${to.map((one) => JSON.stringify(one)).join(', ')}`,
        });
  }).program;
}
