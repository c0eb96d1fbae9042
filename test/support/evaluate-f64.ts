/**
 * Graphs evaluated in doubles by plain loops, one element at a time, for differences and other comparisons by tolerance.
 * Independent of the interpreter; f32 and f16 are not rounded. Slow: for small graphs.
 */
import { isFloat, type DType } from '../../src/base/dtype.js';
import { elementCount } from '../../src/base/tensor.js';
import { canonicalOp, type Graph, type Node } from '../../src/ir/graph.js';
import {
  BINARY_OPS,
  COMPARE_OPS,
  IDENTITY_OPS,
  tableOf,
  UNARY_OPS,
  type BinaryOp,
  type CompareOp,
  type CanonicalOp,
  type Op,
  type Reducer,
  type UnaryOp,
} from '../../src/ir/ops.js';
import { graphIn, loopOperands, loopOutputs } from '../../src/ir/subgraphs.js';
import { staticShape } from '../../src/ir/types.js';
import { coordinates } from '../interpreter/support.js';
import { erf, pow, sigmoid } from '../numerics/reference.js';

/** Elements in row-major order; bools are 0 and 1. */
export type Elements = readonly number[];
type Place = readonly number[];

interface Tensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: Elements;
  /** Of a tuple. */
  readonly parts?: readonly Tensor[];
}

type Rule<K extends Op> = (node: Node<K>, inputs: readonly Tensor[], shape: readonly number[]) => Elements;

const flat = (place: Place, shape: readonly number[]): number =>
  place.reduce((index, i, axis) => index * shape[axis] + i, 0);
const at = ({ data, shape }: Tensor, place: Place): number => data[flat(place, shape)];
const inside = (place: Place, shape: readonly number[]): boolean =>
  place.every((i, axis) => Number.isInteger(i) && i >= 0 && i < shape[axis]);
/** The elements of a result by their places. */
const each = (shape: readonly number[], element: (place: Place) => number): number[] =>
  coordinates(shape).map(element);

/** To the nearest integer, ties to even. */
function nearestEven(x: number): number {
  const low = Math.floor(x);
  if (x - low !== 0.5) return Math.round(x);
  return low % 2 === 0 ? low : low + 1;
}

const UNARY: Record<Exclude<UnaryOp, 'not'>, (x: number) => number> = {
  neg: (x) => -x,
  abs: Math.abs,
  sign: Math.sign,
  floor: Math.floor,
  ceil: Math.ceil,
  round: nearestEven,
  trunc: Math.trunc,
  sqrt: Math.sqrt,
  exp: Math.exp,
  log: Math.log,
  sin: Math.sin,
  cos: Math.cos,
  tanh: Math.tanh,
  erf,
  sigmoid,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
};

const unary =
  (op: UnaryOp): Rule<Op> =>
  (_, [x]) =>
    x.data.map(op === 'not' ? (v) => (x.dtype === 'bool' ? 1 - v : ~v) : UNARY[op]);

const BINARY: Record<BinaryOp, (x: number, y: number) => number> = {
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => x / y,
  rem: (x, y) => x % y,
  pow,
  min: Math.min,
  max: Math.max,
  and: (x, y) => x & y,
  or: (x, y) => x | y,
  xor: (x, y) => x ^ y,
  shl: (x, y) => x << y,
  shr: (x, y) => x >> y,
};

const COMPARE: Record<CompareOp, (x: number, y: number) => boolean> = {
  eq: (x, y) => x === y,
  lt: (x, y) => x < y,
  le: (x, y) => x <= y,
};

const truncated = (x: number, isInteger: boolean): number => (isInteger ? Math.trunc(x) : x);
const binary =
  (op: BinaryOp): Rule<Op> =>
  (_, [x, y]) =>
    x.data.map((v, i) => truncated(BINARY[op](v, y.data[i]), !isFloat(x.dtype)));
const compare =
  (op: CompareOp): Rule<Op> =>
  (_, [x, y]) =>
    x.data.map((v, i) => Number(COMPARE[op](v, y.data[i])));

const FOLDS: Record<Reducer, { readonly start: number; readonly combine: (x: number, y: number) => number }> =
  {
    sum: { start: 0, combine: BINARY.add },
    prod: { start: 1, combine: BINARY.mul },
    max: { start: -Infinity, combine: Math.max },
    min: { start: Infinity, combine: Math.min },
  };
const fold = (kind: Reducer, list: Elements): number =>
  list.reduce((x, y) => FOLDS[kind].combine(x, y), FOLDS[kind].start);

