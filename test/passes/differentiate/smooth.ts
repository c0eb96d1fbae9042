/** Random graphs of functions that are smooth, and of moderate size and slope, for derivatives by differences. */
import fc from 'fast-check';
import { elementCount } from '../../../src/base/tensor.js';
import type { GraphValue } from '../../../src/ir/builder.js';
import { GraphBuilder } from '../../../src/ir/builder.js';
import type { Graph } from '../../../src/ir/graph.js';
import type { UnaryOp } from '../../../src/ir/ops.js';
import { Choices, shapeOf, someAxes } from '../../support/graph-world.js';

/** A graph as it grows; every value is within a few units of 0. */
class Garden {
  readonly b = new GraphBuilder('smooth');
  readonly values: GraphValue[] = [];
  private params = 0;

  param(shape: readonly number[]): GraphValue {
    const value = this.b.param(`x${this.params++}`, 'f32', shape);
    this.values.push(value);
    return value;
  }

  any(c: Choices): GraphValue {
    const recent = this.values.slice(-4);
    return recent[recent.length - 1 - c.below(recent.length)];
  }

  /** A value with at least one axis. */
  tensor(c: Choices): GraphValue {
    const value = this.any(c);
    return value.type.shape.length > 0 ? value : this.b.reshape(value, [1]);
  }

  /** A value of this shape: one that is there, or a new param. */
  like(c: Choices, shape: readonly number[]): GraphValue {
    const found = this.values.filter((value) => elementCount(shapeOf(value)) === elementCount(shape));
    const at = c.below(found.length + 1);
    return at === found.length ? this.param(shape) : this.b.reshape(found[found.length - 1 - at], shape);
  }

  /** What may be large, brought back. */
  tame(value: GraphValue): GraphValue {
    return this.b.unary('tanh', this.b.binary('mul', value, this.b.full(value, 0.5)));
  }
}

type Grow = (g: Garden, c: Choices) => GraphValue | undefined;

const UNARY: readonly UnaryOp[] = ['sin', 'cos', 'tanh', 'erf', 'sigmoid', 'neg', 'exp'];
const axisOf = (c: Choices, x: GraphValue): number => c.below(x.type.shape.length);

