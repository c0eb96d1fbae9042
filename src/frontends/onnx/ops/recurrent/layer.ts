/** A recurrent operator: each direction is a loop over the steps, after one product of all inputs with their weights. */
import { broadcastTo } from '../../../../compose/broadcast.js';
import { linear } from '../../../../compose/matmul.js';
import { concat, sliceAxis } from '../../../../compose/movement.js';
import type { Activation } from '../../../../compose/recurrent.js';
import { isStatic, type Dim } from '../../../../ir/dim.js';
import type { Value } from '../../../../ir/emitter.js';
import { printShape } from '../../../../ir/types.js';
import type { NodeContext } from '../../context.js';
import { Body, emitLoop, tripOf, type LoopOperands } from '../../loops.js';
import { checkInput } from '../checks.js';
import { activationsOf } from './activations.js';
import type { Cell } from './cells.js';

/** Where the inputs of all three operators stand. */
const [X, W, R, B, LENGTHS, STATES, PEEPHOLES] = [0, 1, 2, 3, 4, 5, 7];

interface Sizes {
  readonly steps: Dim;
  readonly batch: Dim;
  readonly hidden: number;
  readonly directions: number;
  /** Of the steps in inputs and outputs without directions. */
  readonly stepAxis: 0 | 1;
  /** Of the directions in states, before the batch or after it. */
  readonly directionAxis: 0 | 1;
}

function sizesOf(ctx: NodeContext, cell: Cell): Sizes & { readonly kinds: readonly (1 | -1)[] } {
  const direction = ctx.attr.choice('direction', ['forward', 'reverse', 'bidirectional'], 'forward');
  const kinds = ({ forward: [1], reverse: [-1], bidirectional: [1, -1] } as const)[direction];
  const layout = ctx.attr.int('layout', 0);
  if (layout !== 0 && layout !== 1)
    ctx.fail('ONNX_INVALID', 'attribute layout has no such value', {
      found: `${layout}`,
      expected: '0 or 1',
    });
  const ranks = [X, W, R].map((i) => ctx.rank(i));
  if (ranks.some((rank) => rank !== 3))
    ctx.fail('SHAPE_MISMATCH', 'inputs, weights and recurrent weights have three axes', {
      found: [X, W, R].map((i) => printShape(ctx.input(i).shape)).join(', '),
    });
  const hidden = ctx.input(R).shape[2];
  if (!isStatic(hidden))
    ctx.fail('ONNX_DYNAMIC_SHAPE', 'the hidden size has to be a number', {
      found: printShape(ctx.input(R).shape),
    });
  const declared = ctx.attr.int('hidden_size', hidden);
  if (declared !== hidden)
    ctx.fail('ONNX_INVALID', 'hidden_size contradicts the recurrent weights', {
      found: `${declared}`,
      expected: `${hidden}`,
    });
  const { shape } = ctx.input(X);
  const [directions, rows] = [kinds.length, cell.gates * hidden];
  const batch = shape[1 - layout];
  checkInput(ctx, W, 'directions, gates, features', [directions, rows, shape[2]]);
  checkInput(ctx, R, 'directions, gates, hidden features', [directions, rows, hidden]);
  checkInput(ctx, B, 'directions, biases of inputs and states', [directions, 2 * rows]);
  checkInput(ctx, LENGTHS, 'a length for each sequence', [batch]);
  const state = layout === 0 ? [directions, batch, hidden] : [batch, directions, hidden];
  for (let i = 0; i < cell.states; i++) checkInput(ctx, STATES + i, 'an initial state', state);
  checkInput(ctx, PEEPHOLES, 'directions, peepholes', [directions, 3 * hidden]);
  const axes = { stepAxis: layout, directionAxis: layout } as const;
  return { steps: shape[layout], batch, hidden, directions, kinds, ...axes };
}

/** Part `d` of the first axis. */
function partOf(ctx: NodeContext, x: Value, d: number, axis = 0): Value {
  return ctx.b.reshape(sliceAxis(ctx.b, x, axis, d, 1), x.type.shape.toSpliced(axis, 1));
}