const given: Rule<Op> = (node) => {
  throw new Error(`${node.op} has to be given`);
};
const view =
  <K extends Op>(source: (node: Node<K>, place: Place, shape: readonly number[]) => Place): Rule<K> =>
  (node, [x], shape) =>
    each(shape, (place) => at(x, source(node, place, x.shape)));

/** All elements of a line, the places of which have `axis` replaced. */
const line = (x: Tensor, place: Place, axis: number): number[] =>
  Array.from({ length: x.shape[axis] }, (_, i) => at(x, place.with(axis, i)));

const reduce: Rule<'reduce'> = (node, [x], shape) => {
  const groups = each(shape, () => 0).map((): number[] => []);
  for (const place of coordinates(x.shape))
    groups[flat(place.filter((_, axis) => !node.attrs.axes.includes(axis)), shape)].push(at(x, place)); // prettier-ignore
  return groups.map((group) => fold(node.attrs.kind, group));
};

const argreduce: Rule<'argreduce'> = ({ attrs }, [x], shape) =>
  each(shape, (place) => {
    const list = line(x, [...place.slice(0, attrs.axis), 0, ...place.slice(attrs.axis)], attrs.axis);
    const nan = list.findIndex(Number.isNaN);
    return nan >= 0 ? nan : list.indexOf(fold(attrs.kind, list));
  });

const reduceWindow: Rule<'reduceWindow'> = ({ attrs }, [x], shape) =>
  each(shape, (place) => {
    const list = coordinates(attrs.window)
      .map((tap) => tap.map((t, i) => place[i] * attrs.strides[i] + t * attrs.dilations[i] - attrs.padLow[i]))
      .filter((source) => inside(source, x.shape))
      .map((source) => at(x, source));
    return fold(attrs.kind, list);
  });

const scan: Rule<'scan'> = ({ attrs: { kind, axis, exclusive, reverse } }, [x], shape) =>
  each(shape, (place) => {
    const list = line(x, place, axis);
    const until = place[axis] + (exclusive === reverse ? 1 : 0);
    return fold(kind, reverse ? list.slice(until).reverse() : list.slice(0, until));
  });

const dot: Rule<'dot'> = ({ attrs }, [x, y], shape) => {
  const axesOf = (t: Tensor): number[] => t.shape.map((_, axis) => axis);
  const xFree = axesOf(x).filter((i) => !attrs.lhsBatch.includes(i) && !attrs.lhsContract.includes(i));
  const yFree = axesOf(y).filter((i) => !attrs.rhsBatch.includes(i) && !attrs.rhsContract.includes(i));
  const terms = coordinates(attrs.lhsContract.map((axis) => x.shape[axis]));
  const place = (rank: number, parts: readonly (readonly [readonly number[], Place])[]): number[] => {
    const result = new Array<number>(rank).fill(0);
    for (const [axes, values] of parts) axes.forEach((axis, i) => (result[axis] = values[i]));
    return result;
  };
  const [batch, middle] = [attrs.lhsBatch.length, attrs.lhsBatch.length + xFree.length];
  return each(shape, (out) => {
    const products = terms.map((term) => {
      const [b, free, others] = [out.slice(0, batch), out.slice(batch, middle), out.slice(middle)];
      const left = at(x, place(x.shape.length, [[attrs.lhsBatch, b], [xFree, free], [attrs.lhsContract, term]])); // prettier-ignore
      const right = at(y, place(y.shape.length, [[attrs.rhsBatch, b], [yFree, others], [attrs.rhsContract, term]])); // prettier-ignore
      return left * right;
    });
    return fold('sum', products);
  });
};

const conv: Rule<'conv'> = ({ attrs }, [x, w], shape) => {
  const [out, perGroup, ...kernel] = w.shape;
  const taps = coordinates([perGroup, ...kernel]);
  return each(shape, ([image, channel, ...place]) => {
    const group = Math.floor(channel / (out / attrs.groups));
    const terms = taps.map(([c, ...tap]) => {
      const source = place.map(
        (p, i) =>
          (p * attrs.strides[i] + tap[i] * attrs.rhsDilation[i] - attrs.padLow[i]) / attrs.lhsDilation[i],
      );
      const from = [image, group * perGroup + c, ...source];
      return inside(from, x.shape) ? at(x, from) * at(w, [channel, c, ...tap]) : 0;
    });
    return fold('sum', terms);
  });
};

