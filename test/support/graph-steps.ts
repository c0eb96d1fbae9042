/** The steps in which random graphs grow (see graphs.ts), by kind. */
import { isFloat, isInt, type DType } from '../../src/base/dtype.js';
import { elementCount } from '../../src/base/tensor.js';
import type { GraphValue } from '../../src/ir/builder.js';
import { COMPARE_OPS, SCATTER_KINDS, type BinaryOp, type Reducer } from '../../src/ir/ops.js';
import { contractionSteps } from './graph-contractions.js';
import { movementSteps } from './graph-movement.js';
import { BINARY_OPS_OF, UNARY_OPS_OF } from './typed-ops.js';
import { countOf, shapeOf, someAxes, type Choices, type GrowStep, type World } from './graph-world.js';

/** Those of floats with what models are mostly made of once more. */
const binaryOps = (dtype: DType): readonly BinaryOp[] =>
  isFloat(dtype) ? ['add', 'mul', 'sub', ...BINARY_OPS_OF[dtype]] : BINARY_OPS_OF[dtype];
export const reducers = (dtype: DType): readonly Reducer[] =>
  dtype === 'bool' ? ['max', 'min'] : ['sum', 'max', 'prod', 'min'];

const isNonEmpty = (v: GraphValue): boolean => shapeOf(v).length > 0 && !shapeOf(v).includes(0);
const hasAxes = (v: GraphValue): boolean => shapeOf(v).length > 0;

/** A value of `dtype` with at least one axis. */
const withAxes = (w: World, c: Choices, dtype?: DType): GraphValue => {
  const found = w.value(c, (v) => hasAxes(v) && (dtype === undefined || v.type.dtype === dtype), () => dtype ?? 'f32'); // prettier-ignore
  return hasAxes(found) ? found : w.b.reshape(found, [1]);
};

/** The payload of a NaN is not specified, so bits are only taken of floats that are none. */
function withoutNaN(w: World, x: GraphValue): GraphValue {
  return w.b.select(w.b.binary('eq', x, x), x, w.b.full(x, 0));
}

function bitcast(w: World, c: Choices): GraphValue {
  const wide: readonly DType[] = ['f32', 'i32', 'u32'];
  const found = w.value(c, (v) => wide.includes(v.type.dtype), () => 'f32'); // prettier-ignore
  const dtype = c.pick(wide.filter((other) => other !== found.type.dtype));
  return w.b.emit('bitcast', [isFloat(found.type.dtype) ? withoutNaN(w, found) : found], { dtype });
}

/** x op broadcast(reduce(x)): the shape of softmax and of the norms. */
function normalise(w: World, c: Choices): GraphValue {
  const x = withAxes(w, c);
  const shape = shapeOf(x);
  const axes = c.oneIn(3) ? someAxes(c, shape.length) : [shape.length - 1];
  const reduced = w.b.reduce(c.pick(reducers(x.type.dtype)), x, axes);
  const kept = shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent));
  const spread = w.b.broadcast(w.b.reshape(reduced, kept), shape);
  return w.b.binary(c.pick(binaryOps(x.type.dtype)), x, spread);
}

function scatter(w: World, c: Choices): GraphValue {
  const operand = withAxes(w, c);
  const { dtype } = operand.type;
  const [, ...rest] = shapeOf(operand);
  const most = Math.max(1, Math.floor(1500 / Math.max(1, elementCount(rest))));
  const count = w.extent(c, Math.min(most, 40));
  const kinds = SCATTER_KINDS.filter((kind) => dtype !== 'bool' || (kind !== 'add' && kind !== 'mul'));
  const inputs = [operand, w.like(c, 'i32', [count]), w.like(c, dtype, [count, ...rest])];
  return w.b.emit('scatter', inputs, { kind: c.pick(kinds) });
}

function updateSlice(w: World, c: Choices): GraphValue {
  const operand = withAxes(w, c);
  const shape = shapeOf(operand);
  const axis = c.below(shape.length);
  const inner = elementCount(shape.toSpliced(axis, 1));
  const count = w.extent(c, Math.max(1, Math.min(40, Math.floor(1500 / Math.max(1, inner)))));
  const inputs = [operand, w.like(c, operand.type.dtype, shape.with(axis, count)), w.like(c, 'i32', [])];
  return w.b.emit('updateSlice', inputs, { axis });
}

