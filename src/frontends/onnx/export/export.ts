/** Programs as ONNX models. */
import { isFloat } from '../../../base/dtype.js';
import { canonicalOp } from '../../../ir/graph.js';
import { HeddleError } from '../../../base/errors.js';
import { number, text } from '../../../base/kinds.js';
import { checkedOptions, type OptionTable } from '../../../base/options.js';
import { givenProgram } from '../../../given-program.js';
import { checkGraph } from '../../../ir/check-program.js';
import { isStatic } from '../../../ir/dim.js';
import { paramsOf, type Graph, type Node, type Program, type ValueId } from '../../../ir/graph.js';
import type { Op } from '../../../ir/ops.js';
import { graphsOf } from '../../../ir/subgraphs.js';
import { shapesEqual, type Shape } from '../../../ir/types.js';
import { checkWeights, weightsOf } from '../../../ir/weights.js';
import { broadcastShapes } from '../../../compose/broadcast.js';
import { MAX_OPSET } from '../limits.js';
import { placed } from '../place.js';
import { ONNX_OF, OnnxBuilder, type Input, type Ref } from './builder.js';
import { idiomOf } from './idioms.js';
import { writeModel } from './model.js';
import { live } from './prune.js';
import { nameAll } from './names.js';
import type { ExportCall, ExportRule, Operand, Thin } from './rule.js';
import { BITCAST_OPSET } from './rules/conversion.js';
import { EXPORT_RULES } from './table.js';

export interface ExportOptions {
  /** The name of the writing program in the file; default `heddle`. */
  readonly producer?: string;
  /** The version of ONNX's operator set, from 18 on; default: the least one that has the operators, 18 or 26. */
  readonly opset?: number;
}

const OPTIONS: OptionTable<ExportOptions> = { producer: text, opset: number };

/**
 * The first one with bitwise operators, axes of all reductions as inputs and the reductions of ScatterND. Nothing newer is
 * needed but for BitCast, and the older the set, the more runtimes take the file.
 */
const LEAST_OPSET = 18;

/** The least operator set that has what `graph` needs. */
const opsetFor = (graph: Graph): number => (readsBits(graph) ? BITCAST_OPSET : LEAST_OPSET);

/** Whether the bits of a float become an integer somewhere in `graph`, or the other way round. */
const readsBits = (graph: Graph): boolean =>
  graph.nodes.some(
    (node) =>
      (node.op === 'bitcast' &&
        isFloat(graph.nodes[node.inputs[0]].type.dtype) !== isFloat(node.type.dtype)) ||
      graphsOf(node).some(readsBits),
  );

/**
 * An ONNX model that computes `program`: params become inputs, outputs outputs, weights initializers, each under its own
 * name (initializers and inner values get a number after it where the name is taken), inner values under that of an
 * imported model where they have one. Symbolic dimensions stay: the file
 * computes them from the shapes of its inputs. The same program gives the same bytes.
 *
 * Loops become Scan, or Loop where a condition ends them and nothing is stacked; conds become If.
 *
 * Results agree with the interpreter's as far as ONNX defines them; integers and conversions do everywhere but where a sum
 * of i32 or a product of integers over whole axes overflows, which some runtimes saturate. ONNX leaves open how functions and float sums round,
 * and among extremes where NaN stands and which zero is the smaller one. Apart from that, NaN sorts as infinity, and holes
 * in a convolution that ConvTranspose cannot express are zeros that count.
 *
 * @throws HeddleError: ONNX_UNSUPPORTED_OP for a convolution of integers, and for a bitcast between floats and integers in an older `opset` than 26;
 *   ONNX_UNSUPPORTED_FEATURE where an output has the name of a param that is another value; LIMIT_EXCEEDED above 2 GiB;
 *   DIM_UNBOUND where a symbol cannot be read off an input, or stands where ONNX needs a number; WEIGHT_MISSING and
 *   WEIGHT_INVALID; USAGE for `options`, and for what is not a program.
 */
