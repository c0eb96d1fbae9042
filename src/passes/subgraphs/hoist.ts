/** Loops out of which what is the same in every trip is taken: it is computed once, before the loop. */
import { GraphBuilder, type GraphValue } from '../../ir/builder.js';
import { paramsOf, type Graph, type Node, type ValueId } from '../../ir/graph.js';
import { isRematMark, isView } from '../../ir/ops.js';
import { graphIn, holdsGraphs, loopOperands, loopOutputs, mapGraphs } from '../../ir/subgraphs.js';
import { copyNode } from '../differentiate/copy.js';

export interface Hoisted {
  readonly graph: Graph;
  /** Where the tensors of the graph are now. */
  readonly moved: (id: ValueId) => ValueId;
}

/** What becomes of views of what all trips share. */
export interface HoistOptions {
  /**
   * `inside`: the trips make them, since they cost a kernel nothing and would else lie in memory. `outside`: they are hoisted
   * like all else, so that their cotangents are the sums over the trips and are pulled back once, as where the loop is spelled
   * out and equal nodes are shared.
   */
  readonly views: 'inside' | 'outside';
  /** Whether transposes are hoisted in any case: for engines whose kernels do not take columns that lie apart. */
  readonly transposes?: boolean;
}

/**
 * `graph`, in whose loops no value depends on captures alone, no carried value stays what it is, and no operand is captured
 * or sliced twice in the same way. The bits of its outputs are as before. The same object where that is so already.
 */
export function hoistInvariants(graph: Graph, options: HoistOptions): Hoisted {
  const asIs: Hoisted = { graph, moved: (id) => id };
  if (!graph.nodes.some(({ op }) => holdsGraphs(op))) return asIs;
  const b = new GraphBuilder(graph.name);
  const values: GraphValue[] = [];
  /** The parts of the values of loops. */
  const parts = new Map<ValueId, readonly GraphValue[]>();
  let isSame = true;
  graph.nodes.forEach((given, id) => {
    const attrs = mapGraphs(given, (inner) => {
      const hoisted = hoistInvariants(inner, options).graph;
      isSame &&= hoisted === inner;
      return hoisted;
    });
    const node = holdsGraphs(given.op) ? ({ ...given, attrs } as Node) : given;
    const [tuple] = node.inputs;
    const made = node.op === 'loop' ? b.within(node.name, () => hoistLoop(b, node, values, options)) : undefined; // prettier-ignore
    if (made !== undefined) {
      isSame = false;
      parts.set(id, made);
      // Nothing but results uses a tuple.
      values.push(values[node.inputs[0]]);
    } else if (node.op === 'result' && parts.has(tuple)) values.push(parts.get(tuple)![node.attrs.index]);
    else values.push(copyNode(b, node, values));
  });
  if (isSame) return asIs;
  for (const { name, value } of graph.outputs) b.output(name, values[value]);
  return { graph: b.build(), moved: (id) => values[id].id };
}

