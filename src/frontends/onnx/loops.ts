/** Loops and conds as the importer writes them: operands by what they are, the body as a function. */
import { GraphBuilder, type GraphValue } from '../../ir/builder.js';
import type { Dim } from '../../ir/dim.js';
import type { Value } from '../../ir/emitter.js';
import { inlineGraph, partsOf } from '../../ir/subgraphs.js';
import type { TensorType } from '../../ir/types.js';
import { WideEmitter } from './wide/emitter.js';
import { NarrowValue, ofPieces, PairValue, piecesOf, WideValue } from './wide/value.js';

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
  readonly number: Value;
  readonly carried: readonly Value[];
  readonly slices: readonly Value[];
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
  readonly b: WideEmitter;
  private readonly taken = new Map<object, Capture>();

  /**
   * @param outer what emits the graph outside
   * @param around the body that this one stands in, where what it captures stands further outside
   */
  constructor(
    name: string,
    outer: WideEmitter,
    private readonly around?: Body,
  ) {
    this.b = new WideEmitter(new GraphBuilder(name), outer.note);
  }

  get name(): string {
    return this.b.graph.name;
  }

  param(name: string, { dtype, shape }: TensorType): GraphValue {
    return this.b.graph.param(name, dtype, shape);
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

  /** A value of the graph outside, here. */
  captured(value: Value): Value {
    const pieces = piecesOf(value).map((piece) => this.capture(piece, piece.type, () => piece));
    return ofPieces(value, pieces);
  }

  /** The values outside, by what they are known by, in the order of their params. */
  get captures(): ReadonlyMap<object, Capture> {
    return this.taken;
  }
}

/** Carried integers of 64 bits are words: what a trip makes of them is not known before it is there. */
const asCarried = (b: WideEmitter, value: Value): Value =>
  value instanceof WideValue ? b.paired(value) : value;

/** The value in the body that stands for one outside: params, one for each of its pieces. */
function paramsFor(
  body: Body,
  name: string,
  value: Value,
  typeOf = (type: TensorType): TensorType => type,
): Value {
  const pieces = piecesOf(value);
  const params = pieces.map((piece, k) =>
    body.param(pieces.length === 1 ? name : `${name}_${k}`, typeOf(piece.type)),
  );
  return ofPieces(value, params);
}

function carriedParams(body: Body, name: string, value: Value): Value {
  if (!(value instanceof WideValue)) return body.param(name, value.type);
  const [lo, hi] = ['lo', 'hi'].map((word) =>
    body.param(`${name}_${word}`, { dtype: 'u32', shape: value.type.shape }),
  );
  return new PairValue(value.dtype, { lo, hi });
}

/** The params of a body that come before its captures. */
export function tripOf(body: Body, { carried, sliced }: LoopOperands): Trip {
  return {
    number: body.param('trip', { dtype: 'i32', shape: [] }),
    carried: carried.map((value, i) => carriedParams(body, `carried${i}`, value)),
    slices: sliced.map(({ value, axis }, i) =>
      paramsFor(body, `slice${i}`, value, ({ dtype, shape }) => ({ dtype, shape: shape.toSpliced(axis, 1) })),
    ),
  };
}

/** A stack as the stacks of its pieces. */
const stacksOf = ({ value, axis, step }: Stack): readonly Stack[] =>
  piecesOf(value).map((piece) => ({ value: piece, axis, step }));

/**
 * Emits a loop whose body has been built: the carried values after the last trip, then the stacked outputs.
 *
 * @param condition whether there is a first trip; only where the body gives one
 */
