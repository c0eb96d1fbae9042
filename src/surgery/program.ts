/** From the form in which programs are edited back to a program, checked as a whole. */
import { HeddleError, withFacts } from '../base/errors.js';
import type { TensorData } from '../base/tensor.js';
import { checkAttrs } from '../ir/attrs.js';
import { checkGraph } from '../ir/check-program.js';
import type { Graph, GraphOutput, Node, Program, ValueNames } from '../ir/graph.js';
import { inspectedGraph, inspectedProgram } from '../ir/summary.js';
import type { TensorType } from '../ir/types.js';
import { graphsOf } from '../ir/subgraphs.js';
import { verifyGraph } from '../ir/verify.js';
import { checkWeights } from '../ir/weights.js';
import { anonymousKey, keysOf, recordOf, tensorIn, type DraftValue, type ProgramForm } from './form.js';
import { inOrder, placeOf, typeAt, unknownValue } from './lookup.js';

/**
 * The program that `form` says: values in the order of their ids as far as operands allow, types inferred again, everything
 * checked. `kept`: weights that forms cannot name.
 */
export function programOf(given: ProgramForm, kept: readonly (readonly [string, TensorData])[]): Program {
  // Records that a recipe or a patch put there may inherit names.
  const form: ProgramForm = { ...given, values: recordOf(Object.entries(given.values)) };
  const byId = Object.keys(form.values).sort((a, b) => form.values[a].id! - form.values[b].id!);
  const order = inOrder(form, byId);
  const position = new Map(order.map((key, i) => [key, i]));
  const nodes: Node[] = [];
  for (const key of order) {
    const value = form.values[key] as DraftValue;
    const inputs = value.inputs.map((input) => position.get(input)!);
    nodes.push(
      nodeOf(
        key,
        value,
        inputs,
        inputs.map((input) => nodes[input].type),
      ),
    );
  }
  checkNames(form, order);
  const outputs = form.outputs.map(({ name, value }): GraphOutput => {
    const at = position.get(value);
    if (at === undefined) throw unknownValue(form, value, `output ${JSON.stringify(name)}`);
    return { name, value: at };
  });
  const bare: Graph = { name: form.name, nodes, outputs };
  const names = namesOf(form, order, position, bare);
  const graph = inspectedGraph(names === undefined ? bare : { ...bare, names });
  verifyGraph(graph);
  const tensors = Object.entries(form.weights).map(([id, weight]) => [id, tensorIn(weight)] as const);
  const program = inspectedProgram({ graph, weights: new Map([...tensors, ...kept]) });
  checkWeights(program);
  return program;
}

function nodeOf(
  key: string,
  value: DraftValue,
  inputs: readonly number[],
  types: readonly TensorType[],
): Node {
  const { op, attrs, origin } = value;
  try {
    checkAttrs(op, attrs);
    // Type rules look into the graphs of an op.
    for (const held of graphsOf({ op, attrs } as unknown as Node)) checkGraph(op, held);
  } catch (error) {
    throw error instanceof HeddleError ? withFacts(error, { where: placeOf(key, value) }) : error;
  }
  const type = typeAt(key, value, types);
  return { op, inputs, attrs, type, ...(origin === undefined ? {} : { name: origin }) } as unknown as Node;
}

/** Throws NAME_COLLISION where two inputs, or two outputs, have one name. */
function checkNames({ values, outputs }: ProgramForm, order: readonly string[]): void {
  const once = (what: string, names: Iterable<readonly [name: string, place: string]>): void => {
    const seen = new Map<string, string>();
    for (const [name, place] of names) {
      const earlier = seen.get(name);
      if (earlier !== undefined)
        throw new HeddleError('NAME_COLLISION', `two ${what}s have one name`, {
          found: `${JSON.stringify(name)}, of ${earlier} and ${place}`,
          expected: `a name of its own for each ${what}`,
        });
      seen.set(name, place);
    }
  };
  const params = order.filter((key) => values[key].op === 'param');
  once('input', params.map((key) => [values[key].attrs.name as string, placeOf(key, values[key])])); // prettier-ignore
  once('output', outputs.map(({ name, value }) => [name, JSON.stringify(value)])); // prettier-ignore
}

/** The names to keep beside the graph; undefined where it says them all by itself. */
function namesOf(
  { values, aliases, provenance: { folded, merged } }: ProgramForm,
  order: readonly string[],
  position: ReadonlyMap<string, number>,
  bare: Graph,
): ValueNames | undefined {
  const ids = order.map((key) => values[key].id!);
  const inPlace = ids.every((id, i) => id === i);
  // Where a value has further names, the table has to say which is its own, even if that is its id.
  const aliased = new Set(Object.values(aliases));
  const isImplied = (key: string, i: number): boolean => key === anonymousKey(ids[i]) && !aliased.has(key);
  const named = new Map(order.flatMap((key, i): [string, number][] => (isImplied(key, i) ? [] : [[key, i]])));
  for (const [alias, key] of Object.entries(aliases))
    if (!named.has(alias)) named.set(alias, position.get(key)!);
  if (inPlace && folded.size + merged.size + Object.keys(aliases).length === 0) {
    const keys = keysOf(bare);
    if (order.every((key, i) => key === keys[i])) return undefined;
  }
  return { values: named, folded, merged, ...(inPlace ? {} : { ids }) };
}