/** Whether each sequence has the step, as a stacked value [T, B] bool; undefined where all have all. */
function maskOf(ctx: NodeContext, { steps, batch }: Sizes): Value | undefined {
  const lengths = ctx.inputs[LENGTHS];
  if (lengths === undefined) return undefined;
  if (lengths.known !== undefined && isStatic(steps)) {
    const numbers = ctx.knownInts(LENGTHS);
    const wrong = numbers.find((length) => !(length >= 0 && length <= steps));
    if (wrong !== undefined)
      ctx.fail('ONNX_INVALID', 'a sequence length is out of range', {
        found: `${wrong}`,
        expected: `0 to ${steps}`,
      });
    if (numbers.every((length) => length === steps)) return undefined;
  }
  const { b } = ctx;
  const position = b.emit('iota', [], { dtype: 'i32', shape: [steps, batch], axis: 0 });
  return b.binary('lt', position, broadcastTo(b, lengths.value, [steps, batch]));
}

interface Direction {
  readonly outputs: Value;
  readonly finals: readonly Value[];
}

function runDirection(
  ctx: NodeContext,
  cell: Cell,
  sizes: Sizes,
  d: number,
  step: 1 | -1,
  mask: Value | undefined,
  functions: readonly Activation[],
): Direction {
  const { b } = ctx;
  const { hidden, batch, steps, stepAxis, directionAxis } = sizes;
  const rows = cell.gates * hidden;
  const biases = ctx.optional(B) && partOf(ctx, ctx.value(B), d);
  const halves = [0, rows].map((start) => biases && sliceAxis(b, biases, 0, start, rows));
  const projected = linear(b, ctx.value(X), partOf(ctx, ctx.value(W), d), halves[0], true);
  const peepholes = ctx.optional(PEEPHOLES) && partOf(ctx, ctx.value(PEEPHOLES), d);
  const recurrent = partOf(ctx, ctx.value(R), d);
  const weights = cell.prepare(b, { recurrent, bias: halves[1], peepholes }, hidden, ctx);
  const carried = Array.from({ length: cell.states }, (_, i) => {
    const initial = ctx.optional(STATES + i);
    if (initial !== undefined) return partOf(ctx, initial, d, directionAxis);
    return b.constantLike(projected, [batch, hidden], 0);
  });
  const sliced = [
    { value: projected, axis: stepAxis, step },
    ...(mask ? [{ value: mask, axis: 0, step }] : []),
  ];
  const operands: LoopOperands = { trips: steps, carried, sliced };
  const body = new Body(ctx.node.opType, b);
  const trip = tripOf(body, operands);
  const inside = Object.fromEntries(
    Object.entries(weights).map(([name, value]): [string, Value | undefined] => [
      name,
      value && body.captured(value),
    ]),
  );
  const [gates, isThere] = trip.slices;
  const made = cell.step(body.b, gates, trip.carried, inside, functions, ctx);
  const chosen = (value: Value, otherwise: Value): Value =>
    mask === undefined
      ? value
      : body.b.select(
          body.b.broadcast(body.b.reshape(isThere, [batch, 1]), value.type.shape),
          value,
          otherwise,
        );
  const results = emitLoop(b, operands, body, {
    carried: made.map((value, i) => chosen(value, trip.carried[i])),
    slices: [{ value: chosen(made[0], body.b.full(made[0], 0)), axis: stepAxis, step }],
  });
  return { outputs: results[cell.states], finals: results.slice(0, cell.states) };
}

/** Y, and the last value of each state. */
export function recurrentLayer(ctx: NodeContext, cell: Cell): readonly Value[] {
  const { kinds, ...sizes } = sizesOf(ctx, cell);
  const functions = activationsOf(ctx, kinds.length, cell.activations);
  const mask = maskOf(ctx, sizes);
  const directions = kinds.map((step, d) => runDirection(ctx, cell, sizes, d, step, mask, functions[d]));
  /** Values side by side along a new axis. */
  const stacked = (values: readonly Value[], axis: number): Value =>
    concat(
      ctx.b,
      values.map((value) => ctx.b.reshape(value, value.type.shape.toSpliced(axis, 0, 1))),
      axis,
    );
  // [T, D, B, H], or [B, T, D, H].
  const y = stacked(
    directions.map(({ outputs }) => outputs),
    1 + sizes.stepAxis,
  );
  const finals = Array.from({ length: cell.states }, (_, i) =>
    stacked(
      directions.map((direction) => direction.finals[i]),
      sizes.directionAxis,
    ),
  );
  return [y, ...finals];
}
