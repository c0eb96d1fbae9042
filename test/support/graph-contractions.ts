/** Steps of random graphs that contract: dot and conv. */
import type { GraphValue } from '../../src/ir/builder.js';
import { shapeOf, type Choices, type GrowStep, type World } from './graph-world.js';

/** Any assignment of the axes of lhs to batch, contracted and free, and the axes of rhs in any order. */
function dot(w: World, c: Choices): GraphValue | undefined {
  const lhs = w.value(c, (v) => v.type.dtype !== 'bool', () => 'f32'); // prettier-ignore
  const shape = shapeOf(lhs);
  const [lhsBatch, lhsContract]: [number[], number[]] = [[], []];
  shape.forEach((_, axis) => {
    const role = c.below(4);
    if (axis === shape.length - 1 ? role < 3 : role === 1) lhsContract.push(axis);
    else if (role === 2) lhsBatch.push(axis);
  });
  if (c.oneIn(2)) lhsContract.reverse();
  const free = w.shape(c, c.pick([1, 0, 2])).map((extent) => Math.min(extent, 65));
  const axes = [
    ...lhsContract.map((axis) => ({ extent: shape[axis], axis, role: 'contract' })),
    ...lhsBatch.map((axis) => ({ extent: shape[axis], axis, role: 'batch' })),
    ...free.map((extent) => ({ extent, axis: -1, role: 'free' })),
  ];
  const turned = c.oneIn(2) ? [...axes].reverse() : axes;
  const rhsShape = turned.map(({ extent }) => extent);
  const place = (axis: number): number => turned.findIndex((own) => own.axis === axis);
  const kept = shape.filter((_, axis) => !lhsContract.includes(axis));
  if (!w.fits(rhsShape) || !w.fits([...kept, ...free])) return undefined;
  return w.b.emit('dot', [lhs, w.like(c, lhs.type.dtype, rhsShape)], {
    lhsBatch,
    lhsContract,
    rhsBatch: lhsBatch.map(place),
    rhsContract: lhsContract.map(place),
  });
}

/** Images [N, C, ...spatial] that are there, or new ones. */
function images(w: World, c: Choices): GraphValue {
  const fits = (v: GraphValue): boolean =>
    v.type.dtype !== 'bool' && shapeOf(v).length >= 3 && shapeOf(v).length <= 5;
  const found = w.value(c, fits, () => 'f32');
  if (fits(found)) return found;
  const spatial = Array.from({ length: c.pick([2, 1, 2, 3]) }, () => w.extent(c, 9));
  return w.source(c, c.pick(['f32', 'f32', 'f16', 'i32', 'u32']), [
    1 + c.below(2),
    c.pick([2, 3, 4, 1, 6, 8]),
    ...spatial,
  ]);
}

function conv(w: World, c: Choices): GraphValue | undefined {
  const x = images(w, c);
  const [samples, channels, ...spatial] = shapeOf(x);
  const divisors = [1, 2, 3, 4, channels].filter((n) => n > 0 && channels % n === 0);
  const groups = c.pick(divisors);
  const outChannels = groups * (1 + c.below(5));
  const kernel = spatial.map((_, axis) => (c.oneIn(8) && axis === spatial.length - 1 ? 5 : 1 + c.below(3)));
  const each = (most: number, least: number): number[] =>
    spatial.map(() => least + (c.oneIn(2) ? c.below(most) : 0));
  const attrs = {
    strides: each(3, 1),
    padLow: each(3, 0),
    padHigh: each(3, 0),
    lhsDilation: c.oneIn(4) ? each(3, 1) : spatial.map(() => 1),
    rhsDilation: each(2, 1),
    groups,
  };
  const grown = spatial.map(
    (extent, axis) => extent * attrs.lhsDilation[axis] + attrs.padLow[axis] + attrs.padHigh[axis],
  );
  if (!w.fits([samples, outChannels, ...grown])) return undefined;
  const weights = w.like(c, x.type.dtype, [outChannels, channels / groups, ...kernel]);
  return w.b.emit('conv', [x, weights], attrs);
}

export const contractionSteps = { dot, conv } as const satisfies Record<string, GrowStep>;
