/** Loops as the importer writes them: operands by what they are, the body as a function. */
import { GraphBuilder, type GraphValue } from '../../ir/builder.js';
import type { Dim } from '../../ir/dim.js';
import type { Value } from '../../ir/emitter.js';
import type { TensorType } from '../../ir/types.js';

/** A value whose slices along `axis` belong to the trips: in order, or backwards where `step` is -1. */
export interface Stack {
  readonly value: Value;
  readonly axis: number;
  readonly step: 1 | -1;
}

export interface LoopOperands {
  readonly trips: Dim;
  readonly carried: readonly Value[];
  readonly sliced: readonly Stack[];
}

/** What a trip is given, as values of the body. */
export interface Trip {
  /** i32[], from 0 on. */
  readonly number: GraphValue;
  readonly carried: readonly GraphValue[];
  readonly slices: readonly GraphValue[];
}

/** What a trip gives. */
export interface TripResult {
  /** bool[]: whether another trip follows. Only where the loop has a condition. */
  readonly condition?: Value;
  readonly carried: readonly Value[];
  /** Slices of the stacked outputs. */
  readonly slices: readonly Stack[];
}

/** A body under construction, with what it takes from outside: each capture becomes a param after all others. */
export class Body {
  readonly b: GraphBuilder;
  readonly captures: Value[] = [];
  private readonly params: GraphValue[] = [];

  constructor(name: string) {
    this.b = new GraphBuilder(name);
  }

  param(name: string, { dtype, shape }: TensorType): GraphValue {
    return this.b.param(name, dtype, shape);
  }

  /** A value of the graph outside, here. */
  capture(outer: Value): GraphValue {
    const known = this.captures.indexOf(outer);
    if (known >= 0) return this.params[known];
    const param = this.param(`capture${this.captures.length}`, outer.type);
    this.captures.push(outer);
    this.params.push(param);
    return param;
  }
}

/** The params of a body that come before its captures. */
export function tripOf(body: Body, { carried, sliced }: LoopOperands): Trip {
  return {
    number: body.param('trip', { dtype: 'i32', shape: [] }),
    carried: carried.map(({ type }, i) => body.param(`carried${i}`, type)),
    slices: sliced.map(({ value: { type }, axis }, i) =>
      body.param(`slice${i}`, { dtype: type.dtype, shape: type.shape.toSpliced(axis, 1) }),
    ),
  };
}

/** The parts of the value of an op that has several. */
export const partsOf = (b: GraphBuilder, tuple: Value): GraphValue[] =>
  (tuple.type.parts ?? []).map((_, index) => b.emit('result', [tuple], { index }));

/**
 * Emits a loop whose body has been built: the carried values after the last trip, then the stacked outputs.
 *
 * @param condition whether there is a first trip; only where the body gives one
 */
export function emitLoop(
  b: GraphBuilder,
  { trips, carried, sliced }: LoopOperands,
  body: Body,
  result: TripResult,
  condition?: Value,
): GraphValue[] {
  const outputs = [
    ...(result.condition === undefined ? [] : [result.condition]),
    ...result.carried,
    ...result.slices.map(({ value }) => value),
  ];
  outputs.forEach((value, i) => body.b.output(`out${i}`, value));
  const operands = [
    ...(condition === undefined ? [] : [condition]),
    ...carried,
    ...sliced.map(({ value }) => value),
    ...body.captures,
  ];
  const tuple = b.emit('loop', operands, {
    body: body.b.build(),
    carries: carried.length,
    trips,
    conditional: condition !== undefined,
    sliceAxes: sliced.map(({ axis }) => axis),
    sliceSteps: sliced.map(({ step }) => step),
    stackAxes: result.slices.map(({ axis }) => axis),
    stackSteps: result.slices.map(({ step }) => step),
  });
  return partsOf(b, tuple);
}