export function emitLoop(
  b: WideEmitter,
  { trips, carried: initial, sliced }: LoopOperands,
  body: Body,
  result: TripResult,
  condition?: Value,
): Value[] {
  const carried = initial.map((value) => asCarried(b, value));
  const after = result.carried.map((value, i) => matched(body.b, value, carried[i]));
  const [inputs, outputStacks] = [sliced.flatMap(stacksOf), result.slices.flatMap(stacksOf)];
  const outputs = [
    ...(result.condition === undefined ? [] : [result.condition]),
    ...after.flatMap(piecesOf),
    ...outputStacks.map(({ value }) => value),
  ];
  outputs.forEach((value, i) => body.b.graph.output(`out${i}`, value));
  const pieces = carried.flatMap(piecesOf);
  const operands = [
    ...(condition === undefined ? [] : [condition]),
    ...pieces,
    ...inputs.map(({ value }) => value),
    ...Array.from(body.captures.values(), ({ outer }) => outer()),
  ];
  const tuple = b.graph.emit('loop', operands, {
    body: body.b.graph.build(),
    carries: pieces.length,
    trips,
    conditional: condition !== undefined,
    sliceAxes: inputs.map(({ axis }) => axis),
    sliceSteps: inputs.map(({ step }) => step),
    stackAxes: outputStacks.map(({ axis }) => axis),
    stackSteps: outputStacks.map(({ step }) => step),
  });
  return regrouped([...carried, ...result.slices.map(({ value }) => value)], partsOf(b.graph, tuple));
}

/** A value that consists of pieces as `like` does. */
function matched(b: WideEmitter, value: Value, like: Value): Value {
  if (like instanceof PairValue) return b.paired(b.words.promoted(like.dtype, value));
  return like instanceof NarrowValue ? b.words.promoted(like.dtype, value) : value;
}

/**
 * Results that consist of pieces as `likes` do, out of these pieces. `likes` are what a loop begins with, or what one branch gives:
 * their ranges are none of the results.
 */
function regrouped(likes: readonly Value[], pieces: readonly Value[]): Value[] {
  let next = 0;
  return likes.map((like) => {
    const own = ofPieces(like, pieces.slice(next, (next += piecesOf(like).length)));
    return own instanceof PairValue ? new PairValue(own.dtype, own.words) : own;
  });
}

export interface Branch {
  readonly body: Body;
  readonly outputs: readonly Value[];
}

/**
 * Emits a cond: its outputs. Each branch has its own captures; the op has all of them, once.
 *
 * @param predicate bool[]
 */
export function emitCond(b: WideEmitter, predicate: Value, whenFalse: Branch, whenTrue: Branch): Value[] {
  const branches = alike(whenFalse, whenTrue);
  const all = new Map(branches.flatMap(({ body }) => [...body.captures]));
  const keys = [...all.keys()];
  const captures = Array.from(all.values(), ({ outer }) => outer());
  const graphs = branches.map(({ body, outputs }) => {
    outputs.flatMap(piecesOf).forEach((value, i) => body.b.graph.output(`out${i}`, value));
    const branch = new GraphBuilder(body.name);
    const params = new Map(keys.map((key, i) => [key, branch.param(`capture${i}`, captures[i].type.dtype, captures[i].type.shape)])); // prettier-ignore
    const given = Array.from(body.captures.keys(), (key) => params.get(key)!);
    inlineGraph(branch, body.b.graph.build(), given).forEach((value, i) => branch.output(`out${i}`, value));
    return branch.build();
  });
  const parts = partsOf(b.graph, b.graph.emit('cond', [predicate, ...captures], { branches: graphs }));
  return regrouped(branches[0].outputs, parts);
}

/** Branches whose outputs consist of pieces in the same way: of integers both are words where one is. */
function alike(first: Branch, second: Branch): readonly Branch[] {
  const outputsOf = (own: Branch, other: Branch): Value[] =>
    own.outputs.map((value, i) => {
      const partner = other.outputs[i];
      const like = value instanceof PairValue || !(partner instanceof WideValue) ? value : partner;
      return matched(
        own.body.b,
        value,
        like instanceof NarrowValue && partner instanceof PairValue ? partner : like,
      );
    });
  return [
    { body: first.body, outputs: outputsOf(first, second) },
    { body: second.body, outputs: outputsOf(second, first) },
  ];
}