const gather: Rule<'gather'> = ({ attrs: { axis } }, [x, indices], shape) =>
  each(shape, (place) => {
    const end = axis + indices.shape.length;
    const index = at(indices, place.slice(axis, end));
    const clamped = Math.min(Math.max(index, 0), x.shape[axis] - 1);
    return at(x, [...place.slice(0, axis), clamped, ...place.slice(end)]);
  });

const SCATTERS = { set: (_: number, y: number) => y, add: BINARY.add, mul: BINARY.mul, min: Math.min, max: Math.max }; // prettier-ignore

const scatter: Rule<'scatter'> = ({ attrs }, [x, indices, updates]) => {
  const out = [...x.data];
  for (const place of coordinates(updates.shape)) {
    const target = [at(indices, [place[0]]), ...place.slice(1)];
    if (!inside(target, x.shape)) continue;
    const i = flat(target, x.shape);
    out[i] = SCATTERS[attrs.kind](out[i], at(updates, place));
  }
  return out;
};

const updateSlice: Rule<'updateSlice'> = ({ attrs: { axis } }, [x, update, start]) => {
  const out = [...x.data];
  for (const place of coordinates(update.shape)) {
    const target = place.with(axis, place[axis] + start.data[0]);
    if (inside(target, x.shape)) out[flat(target, x.shape)] = at(update, place);
  }
  return out;
};

const argsort: Rule<'argsort'> = ({ attrs: { axis, descending } }, [x], shape) =>
  each(shape, (place) => {
    const list = line(x, place, axis);
    const order = list.map((_, i) => i);
    return order.sort((i, j) => (descending ? list[j] - list[i] : list[i] - list[j]) || i - j)[place[axis]];
  });

type PlainOp = Exclude<CanonicalOp, 'loop' | 'cond' | 'result'>;

const RULES: { readonly [K in PlainOp]: Rule<K> } = {
  ...tableOf(UNARY_OPS, unary),
  ...tableOf(BINARY_OPS, binary),
  ...tableOf(COMPARE_OPS, compare),
  param: given,
  weight: given,
  random: given,
  constant: ({ attrs: { values } }, _, shape) => each(shape, () => 0).map((_, i) => values[values.length === 1 ? 0 : i]), // prettier-ignore
  iota: ({ attrs }, _, shape) => each(shape, (place) => place[attrs.axis]),
  cast: ({ attrs: { dtype } }, [x]) =>
    x.data.map((v) => (dtype === 'bool' ? Number(v !== 0) : truncated(v, !isFloat(dtype)))),
  bitcast: ({ attrs }, [x]) => {
    const host = { f32: Float32Array, i32: Int32Array, u32: Uint32Array } as const;
    type Wide = keyof typeof host;
    if (attrs.dtype === x.dtype) return x.data;
    return [...new host[attrs.dtype as Wide](host[x.dtype as Wide].from(x.data).buffer)];
  },
  select: (_, [condition, x, y]) => condition.data.map((c, i) => (c !== 0 ? x : y).data[i]),
  reshape: (_, [x]) => x.data,
  ...tableOf(
    IDENTITY_OPS,
    () =>
      (_: unknown, [x]: readonly Tensor[]) =>
        x.data,
  ),
  permute: view(({ attrs }, place) => {
    const source = [...place];
    attrs.permutation.forEach((axis, i) => (source[axis] = place[i]));
    return source;
  }),
  broadcast: view((_, place, shape) => place.map((i, axis) => (shape[axis] === 1 ? 0 : i))),
  slice: view(({ attrs }, place) => place.map((i, axis) => attrs.starts[axis] + i * attrs.strides[axis])),
  reverse: view(({ attrs }, place, shape) =>
    place.map((i, axis) => (attrs.axes.includes(axis) ? shape[axis] - 1 - i : i)),
  ),
  pad: ({ attrs }, [x], shape) =>
    each(shape, (place) => {
      const source = place.map((i, axis) => (i - attrs.low[axis]) / (attrs.interior[axis] + 1));
      return inside(source, x.shape) ? at(x, source) : attrs.value;
    }),
  concat: ({ attrs: { axis } }, inputs, shape) =>
    each(shape, (place) => {
      let i = place[axis];
      const part = inputs.find((x) => i < x.shape[axis] || ((i -= x.shape[axis]), false))!;
      return at(part, place.with(axis, i));
    }),
  reduce,
  argreduce,
  reduceWindow,
  scan,
  dot,
  conv,
  gather,
  scatter,
  updateSlice,
  argsort,
};

