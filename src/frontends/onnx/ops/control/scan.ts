/** Scan: a loop over slices of its inputs. */
import { broadcastTo } from '../../../../compose/broadcast.js';
import { normalizeAxis } from '../../../../compose/axes.js';
import { dimEquals, type Dim } from '../../../../ir/dim.js';
import type { Value } from '../../../../ir/emitter.js';
import { typed, type NodeContext } from '../../context.js';
import { shorten } from '../../limits.js';
import { Body, emitLoop, tripOf, type Stack, type Trip } from '../../loops.js';
import type { Result } from '../../registry.js';
import { inputsOf } from '../../subgraphs.js';
import { graphValue, type OnnxValue } from '../../value.js';
import { checkDeclared, counted, outputsWanted, printValue, sameType } from './body.js';

/** The operands and attributes of a Scan, of any version. */
interface ScanNode {
  readonly states: readonly OnnxValue[];
  readonly inputs: readonly OnnxValue[];
  readonly stacks: number;
  readonly inputSteps: readonly (1 | -1)[];
  readonly outputSteps: readonly (1 | -1)[];
}

/** @param first the operands before the states */
function readScan(ctx: NodeContext, first: number, inputDirections: string): ScanNode {
  const graph = ctx.graph('body');
  const operands = ctx.inputs.slice(first).map((_, i) => ctx.input(first + i));
  const count = ctx.attr.required('num_scan_inputs', ctx.attr.int('num_scan_inputs'));
  if (count < 1 || count > operands.length)
    ctx.fail('ONNX_INVALID', 'num_scan_inputs is out of range', {
      found: `num_scan_inputs ${count}`,
      expected: `1 to ${operands.length}`,
    });
  counted(ctx, 'inputs', inputsOf(graph).length, operands.length, 'the states, and a slice of each scanned input'); // prettier-ignore
  const states = operands.slice(0, operands.length - count);
  const stacks = graph.output.length - states.length;
  if (stacks < 0) counted(ctx, 'outputs', graph.output.length, states.length, 'at least the states');
  if (outputsWanted(ctx) > graph.output.length)
    counted(ctx, 'outputs', graph.output.length, outputsWanted(ctx), 'as many as the node has');
  return {
    states,
    inputs: operands.slice(states.length),
    stacks,
    inputSteps: stepsOf(ctx, inputDirections, count),
    outputSteps: stepsOf(ctx, 'scan_output_directions', stacks),
  };
}

/** A list with an entry for each of `count` values. */
function listOf(ctx: NodeContext, name: string, count: number): readonly number[] {
  const list = ctx.attr.ints(name) ?? new Array<number>(count).fill(0);
  if (list.length !== count)
    ctx.fail('ONNX_INVALID', `attribute ${name} has the wrong length`, {
      found: `${list.length}`,
      expected: `${count}`,
    });
  return list;
}

const stepsOf = (ctx: NodeContext, name: string, count: number): readonly (1 | -1)[] =>
  listOf(ctx, name, count).map((direction) => {
    if (direction === 0 || direction === 1) return direction === 0 ? 1 : -1;
    return ctx.fail('ONNX_INVALID', `attribute ${name} has no such value`, {
      found: `${direction}`,
      expected: '0 or 1',
    });
  });

/** The common extent of the scanned inputs along their axes. */
function tripsOf(ctx: NodeContext, inputs: readonly OnnxValue[], axes: readonly number[]): Dim {
  const trips = inputs[0].shape[axes[0]];
  inputs.forEach(({ shape }, i) => {
    if (!dimEquals(shape[axes[i]], trips))
      ctx.fail('ONNX_INVALID', 'the scanned inputs have several lengths', {
        found: `${String(shape[axes[i]])} along axis ${axes[i]} of input ${i}`,
        expected: `${String(trips)}, as along axis ${axes[0]} of the first`,
      });
  });
  return trips;
}

interface Made {
  readonly states: readonly OnnxValue[];
  readonly slices: readonly OnnxValue[];
}

/** Imports the body on the values of a trip. */
function importTrip(
  ctx: NodeContext,
  { states, inputs }: ScanNode,
  body: Body,
  trip: Pick<Trip, 'carried' | 'slices'>,
): Made {
  const before = states.map(({ name, dtype }, i) => graphValue(name, dtype, trip.carried[i]));
  const given = [...before, ...inputs.map(({ name, dtype }, i) => graphValue(name, dtype, trip.slices[i]))];
  checkDeclared(ctx, ctx.graph('body'), given);
  const made = ctx.importGraph('body', given, body);
  before.forEach((value, i) => {
    if (!sameType(made[i], value))
      ctx.fail('ONNX_INVALID', `the state "${shorten(value.name)}" changes its type`, {
        found: `${printValue(made[i])} after a trip`,
        expected: `${printValue(value)}, as before it`,
      });
  });
  return { states: made.slice(0, states.length), slices: made.slice(states.length) };
}