const STEPS = {
  unary: (g, c) => g.tame(g.b.unary(c.pick(UNARY), g.any(c))),
  arithmetic: (g, c) => {
    const x = g.any(c);
    return g.b.binary(c.pick(['add', 'mul', 'sub'] as const), g.tame(x), g.like(c, shapeOf(x)));
  },
  quotient: (g, c) => {
    const x = g.any(c);
    const y = g.like(c, shapeOf(x));
    return g.b.binary('div', x, g.b.binary('add', g.b.binary('mul', y, y), g.b.full(y, 1)));
  },
  power: (g, c) => {
    const x = g.any(c);
    const base = g.b.binary('add', g.b.unary('exp', g.tame(x)), g.b.full(x, 0.5));
    return g.b.binary('pow', base, g.tame(g.like(c, shapeOf(x))));
  },
  root: (g, c) => {
    const x = g.any(c);
    const square = g.b.binary('add', g.b.binary('mul', x, x), g.b.full(x, 1));
    return g.b.unary(c.pick(['sqrt', 'log'] as const), square);
  },
  select: (g, c) => {
    const x = g.any(c);
    const place = g.b.emit('iota', [], { dtype: 'i32', shape: [elementCount(shapeOf(x))], axis: 0 });
    const even = g.b.binary('eq', g.b.binary('rem', place, g.b.full(place, 2)), g.b.full(place, 0));
    return g.b.select(g.b.reshape(even, shapeOf(x)), x, g.like(c, shapeOf(x)));
  },
  reduce: (g, c) => {
    const x = g.tensor(c);
    return g.tame(g.b.reduce(c.pick(['sum', 'prod'] as const), x, someAxes(c, shapeOf(x).length)));
  },
  normalise: (g, c) => {
    const x = g.tensor(c);
    const shape = shapeOf(x);
    const e = g.b.unary('exp', g.tame(x));
    const total = g.b.reduce('sum', e, [shape.length - 1]);
    return g.b.binary('div', e, g.b.broadcast(g.b.reshape(total, [...shape.slice(0, -1), 1]), shape));
  },
  scan: (g, c) => {
    const x = g.tensor(c);
    const attrs = { axis: axisOf(c, x), exclusive: c.oneIn(2), reverse: c.oneIn(2) };
    return g.tame(g.b.emit('scan', [x], { kind: c.pick(['sum', 'prod'] as const), ...attrs }));
  },
  reduceWindow: (g, c) => {
    const x = g.tensor(c);
    const each = (least: number, most: number): number[] =>
      shapeOf(x).map(() => least + c.below(most - least + 1));
    const attrs = { window: each(1, 2), strides: each(1, 2), dilations: each(1, 2), padLow: each(0, 1), padHigh: each(0, 1) }; // prettier-ignore
    return g.tame(g.b.emit('reduceWindow', [x], { kind: c.pick(['sum', 'prod'] as const), ...attrs }));
  },
  dot: (g, c) => {
    const x = g.tensor(c);
    const axis = axisOf(c, x);
    const shape = c.oneIn(2) ? [2, shapeOf(x)[axis]] : [shapeOf(x)[axis], 2];
    const contract = shape[0] === 2 && shape[1] === shapeOf(x)[axis] ? 1 : 0;
    const attrs = { lhsBatch: [], rhsBatch: [], lhsContract: [axis], rhsContract: [contract] };
    return g.tame(g.b.emit('dot', [x, g.like(c, shape)], attrs));
  },
  conv: (g, c) => {
    const x = g.tensor(c);
    const extent = elementCount(shapeOf(x));
    const w = g.like(c, [2, 1, 2]);
    const [stride, padLow, padHigh, left, right] = [1 + c.below(2), c.below(3), c.below(3), 1 + c.below(2), 1 + c.below(2)]; // prettier-ignore
    return g.tame(
      g.b.emit('conv', [g.b.reshape(x, [1, 1, extent]), w], {
        strides: [stride],
        padLow: [padLow],
        padHigh: [padHigh],
        lhsDilation: [left],
        rhsDilation: [right],
        groups: 1,
      }),
    );
  },
  movement: (g, c) => {
    const x = g.tensor(c);
    const shape = shapeOf(x);
    const axis = axisOf(c, x);
    const none = shape.map(() => 0);
    switch (c.below(6)) {
      case 0:
        return g.b.permute(x, shape.map((_, i) => shape.length - 1 - i)); // prettier-ignore
      case 1:
        return g.b.emit('reverse', [x], { axes: [axis] });
      case 2:
        return g.b.emit('concat', [x, g.like(c, shape)], { axis });
      case 3:
        return g.b.emit('pad', [x], { low: none.with(axis, 1), high: none, interior: none.with(axis, c.below(2)), value: 0.3 }); // prettier-ignore
      case 4:
        return g.b.broadcast(g.b.reshape(x, [1, ...shape]), [2, ...shape]);
      default:
        return g.b.emit('slice', [x], {
          starts: none,
          sizes: shape.map((extent) => Math.ceil(extent / 2)),
          strides: shape.map(() => 2),
        });
    }
  },
  gather: (g, c) => {
    const x = g.tensor(c);
    const at = g.b.constant('i32', [3], [c.below(4), c.below(4) - 1, c.below(4)]);
    return g.b.emit('gather', [x, at], { axis: axisOf(c, x) });
  },
  scatter: (g, c) => {
    const x = g.tensor(c);
    const at = g.b.constant('i32', [2], [c.below(3), c.below(3) - 1]);
    const updates = g.like(c, [2, ...shapeOf(x).slice(1)]);
    return g.b.emit('scatter', [x, at, updates], { kind: c.pick(['set', 'add', 'mul'] as const) });
  },
  updateSlice: (g, c) => {
    const x = g.tensor(c);
    const axis = axisOf(c, x);
    const start = g.b.constant('i32', [], [c.below(4) - 1]);
    return g.b.emit('updateSlice', [x, g.like(c, shapeOf(x).with(axis, 2)), start], { axis });
  },
} as const satisfies Record<string, Grow>;

const KINDS = Object.keys(STEPS) as (keyof typeof STEPS)[];
const MOST_ELEMENTS = 32;
const fits = ({ type }: GraphValue): boolean => {
  const count = elementCount(type.shape as readonly number[]);
  return count > 0 && count <= MOST_ELEMENTS;
};

/** Graphs of up to `most` steps, with outputs `y`, the last value, and `z`, another one. */
export const smoothGraphs = (most: number): fc.Arbitrary<Graph> =>
  fc
    .array(
      fc.tuple(fc.constantFrom(...KINDS), fc.array(fc.nat(9999), { minLength: 16, maxLength: 16 })),
      { minLength: 1, maxLength: most, size: 'max' },
    )
    .map((steps) => {
      const g = new Garden();
      g.param([2, 3]);
      for (const [kind, list] of steps) {
        const value = STEPS[kind](g, new Choices(list));
        if (fits(value)) g.values.push(value);
      }
      g.b.output('y', g.values[g.values.length - 1]);
      g.b.output('z', g.values[Math.floor(g.values.length / 2)]);
      return g.b.build();
    }); // prettier-ignore
