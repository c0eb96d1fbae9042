/** Loop: as a loop of the IR, or spelled out where its shapes depend on the number of the trip. */
import { HeddleError } from '../../../../base/errors.js';
import { withScalar } from '../../../../compose/broadcast.js';
import { concat } from '../../../../compose/movement.js';
import { isStatic } from '../../../../ir/dim.js';
import type { Value } from '../../../../ir/emitter.js';
import { MAX_TRIPS } from '../../../../ir/ops.js';
import { printShape, shapesEqual } from '../../../../ir/types.js';
import { typed, type NodeContext } from '../../context.js';
import { fromNumbers, int64Tensor, type HostTensor } from '../../host.js';
import { shorten, SPELLED_NODES } from '../../limits.js';
import { Body, emitLoop, tripOf } from '../../loops.js';
import type { GraphProto } from '../../proto/onnx.js';
import type { Result } from '../../registry.js';
import { inputsOf } from '../../subgraphs.js';
import { graphValue, KnownValue, type OnnxValue } from '../../value.js';
import { resultOf } from '../../handover.js';
import { checkDeclared, counted, outputsWanted, printValue, sameType } from './body.js';

/** The inputs before the carried values. */
const FIRST = 2;

interface LoopNode {
  readonly graph: GraphProto;
  /** How many trips there are at most: Infinity where nothing bounds them; undefined where the model computes it. */
  readonly most: number | undefined;
  /** Whether there is a first trip; undefined where the model computes it. */
  readonly starts: boolean | undefined;
  readonly initial: readonly OnnxValue[];
  /** The carried values that no trip changes. */
  readonly isFixed: readonly boolean[];
  /** How many stacked outputs there are. */
  readonly stacks: number;
}

export function loop(ctx: NodeContext): readonly Result[] {
  const node = readLoop(ctx);
  if (node.initial.some(({ elements }) => elements !== undefined)) return ofSequences(ctx, node);
  try {
    return asLoop(ctx, node);
  } catch (error) {
    const { most, starts } = node;
    const isShape = error instanceof HeddleError && error.code === 'ONNX_DYNAMIC_SHAPE';
    if (!isShape || most === undefined || most === Infinity || starts === undefined) throw error;
    return spelledOut(ctx, node, most, error);
  }
}

/** A sequence has another length in each trip, so trips are spelled out. */
function ofSequences(ctx: NodeContext, node: LoopNode): readonly Result[] {
  const reason = new HeddleError(
    'ONNX_DYNAMIC_SHAPE',
    'a loop that carries a sequence needs a known number of trips',
    {
      hint: 'give the number of trips as a constant: importOnnx(bytes, {weights})',
    },
  );
  const { most, starts } = node;
  if (most === undefined || most === Infinity || starts === undefined) throw reason;
  return spelledOut(ctx, node, most, reason);
}

function readLoop(ctx: NodeContext): LoopNode {
  const graph = ctx.graph('body');
  const initial = ctx.inputs.slice(FIRST).map((_, i) => ctx.input(FIRST + i));
  counted(ctx, 'inputs', inputsOf(graph).length, FIRST + initial.length, 'the trip, the condition, and what the node carries'); // prettier-ignore
  const stacks = graph.output.length - 1 - initial.length;
  if (stacks < 0)
    counted(ctx, 'outputs', graph.output.length, 1 + initial.length, 'the condition, and what the node carries'); // prettier-ignore
  if (outputsWanted(ctx) > initial.length + stacks)
    counted(ctx, 'outputs', graph.output.length, 1 + outputsWanted(ctx), 'the condition, and as many as the node has'); // prettier-ignore
  ['number of trips', 'condition'].forEach((what, i) => checkScalar(ctx, i, what));
  const [trips, starts] = [ctx.inputs[0], ctx.inputs[1]];
  const most = trips === undefined ? Infinity : trips.known && ctx.optionalNumber(0);
  if (most !== undefined && most < 0)
    ctx.fail('ONNX_INVALID', 'a loop has a negative number of trips', {
      found: `${most}`,
      expected: 'an integer >= 0',
    });
  return {
    graph,
    // The largest integers mean that the condition alone ends the loop.
    most: most !== undefined && most >= 2 ** 31 ? Infinity : most,
    starts: starts === undefined ? true : starts.known && ctx.optionalNumber(1) !== 0,
    initial,
    isFixed: initial.map((_, i) => isUnchanged(graph, FIRST + i, 1 + i)),
    stacks,
  };
}

