/** Steps of random graphs that move elements. */
import { IDENTITY_OPS } from '../../src/ir/ops.js';
import { elementCount } from '../../src/base/tensor.js';
import type { GraphValue } from '../../src/ir/builder.js';
import { shapeOf, someAxes, type Choices, type GrowStep, type World } from './graph-world.js';

/** Another shape of as many elements: flat, with an axis split, with two axes merged, or with an axis of 1 more. */
function reshaped(c: Choices, shape: readonly number[]): number[] {
  const axis = c.below(shape.length);
  const [before, after] = [shape.slice(0, axis), shape.slice(axis + 1)];
  switch (c.below(4)) {
    case 0:
      return [elementCount(shape)];
    case 1: {
      const extent = shape[axis] ?? 1;
      const factor = c.pick([2, 3, 4, 5, 7, 8, 13].filter((n) => extent % n === 0));
      return factor === undefined || extent === 0
        ? [...shape, 1]
        : [...before, extent / factor, factor, ...after];
    }
    case 2:
      return after.length === 0 ? [1, ...shape] : [...before, shape[axis] * after[0], ...after.slice(1)];
    default:
      return [...before, 1, ...shape.slice(axis)];
  }
}

function permutation(c: Choices, rank: number): number[] {
  const left = Array.from({ length: rank }, (_, axis) => rank - 1 - axis);
  return Array.from({ length: rank }, () => left.splice(c.below(left.length), 1)[0]);
}

function slice(w: World, c: Choices): GraphValue {
  const x = w.any(c);
  const shape = shapeOf(x);
  const starts = shape.map((extent) => (c.oneIn(2) ? c.below(extent) : 0));
  const strides = shape.map(() => c.pick([1, 1, 2, 3]));
  const sizes = shape.map((extent, axis) => {
    const most = Math.ceil((extent - starts[axis]) / strides[axis]);
    return c.oneIn(3) ? Math.ceil(most / 2) : most;
  });
  return w.b.emit('slice', [x], { starts, sizes, strides });
}

function pad(w: World, c: Choices): GraphValue | undefined {
  const x = w.any(c);
  const shape = shapeOf(x);
  const each = (): number[] => shape.map(() => (c.oneIn(2) ? 1 + c.below(3) : 0));
  const attrs = { low: each(), high: each(), interior: each(), value: w.number(c, x.type.dtype) };
  const grown = shape.map(
    (extent, i) => Math.max(0, extent + (extent - 1) * attrs.interior[i]) + attrs.low[i] + attrs.high[i],
  );
  return w.fits(grown) ? w.b.emit('pad', [x], attrs) : undefined;
}

function concat(w: World, c: Choices): GraphValue | undefined {
  const found = w.any(c);
  const x = shapeOf(found).length > 0 ? found : w.b.reshape(found, [1]);
  const shape = shapeOf(x);
  const axis = c.below(shape.length);
  const parts = [x];
  const more = c.oneIn(9) ? 10 : 1 + c.below(3);
  for (let i = 0; i < more; i++) {
    if (c.oneIn(5)) {
      parts.push(parts[0]);
      continue;
    }
    const matches = (v: GraphValue): boolean =>
      v.type.dtype === x.type.dtype &&
      shapeOf(v).length === shape.length &&
      shape.every((extent, at) => at === axis || shapeOf(v)[at] === extent);
    const others = w.values.filter(matches);
    const other = shape.map((extent, at) => (at === axis ? w.extent(c, 9) : extent));
    parts.push(c.oneIn(3) ? w.source(c, x.type.dtype, other) : (others[c.below(others.length)] ?? x));
  }
  const total = parts.reduce((sum, part) => sum + shapeOf(part)[axis], 0);
  const whole = shape.map((extent, at) => (at === axis ? total : extent));
  return w.fits(whole) ? w.b.emit('concat', c.oneIn(2) ? parts.reverse() : parts, { axis }) : undefined;
}

function broadcast(w: World, c: Choices): GraphValue | undefined {
  const found = w.any(c);
  const own = shapeOf(found);
  const x = own.includes(1) ? found : w.b.reshape(found, c.oneIn(2) ? [...own, 1] : [1, ...own]);
  const grown = shapeOf(x).map((extent) => (extent === 1 ? w.extent(c, 65) : extent));
  return w.fits(grown) ? w.b.broadcast(x, grown) : undefined;
}

export const movementSteps = {
  reshape: (w, c) => {
    const x = w.any(c);
    return w.b.reshape(x, reshaped(c, shapeOf(x)));
  },
  permute: (w, c) => {
    const x = w.any(c);
    return w.b.permute(x, permutation(c, shapeOf(x).length));
  },
  broadcast,
  slice,
  pad,
  concat,
  identity: (w, c) => w.b.emit(c.pick(IDENTITY_OPS), [w.any(c)], {}),
  reverse: (w, c) => {
    const x = w.any(c);
    return w.b.emit('reverse', [x], { axes: someAxes(c, shapeOf(x).length) });
  },
} as const satisfies Record<string, GrowStep>;