const bodyOf = (ctx: NodeContext): Body =>
  new Body(ctx.node.name === '' ? 'Scan' : shorten(ctx.node.name), ctx.b);

export function scan(ctx: NodeContext): readonly Result[] {
  const node = readScan(ctx, 0, 'scan_input_directions');
  const axes = listOf(ctx, 'scan_input_axes', node.inputs.length).map((axis, i) =>
    normalizeAxis(axis, node.inputs[i].shape.length),
  );
  const outputAxes = listOf(ctx, 'scan_output_axes', node.stacks);
  const operands = {
    trips: tripsOf(ctx, node.inputs, axes),
    carried: node.states.map(({ value }) => value),
    sliced: node.inputs.map(({ value }, i): Stack => ({ value, axis: axes[i], step: node.inputSteps[i] })),
  };
  const body = bodyOf(ctx);
  const made = importTrip(ctx, node, body, tripOf(body, operands));
  const results = emitLoop(ctx.b, operands, body, {
    carried: made.states.map(({ value }) => value),
    slices: made.slices.map(({ value }, i) => {
      const axis = normalizeAxis(outputAxes[i], value.type.shape.length + 1);
      return { value, axis, step: node.outputSteps[i] };
    }),
  });
  return withDTypes(results, made);
}

const withDTypes = (results: readonly Value[], { states, slices }: Made): readonly Result[] =>
  [...states, ...slices].map(({ dtype }, i): Result => typed(results[i], dtype));

/**
 * Version 8: all values have a batch axis in front, and sequences may be shorter than the others. A loop over the batch
 * holds the loop over the steps; steps behind the end of a sequence leave its states, and give zeros.
 */
export function scanOfBatches(ctx: NodeContext): readonly Result[] {
  const node = readScan(ctx, 1, 'directions');
  const [first] = node.inputs;
  for (const value of [...node.states, ...node.inputs])
    if (value.shape.length === 0 || !dimEquals(value.shape[0], first.shape[0]))
      ctx.fail('ONNX_INVALID', 'the values have several batch sizes', {
        found: `${printValue(value)} of "${shorten(value.name)}"`,
        expected: `${printValue(first)} of "${shorten(first.name)}" in its first axis`,
      });
  const lengths = ctx.inputs[0] === undefined ? [] : [ctx.value(0)];
  const operands = {
    trips: first.shape[0],
    carried: [],
    sliced: [...node.states, ...node.inputs]
      .map(({ value }) => value)
      .concat(lengths)
      .map(ofBatch),
  };
  const outer = bodyOf(ctx);
  const { slices } = tripOf(outer, operands);
  const [states, inputs] = [node.states.length, node.inputs.length];
  const length = slices.slice(states + inputs);
  const steps = {
    trips: tripsOf(
      ctx,
      node.inputs,
      node.inputs.map(() => 1),
    ),
    carried: [...slices.slice(0, states), ...length],
    sliced: slices
      .slice(states, states + inputs)
      .map((value, i): Stack => ({ value, axis: 0, step: node.inputSteps[i] })),
  };
  const inner = new Body(outer.name, outer.b, outer);
  const trip = tripOf(inner, steps);
  const made = importTrip(ctx, node, inner, trip);
  const [end] = trip.carried.slice(states);
  const chosen = (value: Value, otherwise: Value): Value => {
    if (length.length === 0) return value;
    const isThere = inner.b.binary('lt', trip.number, end);
    return inner.b.select(broadcastTo(inner.b, isThere, value.type.shape), value, otherwise);
  };
  const after = made.states.map(({ value }, i) => chosen(value, trip.carried[i]));
  const results = emitLoop(outer.b, steps, inner, {
    carried: length.length === 0 ? after : [...after, end],
    slices: made.slices.map(({ value }) => ofBatch(chosen(value, inner.b.full(value, 0)))),
  });
  results.splice(states, length.length);
  const whole = emitLoop(ctx.b, operands, outer, { carried: [], slices: results.map(ofBatch) });
  return withDTypes(whole, made);
}

const ofBatch = (value: Value): Stack => ({ value, axis: 0, step: 1 });