export function exportOnnx(program: Program, options?: ExportOptions): Uint8Array {
  givenProgram('exportOnnx', program);
  checkGraph('exportOnnx', program.graph);
  const { opset = opsetFor(program.graph), producer = 'heddle' } = checkedOptions(
    options,
    OPTIONS,
    'exportOnnx',
  );
  if (!Number.isInteger(opset) || opset < LEAST_OPSET || opset > MAX_OPSET)
    throw new HeddleError('USAGE', 'the exporter does not know this operator set', {
      where: 'opset',
      found: String(opset),
      expected: `${LEAST_OPSET} to ${MAX_OPSET}`,
    });
  checkWeights(program);
  const { graph } = program;
  const inputs = paramsOf(graph).map(({ node: { attrs, type } }): Input => {
    return { name: attrs.name, type, ref: { dtype: ONNX_OF[type.dtype] } };
  });
  const g = new OnnxBuilder(opset, inputs, weightsOf(program));
  const results = emitNodes(graph, g);
  const outputs = emitOutputs(graph, g, inputs, results);
  const given = new Map(outputs.map(({ ref, name }) => [ref, name]));
  for (const { ref, name } of inputs) given.set(ref, name);
  nameValues(graph, g, results, given);
  const { nodes, initializers } = live(g, outputs);
  const named = new Set([...results.values(), ...outputs.map(({ ref }) => ref)]);
  const naming = nameAll(nodes, initializers, named, given);
  return writeModel({ name: graph.name, opset, producer, inputs, outputs, nodes, initializers, naming });
}

/** Adds the names that the graph has for its values, as far as a node makes them and their name is free. */
function nameValues(
  { names }: Graph,
  g: OnnxBuilder,
  results: ReadonlyMap<ValueId, Ref>,
  given: Map<Ref, string>,
): void {
  if (names === undefined) return;
  const made = new Set(g.nodes.flatMap(({ outputs }) => outputs));
  const taken = new Set(given.values());
  for (const [name, value] of names.values) {
    const ref = results.get(value);
    if (ref === undefined || given.has(ref) || !made.has(ref) || taken.has(name)) continue;
    given.set(ref, name);
    taken.add(name);
  }
}

/** The name that the nodes for a value have in the file. */
const scopeOf = ({ op, name }: Node, id: ValueId): string => name ?? `${op}_${id}`;

/** Adds the nodes for all values that outputs need; gives the value of each as far as it has its full shape. */
function emitNodes(graph: Graph, g: OnnxBuilder): ReadonlyMap<ValueId, Ref> {
  const uses = countUses(graph);
  const operands = new Map<ValueId, Operand>();
  const full = new Map<ValueId, Ref>();
  graph.nodes.forEach((node, id) => {
    if (!uses.has(id)) return;
    const where = `%${id} = ${node.op}${node.name === undefined ? '' : ` (${node.name})`} in ${graph.name}`;
    const thin = g.within(scopeOf(node, id), () => emitNode(g, node, operandsOf(node, operands), where));
    operands.set(id, {
      type: node.type,
      node,
      inputs: operandsOf(node, operands),
      shared: uses.get(id)! > 1,
      thin,
      constant: constantOf(node, operands),
      full: () => {
        const known = full.get(id) ?? g.within(scopeOf(node, id), () => expand(g, thin, node.type.shape));
        full.set(id, known);
        return known;
      },
    });
    // Values that are whole already keep the order of the graph.
    if (shapesEqual(thin.shape, node.type.shape)) full.set(id, thin.ref);
  });
  for (const { value } of graph.outputs) operands.get(value)!.full();
  return full;
}

const operandsOf = (node: Node, operands: ReadonlyMap<ValueId, Operand>): Operand[] =>
  node.inputs.map((input) => operands.get(input)!);

