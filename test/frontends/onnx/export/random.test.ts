/** Random graphs: exported and imported again on hostile values, and in another runtime on usual ones. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isFloat } from '../../../../src/base/dtype.js';
import type { TensorData } from '../../../../src/base/tensor.js';
import { exportOnnx, importOnnx } from '../../../../src/frontends/onnx/index.js';
import { evaluateNode, interpret } from '../../../../src/interpreter/index.js';
import type { Graph, Node, Program } from '../../../../src/ir/graph.js';
import { graphsOf } from '../../../../src/ir/subgraphs.js';
import { printGraph } from '../../../../src/ir/print.js';
import { traitsOf, type Op } from '../../../../src/ir/ops.js';
import { staticShape } from '../../../../src/ir/types.js';
import { numbers, tensor } from '../../../interpreter/support.js';
import { differenceOf } from '../../../support/differential.js';
import { fuzz } from '../../../support/fuzz.js';
import { grow, recipes, subgraphRecipes } from '../../../support/graphs.js';
import { tensorOf } from '../../../support/tensors.js';
import { farApart, runForeign } from './support.js';

/** Has every operator that the exporter uses. */
const OPSET = 26;

/** What the importer lacks, or gives other bits: see the cases. */
const hasException = (graph: Graph): boolean =>
  graph.nodes.some((node) => isException(graph, node) || graphsOf(node).some(hasException));

function isException({ nodes }: Graph, { op, attrs, type, inputs }: Node): boolean {
  switch (op) {
    case 'argsort':
    case 'scatter':
      return true;
    case 'bitcast':
      return isFloat(type.dtype) !== isFloat(nodes[inputs[0]].type.dtype);
    case 'reduceWindow':
      return isFloat(type.dtype) && (attrs.kind === 'sum' || attrs.kind === 'prod');
    case 'conv':
      return !isFloat(type.dtype) || attrs.lhsDilation.some((factor) => factor > 1);
    case 'pow':
      // x^2 is imported as x * x.
      return nodes[inputs[1]].op !== 'param';
    default:
      return false;
  }
}

test.each([
  ['graphs', recipes(12), 150],
  ['graphs with loops and conds', subgraphRecipes(), 100],
] as const)('after a round trip the bits of %s are the same', (_, given, runs) => {
  fc.assert(
    fc.property(given, (recipe) => {
      const { program, inputs } = grow(recipe);
      fc.pre(!hasException(program.graph));
      const back = importOnnx(exportOnnx(program, { opset: OPSET }));
      const [expected, found] = [program, back].map((each) => interpret(each, inputs).outputs);
      for (const [name, value] of Object.entries(expected)) {
        const difference = differenceOf(found[name], value);
        if (difference !== undefined)
          throw new Error(
            `${name}: ${difference}\n${printGraph(program.graph)}\nbecame\n${printGraph(back.graph)}`,
          );
      }
    }),
    fuzz(runs),
  );
});

/** The program on other values, with every value an output. */
function opened(
  { graph, weights }: Program,
  seed: number,
): { program: Program; inputs: Record<string, TensorData> } {
  const usual = (node: Node, i: number): TensorData =>
    tensorOf(node.type.dtype, staticShape(node.type.shape), seed + i, i % 2 === 0 ? 'usual' : 'plain');
  const inputs: Record<string, TensorData> = {};
  graph.nodes.forEach((node, i) => {
    if (node.op === 'param') inputs[node.attrs.name] = usual(node, i);
  });
  const outputs = graph.nodes.flatMap((node, value) =>
    node.op === 'param' ? [] : [{ name: `v${value}`, value }],
  );
  const others = [...weights].map(
    ([id, { dtype, shape }], i) => [id, tensorOf(dtype, shape, seed + i)] as const,
  );
  return { program: { graph: { ...graph, outputs }, weights: new Map(others) }, inputs };
}