function gather(w: World, c: Choices): GraphValue | undefined {
  const operand = withAxes(w, c);
  const shape = shapeOf(operand);
  const axis = c.below(shape.length);
  if (shape[axis] === 0) return undefined;
  const inner = elementCount(shape) / shape[axis];
  const fits = (v: GraphValue): boolean =>
    v.type.dtype === 'i32' && shapeOf(v).length <= 2 && w.fits([countOf(v), inner]);
  const found = w.value(c, fits, () => 'i32');
  const indices = fits(found) ? found : w.source(c, 'i32', [w.extent(c, 5)]);
  return w.fits([countOf(indices), inner]) ? w.b.emit('gather', [operand, indices], { axis }) : undefined;
}

function reduceWindow(w: World, c: Choices): GraphValue | undefined {
  const x = w.any(c);
  const shape = shapeOf(x);
  const each = (most: number, least: number): number[] => shape.map(() => least + c.below(most));
  const attrs = {
    kind: c.pick(reducers(x.type.dtype)),
    window: shape.map((_, axis) => (shape.length - axis <= 2 ? 1 + c.below(4) : 1)),
    strides: each(2, 1),
    dilations: each(2, 1),
    padLow: each(3, 0),
    padHigh: each(3, 0),
  };
  if (c.oneIn(10) && shape.length > 0) attrs.window[shape.length - 1] = 19;
  const grown = shape.map((extent, axis) => extent + attrs.padLow[axis] + attrs.padHigh[axis]);
  return w.fits(grown) ? w.b.emit('reduceWindow', [x], attrs) : undefined;
}

const scalarSteps = {
  unary: (w, c) => {
    const x = w.any(c);
    return w.b.unary(c.pick(UNARY_OPS_OF[x.type.dtype]), x);
  },
  binary: (w, c) => {
    const x = w.any(c);
    return w.b.binary(c.pick(binaryOps(x.type.dtype)), x, w.like(c, x.type.dtype, shapeOf(x)));
  },
  compare: (w, c) => {
    const x = w.any(c);
    return w.b.binary(c.pick(COMPARE_OPS), x, w.like(c, x.type.dtype, shapeOf(x)));
  },
  select: (w, c) => {
    const x = w.any(c);
    const shape = shapeOf(x);
    return w.b.select(w.like(c, 'bool', shape), x, w.like(c, x.type.dtype, shape));
  },
  cast: (w, c) => w.b.cast(w.any(c), c.pick<DType>(['f32', 'f16', 'i32', 'u32', 'bool'])),
  bitcast,
} as const satisfies Record<string, GrowStep>;

const combiningSteps = {
  reduce: (w, c) => {
    const x = w.any(c);
    return w.b.reduce(c.pick(reducers(x.type.dtype)), x, someAxes(c, shapeOf(x).length));
  },
  normalise,
  argreduce: (w, c) => {
    const x = w.value(c, isNonEmpty);
    return isNonEmpty(x)
      ? w.b.emit('argreduce', [x], { kind: c.pick(['max', 'min']), axis: c.below(shapeOf(x).length) })
      : undefined;
  },
  reduceWindow,
  scan: (w, c) => {
    const x = withAxes(w, c);
    return w.b.emit('scan', [x], {
      kind: c.pick(reducers(x.type.dtype)),
      axis: c.below(shapeOf(x).length),
      exclusive: c.oneIn(2),
      reverse: c.oneIn(2),
    });
  },
  gather,
  scatter,
  updateSlice,
  argsort: (w, c) => {
    const x = withAxes(w, c);
    return w.b.emit('argsort', [x], { axis: c.below(shapeOf(x).length), descending: c.oneIn(2) });
  },
  random: (w, c) => w.b.emit('random', [w.like(c, 'u32', [2])], { shape: w.shape(c) }),
  source: (w, c) => {
    const dtype = c.pick<DType>(['f32', 'i32', 'f16', 'u32', 'bool']);
    return w.source(c, isInt(dtype) && c.oneIn(2) ? 'i32' : dtype, w.shape(c));
  },
} as const satisfies Record<string, GrowStep>;

export const STEPS = { ...scalarSteps, ...combiningSteps, ...movementSteps, ...contractionSteps };
export type StepKind = keyof typeof STEPS;

const WEIGHTS: Readonly<Partial<Record<StepKind, number>>> = {
  unary: 6,
  binary: 8,
  normalise: 3,
  concat: 2,
  dot: 2,
};

/** Kinds as often as they are to come. */
export const STEP_KINDS: readonly StepKind[] = (Object.keys(STEPS) as StepKind[]).flatMap((kind) =>
  Array.from({ length: WEIGHTS[kind] ?? 1 }, () => kind),
);