function emitNode(g: OnnxBuilder, node: Node, inputs: readonly Operand[], where: string): Thin {
  const { shape } = node.type;
  try {
    // Nothing has to be computed where there are no elements, and runtimes are seldom tried with it.
    if (
      node.op !== 'param' &&
      node.op !== 'weight' &&
      node.type.parts === undefined &&
      shape.includes(0) &&
      shape.every(isStatic)
    )
      return { ref: g.tensor(ONNX_OF[node.type.dtype], shape, []), shape };
    const call = callOf(g, node, inputs, where);
    const result = idiomOf(node.op, call) ?? (EXPORT_RULES[canonicalOp(node.op)] as ExportRule<Op>)(call);
    return 'ref' in result ? result : { ref: result, shape };
  } catch (error) {
    throw error instanceof HeddleError ? placed(error, where) : error;
  }
}

function emitGraph(g: OnnxBuilder, graph: Graph, given: readonly Ref[]): readonly Ref[] {
  const inputs = paramsOf(graph).map(({ node: { attrs, type } }, i) => ({
    name: attrs.name,
    type,
    ref: given[i],
  }));
  const values = emitNodes(graph, g.given(inputs));
  return graph.outputs.map(({ value }) => values.get(value)!);
}

function callOf(g: OnnxBuilder, node: Node, inputs: readonly Operand[], where: string): ExportCall<Op> {
  return {
    g,
    attrs: node.attrs,
    type: node.type,
    inputs,
    aligned: () => {
      const common = broadcastShapes(inputs.map(({ thin }) => thin.shape));
      const enough = shapesEqual(common, node.type.shape);
      return inputs.map(({ thin, full }, i) => (enough || i > 0 ? thin.ref : full()));
    },
    emitGraph,
    unsupported: (message, facts) => new HeddleError('ONNX_UNSUPPORTED_OP', message, { where, ...facts }),
  };
}

function expand(g: OnnxBuilder, { ref, shape }: Thin, to: Shape): Ref {
  return shapesEqual(shape, to) ? ref : g.like('Expand', [ref, g.ints(to)]);
}

/** The elements of a constant; movement of a single number leaves it. */
function constantOf(node: Node, operands: ReadonlyMap<ValueId, Operand>): readonly number[] | undefined {
  if (node.op === 'constant') return node.attrs.values;
  if (node.op !== 'reshape' && node.op !== 'broadcast') return undefined;
  const { constant } = operands.get(node.inputs[0])!;
  return constant?.length === 1 ? constant : undefined;
}

/** How often outputs and what they are computed from use a value; values that nothing needs are left out. */
function countUses(graph: Graph): ReadonlyMap<ValueId, number> {
  const uses = new Map<ValueId, number>();
  const use = (value: ValueId): void => void uses.set(value, (uses.get(value) ?? 0) + 1);
  for (const { value } of graph.outputs) use(value);
  for (let id = graph.nodes.length - 1; id >= 0; id--) if (uses.has(id)) graph.nodes[id].inputs.forEach(use);
  return uses;
}

/** The outputs with values of their own: a node makes each, and no other output has it. */
function emitOutputs(
  graph: Graph,
  g: OnnxBuilder,
  inputs: readonly Input[],
  results: ReadonlyMap<ValueId, Ref>,
): readonly Input[] {
  const byNode = new Set(g.nodes.flatMap(({ outputs }) => outputs));
  const params = new Map(inputs.map(({ name, ref }) => [name, ref]));
  return graph.outputs.map(({ name, value }) => {
    const ref = results.get(value)!;
    const { type } = graph.nodes[value];
    const param = params.get(name);
    if (param === ref) return { name, type, ref };
    if (param !== undefined)
      throw new HeddleError(
        'ONNX_UNSUPPORTED_FEATURE',
        'in ONNX an output cannot have the name of an input',
        {
          where: graph.name,
          found: `output ${JSON.stringify(name)}, which is %${value}`,
          hint: 'rename the output or the param',
        },
      );
    if (byNode.delete(ref)) return { name, type, ref };
    return { name, type, ref: g.within(name, () => g.like('Identity', [ref])) };
  });
}