/** The parts of the loop's value; undefined where the loop is as it shall be. Nothing is to be hoisted out of its inner ones. */
function hoistLoop(
  b: GraphBuilder,
  loop: Node<'loop'>,
  outer: readonly GraphValue[],
  { views, transposes = false }: HoistOptions,
): readonly GraphValue[] | undefined {
  const { attrs } = loop;
  const operands = loop.inputs.map((input) => outer[input]);
  const inner = graphIn(attrs.body);
  const params = paramsOf(inner).map(({ id }) => id);
  const given = loopOperands(loop, operands);
  const made = loopOutputs(
    loop,
    inner.outputs.map(({ value }) => value),
  );
  const entering = loopOperands(loop, attrs.conditional ? params : params.slice(1));
  const changing = range(attrs.carries).filter((i) => made.carried[i] !== entering.carried[i]);
  const twin = given.sliced.map((_, i) => range(i + 1).find((j) => sameSlices(attrs, given.sliced, i, j))!);
  const distinct = range(twin.length).filter((i) => twin[i] === i);

  const shared = new Map<ValueId, GraphValue>();
  given.captures.forEach((value, i) => shared.set(entering.captures[i], value));
  given.carried.forEach((value, i) => {
    if (!changing.includes(i)) shared.set(entering.carried[i], value);
  });
  hoistShared(b, inner, shared);
  /** Whether the trips have the value at hand: it is not a param, and is made of captures without a copy. */
  const isInside = (id: ValueId): boolean =>
    views === 'inside' && isView(inner.nodes[id].op) && !(transposes && isTranspose(inner.nodes[id]));
  const isDistinct = new Set(given.captures.map(({ id }) => id)).size === given.captures.length;
  const isHoisted = [...shared.keys()].some((id) => inner.nodes[id].op !== 'param' && !isInside(id));
  if (!isHoisted && isDistinct && changing.length === attrs.carries && distinct.length === twin.length)
    return undefined;

  const body = new GraphBuilder(inner.name);
  const values = new Map<ValueId, GraphValue>();
  const declare = (id: ValueId): void => {
    const { type } = inner.nodes[id];
    values.set(id, body.param(`p${values.size}`, type.dtype, type.shape));
  };
  [params[0], ...changing.map((i) => entering.carried[i]), ...distinct.map((i) => entering.sliced[i])].forEach(declare); // prettier-ignore
  twin.forEach((first, i) => values.set(entering.sliced[i], values.get(entering.sliced[first])!));
  const captures = new Map<ValueId, GraphValue>();
  const value = (id: ValueId): GraphValue => {
    const known = values.get(id);
    if (known !== undefined) return known;
    const node = inner.nodes[id];
    const made = isInside(id) ? body.emit(node.op, node.inputs.map(value), node.attrs, node.name) : capture(shared.get(id)!); // prettier-ignore
    values.set(id, made);
    return made;
  };
  const capture = (outside: GraphValue): GraphValue => {
    const { dtype, shape } = outside.type;
    const param = captures.get(outside.id) ?? body.param(`c${captures.size}`, dtype, shape);
    captures.set(outside.id, param);
    return param;
  };
  inner.nodes.forEach(({ op, inputs, attrs: own, name }, id) => {
    if (!shared.has(id) && op !== 'param') values.set(id, body.emit(op, inputs.map(value), own, name));
  });
  const outputs = [
    ...(made.condition === undefined ? [] : [made.condition]),
    ...changing.map((i) => made.carried[i]),
    ...made.slices,
  ];
  outputs.forEach((id, i) => body.output(`r${i}`, value(id)));
  const tuple = b.emit(
    'loop',
    [
      ...(given.condition === undefined ? [] : [given.condition]),
      ...changing.map((i) => given.carried[i]),
      ...distinct.map((i) => given.sliced[i]),
      ...[...captures.keys()].map((id) => b.value(id)),
    ],
    {
      ...attrs,
      body: body.build(),
      carries: changing.length,
      sliceAxes: distinct.map((i) => attrs.sliceAxes[i]),
      sliceSteps: distinct.map((i) => attrs.sliceSteps[i]),
    },
  );
  const part = (index: number): GraphValue => b.emit('result', [tuple], { index });
  return [
    ...given.carried.map((init, i) => (changing.includes(i) ? part(changing.indexOf(i)) : init)),
    ...made.slices.map((_, i) => part(changing.length + i)),
  ];
}

/** Whether a node moves the last axis, so that what lay side by side lies apart. */
const isTranspose = ({ op, attrs, type: { shape } }: Node): boolean =>
  op === 'permute' && attrs.permutation.at(-1) !== shape.length - 1;

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

const sameSlices = (
  { sliceAxes, sliceSteps }: Node<'loop'>['attrs'],
  stacked: readonly GraphValue[],
  i: number,
  j: number,
): boolean =>
  stacked[i].id === stacked[j].id && sliceAxes[i] === sliceAxes[j] && sliceSteps[i] === sliceSteps[j];

/**
 * Emits into `b` what `body` makes of `shared` values alone, and adds it to them. What constants alone determine stays where
 * it is; so does nothing of a rematerialised span, for a value that all trips share is kept once.
 */
function hoistShared(b: GraphBuilder, body: Graph, shared: Map<ValueId, GraphValue>): void {
  const literal = body.nodes.map(() => false);
  const outside = (id: ValueId): GraphValue => {
    const { op, inputs, attrs, name } = body.nodes[id];
    return shared.get(id) ?? b.emit(op, inputs.map(outside), attrs, name);
  };
  body.nodes.forEach(({ op, inputs, attrs, name }, id) => {
    if (op === 'param') return;
    literal[id] = inputs.every((input) => literal[input]);
    if (literal[id] || !inputs.every((input) => literal[input] || shared.has(input))) return;
    shared.set(id, isRematMark(op) ? shared.get(inputs[0])! : b.emit(op, inputs.map(outside), attrs, name));
  });
}
