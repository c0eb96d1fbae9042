/** What the values of two programs are, so that those that are the same in both are found. */
import type { Graph, Node, ValueId } from '../ir/graph.js';
import { printAttrs } from '../ir/print.js';
import { printType } from '../ir/types.js';
import { isAnonymous } from './form.js';

/** The values of one of the two, by position. */
export interface Identities {
  /** What computes a value, as text. */
  readonly definitions: readonly string[];
  /** How others name it: by the name that both programs have, or by the number of its definition. */
  readonly references: readonly string[];
  /** The weight that a value is, in whatever shape. */
  readonly weights: ReadonlyMap<ValueId, string>;
}

/** The keys that both programs have, but for ids, which say nothing of another program. */
export function commonKeys(a: readonly string[], b: readonly string[]): ReadonlySet<string> {
  const keys = new Set(b);
  return new Set(a.filter((key) => keys.has(key) && !isAnonymous(key)));
}

/** `numbers`: of definitions, which both programs share. */
export function identitiesOf(
  { nodes }: Graph,
  keys: readonly string[],
  common: ReadonlySet<string>,
  numbers: Map<string, number>,
): Identities {
  const weights = new Map<ValueId, string>();
  const references: string[] = [];
  const definitions = nodes.map((node, value) => {
    const weight = weightOf(node, weights);
    if (weight !== undefined) weights.set(value, weight);
    const operands = node.inputs.map((input) => references[input]).join(', ');
    const definition =
      weight === undefined
        ? `${node.op}(${operands})${printAttrs(node)}`
        : `weight ${JSON.stringify(weight)} : ${printType(node.type)}`;
    const number = numbers.get(definition) ?? numbers.size;
    numbers.set(definition, number);
    const named = weight === undefined && common.has(keys[value]);
    references[value] = named ? JSON.stringify(keys[value]) : `#${number}`;
    return definition;
  });
  return { definitions, references, weights };
}

/** The id of the weight that `node` reads, where it is one or a reshaped one. */
function weightOf({ op, attrs, inputs }: Node, known: ReadonlyMap<ValueId, string>): string | undefined {
  if (op === 'weight') return attrs.id;
  return op === 'reshape' ? known.get(inputs[0]) : undefined;
}
