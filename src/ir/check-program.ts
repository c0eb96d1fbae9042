/** Programs as users give them. */
import { checkArguments, dtype } from '../base/arguments.js';
import { describeValue, shown } from '../base/describe.js';
import { kind, required } from '../base/kinds.js';
import { HeddleError } from '../base/errors.js';
import { isAnyNumber, isListOf } from '../base/values.js';
import { SymDim } from './dim.js';
import type { FreeDims, Graph, Node, Program } from './graph.js';
import { isOp, traitsOf } from './ops.js';
import { printType, type TensorType } from './types.js';

/** Throws USAGE unless `value` is a program: a graph with its weights. */
export function checkProgram(call: string, value: unknown): asserts value is Program {
  if (isObject(value) && value.weights instanceof Map && (isFree(value.free) || holdsGraph(value))) return;
  throw new HeddleError('USAGE', 'the value is not a program', {
    where: call,
    found: describeValue(value),
    expected: 'a program { graph, weights }',
    hint: hintFor(value),
  });
}

/**
 * Throws USAGE unless `value` is a graph, IR_INVALID where an op, an operand or the value of an output does not exist. Whether
 * attributes and types are right, {@link verifyGraph} says.
 */
export function checkGraph(call: string, value: unknown): asserts value is Graph {
  if (isGraph(value)) return checkReferences(value);
  throw new HeddleError('USAGE', 'the value is not a graph', {
    where: call,
    found: describeValue(value),
    expected: 'a graph, such as parseGraph(text), builder.build() or program.graph',
    hint: isObject(value) && isGraph(value.graph) ? 'pass its graph' : undefined,
  });
}

/** {@link printType} of what the type checker has not seen. Throws USAGE. */
export function printTypeOf(type: TensorType): string {
  checkArguments('printType', { type }, { type: typeKind });
  return printType(type);
}

const isDim = (dim: unknown): boolean => typeof dim === 'number' || dim instanceof SymDim;

const typeKind = required(
  kind('a type { dtype, shape }', (value) => {
    const { dtype: name, shape } = (value ?? {}) as Partial<TensorType>;
    return dtype.accepts(name) && isListOf(shape, isDim);
  }),
);

export const isGraph = (value: unknown): value is Graph =>
  isObject(value) &&
  typeof value.name === 'string' &&
  isListOf(value.nodes, isNode) &&
  isListOf(value.outputs, (output) => isObject(output) && typeof output.name === 'string');

const isNode = (node: unknown): boolean =>
  isObject(node) && isListOf(node.inputs, isAnyNumber) && isObject(node.attrs) && typeKind.accepts(node.type);

/** Loops in loops, at most: what walks graphs does so by calling itself. */
export const MAX_NESTING = 32;

function checkReferences({ name, nodes, outputs }: Graph, level = 0): void {
  if (level > MAX_NESTING)
    throw new HeddleError('LIMIT_EXCEEDED', 'graphs are nested too deeply', {
      where: name,
      expected: `at most ${MAX_NESTING} levels`,
    });
  nodes.forEach((node, id) => {
    const where = (): string =>
      shown`%${id} = ${node.op}${node.name === undefined ? '' : ` (${String(node.name)})`} in ${name}`;
    if (typeof node.op !== 'string' || !isOp(node.op))
      throw new HeddleError('IR_INVALID', 'unknown op', {
        where: where(),
        found: describeValue(node.op),
      });
    for (const input of node.inputs)
      if (!Number.isInteger(input) || input < 0 || input >= id)
        throw new HeddleError('IR_INVALID', 'an operand is not defined before its use', {
          where: where(),
          found: `%${input}`,
        });
    for (const graph of heldGraphs(node)) checkReferences(graph, level + 1);
  });
  for (const output of outputs)
    if (!Number.isInteger(output.value) || !(output.value in nodes))
      throw new HeddleError('IR_INVALID', 'an output names no value', {
        found: shown`%${output.value}`,
        where: output.name,
      });
}

/** The graphs inside of a node that nobody has checked: those that are graphs at all. */
const heldGraphs = ({ op, attrs }: Node): readonly Graph[] =>
  traitsOf(op).class === 'subgraph' ? Object.values<unknown>(attrs).flat().filter(isGraph) : [];

/** What is near to a program, by what gives it away. */
const NEAR: readonly (readonly [property: string, hint: string])[] = [
  ['then', 'it is made later: await it'],
  ['program', 'pass its program'],
  ['graph', 'weights are a Map: { graph, weights: new Map() } where there are none'],
  ['nodes', 'that is a graph: { graph, weights: new Map() } where it has no weights'],
];

const hintFor = (value: unknown): string | undefined =>
  isObject(value) ? NEAR.find(([property]) => property in value)?.[1] : undefined;

/** Whether there is a graph. One that is made for given sizes only is not there to look at: see FreeDims. */
const holdsGraph = ({ free, graph }: Readonly<Record<string, unknown>>): boolean =>
  free === undefined && isObject(graph) && Array.isArray(graph.nodes);

const isFree = (value: unknown): value is FreeDims =>
  isObject(value) &&
  isListOf(value.symbols, (name) => typeof name === 'string') &&
  isListOf(value.inputs, (input) => isObject(input) && typeKind.accepts(input)) &&
  isObject(value.ranges) &&
  typeof value.bind === 'function';

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