/** Throws ONNX_INVALID unless input `i`, where it is given, is one element. */
function checkScalar(ctx: NodeContext, i: number, what: string): void {
  const shape = ctx.inputs[i]?.shape;
  if (shape?.every((dim) => dim === 1 || !isStatic(dim)) === false)
    ctx.fail('ONNX_INVALID', `the ${what} is not one element`, {
      found: printValue(ctx.input(i)),
      expected: `a scalar, or one element, as input ${i}`,
    });
}

/** Whether an output of a graph is an input of it, perhaps by way of Identity. */
function isUnchanged(graph: GraphProto, input: number, output: number): boolean {
  const sources = new Map<string, string>();
  for (const { opType, domain, input: from, output: to } of graph.node)
    if (opType === 'Identity' && domain === '' && from.length === 1) sources.set(to[0], from[0]);
  let name: string | undefined = graph.output[output].name;
  // A cycle is found elsewhere.
  for (let i = 0; i <= sources.size && sources.has(name); i++) name = sources.get(name)!;
  return name === inputsOf(graph)[input].name;
}

const knownScalar = (name: string, tensor: HostTensor, ctx: NodeContext): OnnxValue =>
  new KnownValue(name, tensor, ctx.b, () => ctx.fail('INTERNAL', 'a scalar that is not a literal'));

function asLoop(ctx: NodeContext, node: LoopNode): readonly Result[] {
  const { graph, initial, isFixed } = node;
  const { b } = ctx;
  const body = new Body(ctx.node.name === '' ? 'Loop' : shorten(ctx.node.name), ctx.b);
  const changing = initial.filter((_, i) => !isFixed[i]);
  const carried = changing.map(({ value }) => value);
  const trip = tripOf(body, { trips: 0, carried, sliced: [] });
  const params = [...trip.carried];
  // A trip is made only where the condition holds.
  const holds = new KnownValue('condition', fromNumbers('bool', [], [1]), body.b, () => body.b.constant('bool', [], 1)); // prettier-ignore
  const given = [
    graphValue('trip', 'int64', trip.number),
    holds,
    ...initial.map((value, i) =>
      isFixed[i] ? ctx.captured(body, value) : graphValue(value.name, value.dtype, params.shift()!),
    ),
  ];
  checkDeclared(ctx, graph, given);
  const [next, ...made] = ctx.importGraph('body', given, body);
  const after = made.slice(0, initial.length).filter((_, i) => !isFixed[i]);
  after.forEach((value, i) => checkCarried(ctx, value, changing[i]));
  const slices = made.slice(initial.length);
  const { trips, condition, follows } = tripsOf(ctx, node, body, trip.number, next);
  if (condition !== undefined && slices.some((_, i) => isWanted(ctx, initial.length + i)))
    ctx.fail('ONNX_DYNAMIC_SHAPE', 'how long a stacked output is depends on data', {
      found: node.most === undefined ? 'a computed number of trips' : 'a computed condition',
      expected: 'a number of trips that is known, and a condition that is always true',
      hint: 'give the number of trips as a constant: importOnnx(bytes, {weights})',
    });
  const results = emitLoop(
    b,
    { trips, carried, sliced: [] },
    body,
    {
      ...(follows === undefined ? {} : { condition: follows }),
      carried: after.map(({ value }) => value),
      slices: condition === undefined ? slices.map(({ value }) => ({ value, axis: 0, step: 1 })) : [],
    },
    condition,
  );
  const finals = initial.map((value, i) =>
    isFixed[i] ? resultOf(value) : typed(results.shift()!, value.dtype),
  );
  return [...finals, ...slices.flatMap(({ dtype }, i) => (i < results.length ? [typed(results[i], dtype)] : []))]; // prettier-ignore
}

const isWanted = (ctx: NodeContext, output: number): boolean =>
  ctx.node.output[output] !== undefined && ctx.node.output[output] !== '';

/** ONNX lets a carried value change its shape from trip to trip; a loop of the IR does not. */
function checkCarried(ctx: NodeContext, found: OnnxValue, expected: OnnxValue): void {
  if (sameType(found, expected)) return;
  const name = shorten(expected.name);
  const facts = {
    found: `${printValue(found)} after a trip`,
    expected: `${printValue(expected)}, as before it`,
  };
  if (found.dtype !== expected.dtype)
    ctx.fail('ONNX_INVALID', `the carried value "${name}" changes its element type`, facts);
  ctx.fail('ONNX_DYNAMIC_SHAPE', `the carried value "${name}" changes its shape`, facts);
}

