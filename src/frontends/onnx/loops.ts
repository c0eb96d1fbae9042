/** Loops and conds as the importer writes them: operands by what they are, the body as a function. */
import { GraphBuilder, type GraphValue } from '../../ir/builder.js';
import type { Dim } from '../../ir/dim.js';
import type { Value } from '../../ir/emitter.js';
import { inlineGraph, partsOf } from '../../ir/subgraphs.js';
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

interface Capture {
  readonly param: GraphValue;
  readonly outer: () => Value;
}

/** A body under construction, with what it takes from outside: each capture becomes a param after all others. */
export class Body {
  readonly b: GraphBuilder;
  private readonly taken = new Map<object, Capture>();

  /** @param around the body that this one stands in, where what it captures stands further outside */
  constructor(
    name: string,
    private readonly around?: Body,
  ) {
    this.b = new GraphBuilder(name);
  }

  param(name: string, { dtype, shape }: TensorType): GraphValue {
    return this.b.param(name, dtype, shape);
  }

  /**
   * A value from outside, here.
   *
   * @param key what it is known by: one key, one capture
   * @param outer the value in the graph outside, which is asked for when the body is used
   */
  capture(key: object, type: TensorType, outer: () => Value): GraphValue {
    const known = this.taken.get(key);
    if (known !== undefined) return known.param;
    const param = this.param(`capture${this.taken.size}`, type);
    const { around } = this;
    this.taken.set(key, {
      param,
      outer: around === undefined ? outer : () => around.capture(key, type, outer),
    });
    return param;
  }

  /** The values outside, by what they are known by, in the order of their params. */
  get captures(): ReadonlyMap<object, Capture> {
    return this.taken;
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
    ...Array.from(body.captures.values(), ({ outer }) => outer()),
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

/**
 * Emits a cond: its outputs. Each branch has its own captures; the op has all of them, once.
 *
 * @param predicate bool[]
 */
export function emitCond(
  b: GraphBuilder,
  predicate: Value,
  whenFalse: Branch,
  whenTrue: Branch,
): GraphValue[] {
  const branches = [whenFalse, whenTrue];
  const all = new Map(branches.flatMap(({ body }) => [...body.captures]));
  const keys = [...all.keys()];
  const captures = Array.from(all.values(), ({ outer }) => outer());
  const graphs = branches.map(({ body, outputs }) => {
    outputs.forEach((value, i) => body.b.output(`out${i}`, value));
    const branch = new Body(body.b.name);
    const params = new Map(keys.map((key, i) => [key, branch.param(`capture${i}`, captures[i].type)]));
    const given = Array.from(body.captures.keys(), (key) => params.get(key)!);
    inlineGraph(branch.b, body.b.build(), given).forEach((value, i) => branch.b.output(`out${i}`, value));
    return branch.b.build();
  });
  return partsOf(b, b.emit('cond', [predicate, ...captures], { branches: graphs }));
}

export interface Branch {
  readonly body: Body;
  readonly outputs: readonly Value[];
}
