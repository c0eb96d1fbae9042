/**
 * Nodes whose operands are all known, computed while importing: the node is emitted into a graph of its own, which the
 * interpreter runs. So what is folded has the bits that it would have at run time.
 */
import { elementCount, type TensorData } from '../../../base/tensor.js';
import { interpret } from '../../../interpreter/index.js';
import { GraphBuilder } from '../../../ir/builder.js';
import { isStatic } from '../../../ir/dim.js';
import type { Graph, Node } from '../../../ir/graph.js';
import { graphsOf } from '../../../ir/subgraphs.js';
import { sizeOf } from '../../../ir/types.js';
import { toWords } from '../../../runtime/words.js';
import type { NodeContext } from '../context.js';
import { allocateOnnx } from '../dtype.js';
import type { HostTensor } from '../host.js';
import { MAX_FOLDED_ELEMENTS } from '../limits.js';
import type { Moves, OpEntry, Resolved } from '../registry.js';
import { movesKey } from './moves-key.js';
import { WideEmitter } from '../wide/emitter.js';
import { hostTensor } from '../wide/storage.js';
import { PairValue } from '../wide/value.js';
import { KnownValue, weightOf, type OnnxValue } from '../value.js';

type Inputs = readonly (OnnxValue | undefined)[];
type Results = readonly Resolved[];
/** Emits the node on other operands, into another graph. */
export type EmitNode = (b: WideEmitter, inputs: Inputs) => Results;

/** The results of a node; undefined where an operand is not known, devices differ, or it is too much work. */
export function foldNode(
  entry: OpEntry,
  ctx: NodeContext,
  emit: EmitNode,
): readonly HostTensor[] | undefined {
  const known = ctx.inputs.map((input) => input?.known);
  if (entry.holdsGraphs === true || entry.sequences === true) return undefined;
  if (!ctx.inputs.some((input) => input !== undefined)) return undefined;
  if (known.some((tensor, i) => tensor === undefined && ctx.inputs[i] !== undefined)) return undefined;
  const exact = entry.exact?.(ctx);
  if (exact !== undefined) return [exact];
  // Single numbers may be what an operator has to know.
  if (entry.dequantized !== undefined && (known[0]?.data.length ?? 0) > 1) return undefined;
  // A model may name one tensor many times.
  if (known.reduce((sum, tensor) => sum + (tensor?.data.length ?? 0), 0) > MAX_FOLDED_ELEMENTS)
    return undefined;
  return entry.moves === undefined ? run(ctx, known, emit) : byPosition(ctx, known, entry.moves, emit);
}

/**
 * A node that only moves elements is run on their positions: elements of any type arrive as they were, 64-bit integers
 * and doubles included.
 */
function byPosition(
  ctx: NodeContext,
  known: readonly (HostTensor | undefined)[],
  [from, to]: Moves,
  emit: EmitNode,
): readonly HostTensor[] | undefined {
  const sources = known.slice(from, to).filter((tensor) => tensor !== undefined);
  const [first] = sources;
  if (first === undefined) return undefined;
  let next = 0;
  const positions = known.map((tensor, i): HostTensor | undefined => {
    if (tensor === undefined || i < from || i >= to) return tensor;
    return {
      dtype: 'int32',
      shape: tensor.shape,
      data: new Int32Array(tensor.data.length).map(() => next++),
    };
  });
  const elements = sources.flatMap(({ data }) => Array.from<number | bigint>(data));
  return positionsOf(ctx, positions, [from, to], emit)?.map(({ shape, data: places }) => {
    const data = allocateOnnx(first.dtype, places.length);
    places.forEach((place: number | bigint, i: number) => (data[i] = elements[Number(place)]));
    return { dtype: first.dtype, shape, data };
  });
}

/** The positions that a node gives. Exporters write the same few nodes on shapes for each layer: these are computed once. */
function positionsOf(
  ctx: NodeContext,
  positions: readonly (HostTensor | undefined)[],
  moves: Moves,
  emit: EmitNode,
): readonly HostTensor[] | undefined {
  const key = movesKey(ctx, positions, moves);
  const found = key === undefined ? undefined : ctx.budget.moved.get(key);
  if (found !== undefined) return found;
  const results = run(ctx, positions, emit);
  if (key !== undefined && results !== undefined) ctx.budget.moved.set(key, results);
  return results;
}

function run(
  ctx: NodeContext,
  known: readonly (HostTensor | undefined)[],
  emit: EmitNode,
): readonly HostTensor[] | undefined {
  const builder = new GraphBuilder('constants');
  const b = new WideEmitter(builder, ctx.b.note);
  const weights = new Map<string, TensorData>();
  const enter = weightOf(builder, weights);
  const inputs = known.map((tensor, i) => tensor && new KnownValue(`${i}`, tensor, b, enter));
  const results = emit(b, inputs);
  results.forEach((result, i) => 'value' in result && builder.output(`${i}`, b.stored(result.value)));
  const graph = builder.build();
  if (!ctx.budget.mayWork(workOf(graph))) return undefined;
  const values = onAnyDevice({ graph, weights });
  return (
    values &&
    results.flatMap((result, i) =>
      'value' in result
        ? [hostTensor(values[`${i}`], result.dtype, result.value instanceof PairValue)]
        : 'data' in result
          ? [result]
          : [],
    )
  );
}

/** The outputs, if they have the same bits whether or not a device flushes subnormals. */
function onAnyDevice(
  program: Parameters<typeof interpret>[0],
): Readonly<Record<string, TensorData>> | undefined {
  const { outputs, subnormals } = interpret(program, {});
  if (subnormals === 0) return outputs;
  const flushed = interpret(program, {}, { subnormals: 'flush' }).outputs;
  const same = (a: TensorData, b: TensorData): boolean => {
    const [x, y] = [toWords(a), toWords(b)];
    return x.every((word, i) => word === y[i]);
  };
  return Object.keys(outputs).every((name) => same(outputs[name], flushed[name])) ? outputs : undefined;
}

/** About how many elements a run reads and computes; infinite where a value is too large to fold. */
function workOf({ nodes }: Graph): number {
  return nodes.reduce((sum, node) => {
    const inside = graphsOf(node).reduce((total, graph) => total + workOf(graph), 0);
    if (inside > 0) return sum + inside * (node.op === 'loop' ? Number(node.attrs.trips) : 1);
    if (!node.type.shape.every(isStatic) || sizeOf(node.type) > MAX_FOLDED_ELEMENTS) return Infinity;
    const operands = node.inputs.map((id) => nodes[id]);
    const read = operands.reduce((size, { type }) => size + sizeOf(type), 1);
    return sum + read + sizeOf(node.type) * termsOf(node, operands);
  }, OVERHEAD);
}

/** What a run costs beside its elements. */
const OVERHEAD = 256;

/** Terms of one element of the result. */
function termsOf(node: Node, [first, second]: readonly Node[]): number {
  switch (node.op) {
    case 'dot':
      return elementCount(node.attrs.lhsContract.map((axis) => first.type.shape[axis] as number));
    case 'conv':
      return elementCount(second.type.shape.slice(1) as number[]);
    case 'reduceWindow':
      return elementCount(node.attrs.window);
    default:
      return 1;
  }
}