/** The slice at `i` along `axis`. */
function sliceOf(x: Tensor, axis: number, i: number): Tensor {
  const shape = x.shape.toSpliced(axis, 1);
  return { dtype: x.dtype, shape, data: each(shape, (place) => at(x, place.toSpliced(axis, 0, i))) };
}

const scalar = (dtype: DType, value: number): Tensor => ({ dtype, shape: [], data: [value] });

function runLoop(node: Node<'loop'>, operands: readonly Tensor[]): readonly Tensor[] {
  const { body, carries, conditional, sliceAxes, sliceSteps, stackAxes, stackSteps, trips } = node.attrs;
  const most = trips === Infinity ? Infinity : staticShape([trips])[0];
  const given = loopOperands(node, operands);
  let { condition, carried } = given;
  const stacks: Tensor[][] = stackAxes.map(() => []);
  for (let trip = 0; trip < most && condition?.data[0] !== 0; trip++) {
    const slices = given.sliced.map((x, i) =>
      sliceOf(x, sliceAxes[i], sliceSteps[i] > 0 ? trip : most - 1 - trip),
    );
    const made = loopOutputs(node, run(graphIn(body), [scalar('i32', trip), ...carried, ...slices, ...given.captures])); // prettier-ignore
    made.slices.forEach((slice, i) => stacks[i].push(slice));
    carried = made.carried;
    if (conditional) condition = made.condition;
  }
  const parts = node.type.parts!.slice(carries).map(({ dtype, shape: dims }, i) => {
    const shape = staticShape(dims);
    const data = each(shape, (place) => {
      const along = place[stackAxes[i]];
      const trip = stackSteps[i] > 0 ? along : most - 1 - along;
      const slice = stacks[i][trip] as Tensor | undefined;
      return slice === undefined ? 0 : at(slice, place.toSpliced(stackAxes[i], 1));
    });
    return { dtype, shape, data };
  });
  return [...carried, ...parts];
}

function runCond(
  { attrs: { branches } }: Node<'cond'>,
  [predicate, ...captures]: readonly Tensor[],
): readonly Tensor[] {
  return run(graphIn(branches[Math.min(Math.max(predicate.data[0], 0), branches.length - 1)]), captures);
}

/** The outputs of a graph inside of an op. */
function run(graph: Graph, given: readonly Tensor[]): readonly Tensor[] {
  let next = 0;
  return evaluate(graph, () => given[next++].data);
}

/**
 * The outputs of a graph by name, each as its elements. `inputs` has the params by name and the weights by id.
 */
export function evaluateF64(
  graph: Graph,
  inputs: Readonly<Record<string, Elements>>,
): Readonly<Record<string, Elements>> {
  const results = evaluate(graph, (name, shape) => {
    if (inputs[name]?.length === elementCount(shape)) return inputs[name];
    throw new Error(`${name}: ${inputs[name]?.length} elements, not ${elementCount(shape)}`);
  });
  return Object.fromEntries(graph.outputs.map(({ name }, i) => [name, results[i].data]));
}

function evaluate(
  graph: Graph,
  take: (name: string, shape: readonly number[]) => Elements,
): readonly Tensor[] {
  const values: Tensor[] = [];
  for (const node of graph.nodes) {
    const { dtype } = node.type;
    const shape = staticShape(node.type.shape);
    const operands = node.inputs.map((id) => values[id]);
    if (node.op === 'param') values.push({ dtype, shape, data: take(node.attrs.name, shape) });
    else if (node.op === 'weight') values.push({ dtype, shape, data: take(node.attrs.id, shape) });
    else if (node.op === 'loop') values.push({ dtype, shape, data: [], parts: runLoop(node, operands) });
    else if (node.op === 'cond') values.push({ dtype, shape, data: [], parts: runCond(node, operands) });
    else if (node.op === 'result') values.push(operands[0].parts![node.attrs.index]);
    else values.push({ dtype, shape, data: evaluateNode(node, operands, shape) });
  }
  return graph.outputs.map(({ value }) => values[value]);
}

function evaluateNode<K extends Exclude<Op, 'loop' | 'cond' | 'result'>>(
  node: Node<K>,
  operands: readonly Tensor[],
  shape: readonly number[],
): Elements {
  const { op } = node;
  const rule = RULES[canonicalOp(op) as PlainOp] as Rule<K>;
  return rule(node, operands, shape);
}