interface Trips {
  readonly trips: number;
  /** Whether there is a first trip, and in the body whether another follows; where the loop is not a counted one. */
  readonly condition?: Value;
  readonly follows?: Value;
}

function tripsOf(ctx: NodeContext, node: LoopNode, body: Body, trip: Value, next: OnnxValue): Trips {
  const { most, starts } = node;
  checkFlag(ctx, next);
  if (starts === false) return { trips: 0 };
  const goesOn = next.known === undefined ? undefined : Number(next.known.data[0]) !== 0;
  const isCounted = starts === true && most !== undefined;
  if (isCounted && goesOn === false) return { trips: Math.min(1, most) };
  if (isCounted && goesOn === true) {
    if (most === Infinity)
      ctx.fail('ONNX_INVALID', 'the loop has no end', {
        found: 'a condition that is always true, and no number of trips',
        expected: 'a number of trips, or a condition that the body computes',
      });
    if (most > MAX_TRIPS)
      ctx.fail('LIMIT_EXCEEDED', 'the loop has too many trips', {
        found: `${most} trips`,
        expected: `at most ${MAX_TRIPS}`,
      });
    return { trips: most };
  }
  const { b } = ctx;
  const flag = (builder: typeof b, value: Value): Value => builder.reshape(value, []);
  let condition = flag(b, ctx.inputs[1]?.value ?? b.constant('bool', [], 1));
  let follows = flag(body.b, next.value);
  if (most === undefined) {
    const count = ctx.input(0);
    const inside = body.b.reshape(ctx.captured(body, count).value, []);
    condition = b.binary('and', condition, b.binary('lt', b.constant('i32', [], 0), b.reshape(count.value, []))); // prettier-ignore
    follows = body.b.binary('and', follows, body.b.binary('lt', withScalar(body.b, 'add', trip, 1), inside));
  }
  // Such a number bounds nothing: the condition has to end the loop before.
  return { trips: most === undefined || most > MAX_TRIPS ? Infinity : most, condition, follows };
}

function checkFlag(ctx: NodeContext, next: OnnxValue): void {
  if (next.dtype !== 'bool' || !next.shape.every((dim) => dim === 1) || next.shape.length > 1)
    ctx.fail('ONNX_INVALID', 'the condition that the body gives is not a bool', {
      found: printValue(next),
      expected: 'bool[]',
    });
}

/**
 * One trip after the other among the nodes around, each with its number known. `reason` is why a loop of the IR cannot
 * hold them; it is thrown where the trips depend on data.
 */
function spelledOut(
  ctx: NodeContext,
  { graph, initial, starts, stacks }: LoopNode,
  most: number,
  reason: HeddleError,
): readonly Result[] {
  let carried = initial;
  let goesOn = starts;
  const slices = Array.from({ length: stacks }, (): OnnxValue[] => []);
  for (let trip = 0; trip < most && goesOn === true; trip++) {
    if (trip * Math.max(1, graph.node.length) > SPELLED_NODES) throw reason;
    const given = [
      knownScalar('trip', int64Tensor([], [trip]), ctx),
      knownScalar('condition', fromNumbers('bool', [], [1]), ctx),
      ...carried,
    ];
    checkDeclared(ctx, graph, given);
    const [next, ...made] = ctx.importGraph('body', given);
    checkFlag(ctx, next);
    if (next.known === undefined) throw reason;
    goesOn = Number(next.known.data[0]) !== 0;
    const before = carried;
    carried = made.slice(0, initial.length);
    carried.forEach((value, i) => value.dtype === before[i].dtype || checkCarried(ctx, value, before[i]));
    made.slice(initial.length).forEach((slice, i) => slices[i].push(slice));
  }
  const stacked = slices.map((list, i): Result => {
    const [first] = list;
    if (first === undefined) throw reason;
    const other = list.find(({ shape }) => !shapesEqual(shape, first.shape));
    if (other !== undefined)
      ctx.fail('ONNX_INVALID', `the slices of output ${initial.length + i} have several shapes`, {
        found: `${printShape(other.shape)} after ${printShape(first.shape)}`,
        expected: 'one shape in all trips',
      });
    const pieces = list.map(({ value }) => ctx.b.reshape(value, [1, ...first.shape]));
    return typed(concat(ctx.b, pieces, 0), first.dtype);
  });
  return [...carried.map(resultOf), ...stacked];
}
