/** Steps that add loops and conds, whose graphs grow from steps in turn. */
import type { DType } from '../../src/base/dtype.js';
import type { GraphValue } from '../../src/ir/builder.js';
import { partsOf as resultsOf } from '../../src/ir/subgraphs.js';
import { STEPS, STEP_KINDS } from './graph-steps.js';
import { Choices, shapeOf, World, type GrowStep } from './graph-world.js';

const DEEPEST = 3;

/** The graph of an op: what it takes from outside becomes a param, and a capture. */
class InnerWorld extends World {
  readonly captures: GraphValue[] = [];
  private taken = 0;

  /** @param mayCapture whether it may take what it needs from `outer`; else constants have to do */
  constructor(
    private readonly outer: World,
    private readonly mayCapture: boolean,
  ) {
    super(0, outer.level + 1, outer.unbounded);
  }

  given({ dtype, shape }: GraphValue['type']): GraphValue {
    const value = this.b.param(`a${this.taken++}`, dtype, shape);
    this.values.push(value);
    return value;
  }

  override source(c: Choices, dtype: DType, shape: readonly number[]): GraphValue {
    if (!this.mayCapture || c.oneIn(3)) return this.constant(c, dtype, shape);
    const captured = this.outer.like(c, dtype, shape);
    this.captures.push(captured);
    return this.given(captured.type);
  }
}

/** Decisions for the inside of an op, all from one number. */
function choicesFrom(seed: number): Choices {
  const numbers: number[] = [];
  for (let [i, state] = [0, seed + 1]; i < 200; i++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    numbers.push((state >>> 8) % 10000);
  }
  return new Choices(numbers);
}

function growInside(world: InnerWorld, c: Choices): void {
  for (let i = c.below(4); i >= 0; i--) {
    const nested = world.level < DEEPEST && c.oneIn(5);
    const grown = nested ? c.pick([loop, cond]) : STEPS[c.pick(STEP_KINDS)];
    const made = grown(world, c);
    if (made !== undefined && !world.values.some(({ id }) => id === made.id)) world.values.push(made);
  }
}

/** The parts of the value of an op, of which the first is given back and the others are there, too. */
function partsOf(w: World, tuple: GraphValue, c: Choices): GraphValue | undefined {
  const parts = resultsOf(w.b, tuple);
  // Some are used by nothing.
  w.values.push(...parts.slice(1).filter(() => !c.oneIn(4)));
  return parts.at(0);
}

const loop: GrowStep = (w, c) => {
  const trips = c.pick([2, 1, 3, 7, 0, 2]);
  const conditional = c.oneIn(3);
  const carried = Array.from({ length: c.below(3) }, () => w.any(c));
  const sliceAxes: number[] = [];
  const sliced = Array.from({ length: c.below(3) }, () => {
    const shape = shapeOf(w.any(c)).slice(0, 2);
    const axis = c.below(shape.length + 1);
    const whole = shape.toSpliced(axis, 0, trips);
    if (!w.fits(whole)) return [];
    sliceAxes.push(axis);
    return [w.like(c, c.pick<DType>(['f32', 'i32', 'f16', 'bool']), whole)];
  }).flat();
  const step = (): number => c.pick([1, -1]);
  const inner = new InnerWorld(w, true);
  const number = inner.given({ dtype: 'i32', shape: [] });
  const held = carried.map(({ type }) => inner.given(type));
  sliced.forEach(({ type }, i) => inner.given({ ...type, shape: type.shape.toSpliced(sliceAxes[i], 1) }));
  const inside = choicesFrom(c.below(9999));
  growInside(inner, inside);
  const next = held.map(({ type }) => inner.like(inside, type.dtype, shapeOf({ id: 0, type })));
  const open = w.unbounded && conditional && sliced.length === 0 && inside.oneIn(2);
  const stacks = Array.from({ length: open ? 0 : inside.below(3) }, () => inner.any(inside)).filter((slice) =>
    w.fits([trips, ...shapeOf(slice)]),
  );
  const flags = conditional ? [inner.like(inside, 'bool', [])] : [];
  // It ends after `trips` in any case, which nobody knows of it.
  const few = (flag: GraphValue): GraphValue =>
    inner.b.binary('and', flag, inner.b.binary('lt', number, inner.b.constant('i32', [], trips - 1)));
  const outputs = [...(open ? flags.map(few) : flags), ...next, ...stacks];
  outputs.forEach((value, i) => inner.b.output(`r${i}`, value));
  const condition = conditional ? [w.like(c, 'bool', [])] : [];
  const stackAxes = stacks.map((slice) => inside.below(shapeOf(slice).length + 1));
  const tuple = w.b.emit('loop', [...condition, ...carried, ...sliced, ...inner.captures], {
    body: inner.b.build(),
    carries: carried.length,
    trips: open ? Infinity : trips,
    conditional,
    sliceAxes,
    sliceSteps: sliceAxes.map(step),
    stackAxes,
    stackSteps: stackAxes.map(step),
  });
  return partsOf(w, tuple, c);
};

const cond: GrowStep = (w, c) => {
  const isFlag = c.oneIn(2);
  const predicate = w.like(c, isFlag ? 'bool' : 'i32', []);
  const captured = Array.from({ length: c.below(3) }, () => w.any(c));
  const count = isFlag ? 2 : 1 + c.below(3);
  const types = Array.from({ length: 1 + c.below(2) }, () => w.any(c).type);
  const branches = Array.from({ length: count }, () => {
    const inner = new InnerWorld(w, false);
    captured.forEach(({ type }) => inner.given(type));
    const inside = choicesFrom(c.below(9999));
    growInside(inner, inside);
    types.forEach((type, i) =>
      inner.b.output(`r${i}`, inner.like(inside, type.dtype, shapeOf({ id: 0, type }))),
    );
    return inner.b.build();
  });
  const tuple = w.b.emit('cond', [predicate, ...captured], { branches });
  return partsOf(w, tuple, c);
};

export const SUBGRAPH_STEPS = { loop, cond } as const satisfies Record<string, GrowStep>;