/** Numbers of which arithmetic makes no others than such as it is defined on everywhere. */
const isOrdinary = (x: number): boolean => x === 0 || (Math.abs(x) < 1e9 && Math.abs(x) > 1e-9);
const areOrdinary = (value: TensorData): boolean => !isFloat(value.dtype) || numbers(value).every(isOrdinary);

/** The magnitudes of floats; those below `least` are raised to it. */
const magnitudes = (value: TensorData, least: number): TensorData =>
  isFloat(value.dtype)
    ? tensor(value.dtype, value.shape, numbers(value).map((x) => Math.max(least, Math.abs(x)))) // prettier-ignore
    : value;

/**
 * Compares a value of the runtime with what the interpreter makes of the runtime's own operands, so that differences do
 * not add up. Sums may be off in proportion to what is summed.
 */
function checkNode(node: Node, operands: readonly TensorData[], found: TensorData): string | undefined {
  const expected = evaluateNode(node, operands, 'preserve').value;
  if (!areOrdinary(expected)) return undefined;
  const combines =
    traitsOf(node.op).class === 'reduction' ||
    traitsOf(node.op).class === 'contraction' ||
    node.op === 'scatter';
  if (!combines || !isFloat(expected.dtype)) return farApart(found, expected);
  const isProduct = 'kind' in node.attrs && (node.attrs.kind === 'prod' || node.attrs.kind === 'mul');
  const large = evaluateNode(node, operands.map((value) => magnitudes(value, isProduct ? 1 : 0)), 'preserve').value; // prettier-ignore
  const scale = Math.max(1, ...numbers(large).map(Math.abs));
  // What overflows in one order need not in another one.
  if (!(scale < 1e9)) return undefined;
  const unit = expected.dtype === 'f16' ? 2 ** -9 : 1e-6;
  return farApart(found, expected, { rtol: 100 * unit, atol: unit * scale });
}

/**
 * What this runtime does in its own way: integer reductions that overflow saturate, as ONNX allows; and between operators
 * on f16 it leaves out the rounding, so that the operands of the second one are not those that it shows.
 */
function isForeign({ nodes }: Graph, node: Node, operands: readonly TensorData[]): boolean {
  const { op, attrs, type, inputs } = node;
  if (op === 'reduce' && !isFloat(type.dtype) && (attrs.kind === 'prod' || attrs.kind === 'sum')) {
    const combine = attrs.kind === 'sum' ? (a: number, b: number) => a + b : (a: number, b: number) => a * b;
    return (
      numbers(operands[0])
        .map((x) => Math.max(1, Math.abs(x)))
        .reduce(combine, 1) >=
      2 ** 31
    );
  }
  return inputs.some(
    (input) => nodes[input].type.dtype === 'f16' && traitsOf(nodes[input].op).class !== 'source',
  );
}

test('another runtime computes the same', async () => {
  const checked = new Map<Op, number>();
  await fc.assert(
    fc.asyncProperty(recipes(12), async (recipe) => {
      const { program, inputs } = opened(grow(recipe).program, recipe.seed);
      const { nodes, outputs } = program.graph;
      fc.pre(outputs.length > 0 && !nodes.some(({ op, type }) => op === 'conv' && !isFloat(type.dtype)));
      const found = await runForeign(exportOnnx(program, { opset: OPSET }), program, inputs);
      const values = nodes.map((node, id) =>
        node.op === 'param' ? inputs[node.attrs.name] : found[`v${id}`],
      );
      nodes.forEach((node, id) => {
        const operands = node.inputs.map((input) => values[input]);
        if (
          node.op === 'param' ||
          node.op === 'weight' ||
          isForeign(program.graph, node, operands) ||
          !operands.every(areOrdinary)
        )
          return;
        const difference = checkNode(node, operands, values[id]);
        if (difference !== undefined)
          throw new Error(`%${id} = ${node.op}: ${difference}\n${printGraph(program.graph)}`);
        checked.set(node.op, (checked.get(node.op) ?? 0) + 1);
      });
    }),
    fuzz(80),
  );
  // Most ops came up with values that could be compared.
  expect(checked.size).toBeGreaterThan(30);
});
