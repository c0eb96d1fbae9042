/** Resizing, sampling and pooling with places, against the formulas of the specification in doubles. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ProtoAttribute } from '../../../scripts/onnx-proto.mjs';
import { importOnnx } from '../../../src/frontends/onnx/index.js';
import { fuzz } from '../../support/fuzz.js';
import { at, coordinates, naive, placeOf, type Naive } from '../../support/naive.js';
import { errorOf, given, known, oneNodeModel, random, resultOf, runNode, type Operand } from './support.js';

type Below = (below: number) => number;

const some = (shape: readonly number[], below: Below): Naive => naive(shape, () => (below(64) - 32) / 8);
const operand = ({ shape, data }: Naive): Operand => given(shape, data);
const oneOf = <T>(below: Below, list: readonly T[]): T => list[below(list.length)];
const list = <T>(length: number, f: (i: number) => T): T[] => Array.from({ length }, (_, i) => f(i));

const property = (runs: number, check: (below: Below) => void): void =>
  fc.assert(fc.property(fc.nat(1e6), (seed) => check(random(seed))), fuzz(runs)); // prettier-ignore

function expectNear(found: { shape: readonly number[]; data: readonly number[] }, expected: Naive): void {
  expect(found.shape).toEqual(expected.shape);
  found.data.forEach((value, i) => expect(Math.abs(value - expected.data[i])).toBeLessThan(1e-4));
}

describe('Resize', () => {
  const MODES = ['half_pixel', 'half_pixel_symmetric', 'pytorch_half_pixel', 'align_corners', 'asymmetric', 'tf_crop_and_resize'] as const; // prettier-ignore
  const ROUND: Readonly<Record<string, (x: number) => number>> = {
    round_prefer_floor: (x) => Math.ceil(x - 0.5),
    round_prefer_ceil: (x) => Math.floor(x + 0.5),
    floor: Math.floor,
    ceil: Math.ceil,
  };

  /** The formulas of the specification; sizes give the scale. */
  function original(
    mode: (typeof MODES)[number],
    x: number,
    length: number,
    size: number,
    [start, end]: readonly number[],
  ): number {
    // prettier-ignore
    const scale = size / length;
    switch (mode) {
      case 'half_pixel':
      case 'half_pixel_symmetric':
        return (x + 0.5) / scale - 0.5;
      case 'pytorch_half_pixel':
        return size > 1 ? (x + 0.5) / scale - 0.5 : 0;
      case 'align_corners':
        return size > 1 ? (x * (length - 1)) / (size - 1) : 0;
      case 'asymmetric':
        return x / scale;
      case 'tf_crop_and_resize':
        return size > 1
          ? start * (length - 1) + (x * (end - start) * (length - 1)) / (size - 1)
          : 0.5 * (start + end) * (length - 1);
    }
  }

  /** The weight of a neighbour at a distance. */
  const kernel = (mode: string, a: number, d: number): number => {
    if (mode === 'linear') return Math.max(0, 1 - d);
    if (d <= 1) return (a + 2) * d ** 3 - (a + 3) * d ** 2 + 1;
    return d < 2 ? a * d ** 3 - 5 * a * d ** 2 + 8 * a * d - 4 * a : 0;
  };

  test('every mode, coordinate and option', () => {
    property(150, (below) => {
      const shape = list(1 + below(3), () => 1 + below(5));
      const axes = shape.map((_, axis) => axis).filter(() => below(3) > 0);
      const sizes = axes.map(() => 1 + below(7));
      const [mode, coordinate] = [oneOf(below, ['nearest', 'linear', 'cubic']), oneOf(below, MODES)];
      const rounding = oneOf(below, Object.keys(ROUND));
      const [antialias, exclude] = [below(2), below(2)];
      const a = oneOf(below, [-0.5, -0.75]);
      const roi = axes.map(() => [oneOf(below, [0, 0.25, -0.5]), oneOf(below, [1, 0.75, 1.5])]);
      const x = some(shape, below);
      let expected = x;
      const beyond = new Set<string>();
      axes.forEach((axis, i) => {
        const [length, size] = [shape[axis], sizes[i]];
        const trivial = length === size && (coordinate !== 'tf_crop_and_resize' || roi[i].join() === '0,1');
        const from = expected;
        expected = naive(from.shape.with(axis, size), (place) => {
          const center = trivial ? place[axis] : original(coordinate, place[axis], length, size, roi[i]);
          if (coordinate === 'tf_crop_and_resize' && (center < 0 || center > length - 1)) beyond.add(`${axis}:${place[axis]}`); // prettier-ignore
          const value = (k: number): number =>
            at(from, place.with(axis, Math.max(0, Math.min(length - 1, k))));
          if (mode === 'nearest') return value(ROUND[rounding](center));
          const stretch = antialias === 1 ? Math.min(1, size / length) : 1;
          let [sum, total] = [0, 0];
          for (let k = -40; k < 40; k++) {
            if (exclude === 1 && (k < 0 || k >= length)) continue;
            const weight = kernel(mode, a, Math.abs(k - center) * stretch);
            [sum, total] = [sum + weight * value(k), total + weight];
          }
          return antialias === 1 || exclude === 1 ? (total === 0 ? sum : sum / total) : sum;
        });
      });
      expected = naive(expected.shape, (place) =>
        place.some((k, axis) => beyond.has(`${axis}:${k}`)) ? 100 : at(expected, place),
      );
      const attributes: Record<string, ProtoAttribute> = { mode, coordinate_transformation_mode: coordinate };
      Object.assign(attributes, { nearest_mode: rounding, antialias, exclude_outside: exclude, axes });
      Object.assign(attributes, { cubic_coeff_a: { float: a }, extrapolation_value: { float: 100 } });
      const region = known([2 * axes.length], [...roi.map(([start]) => start), ...roi.map(([, end]) => end)], 'float'); // prettier-ignore
      const operands = [operand(x), region, undefined, known([axes.length], sizes)];
      if (axes.length === 0) return;
      expectNear(resultOf({ op: 'Resize', operands, attributes }), expected);
    });
  });

  const line = given([1, 1, 4], [1, 2, 3, 4]);
  const none = known([0], [], 'float');
  const byScale = (scale: number): Operand => known([3], [1, 1, scale], 'float');
  const EXAMPLES: readonly (readonly [
    string,
    readonly (Operand | undefined)[],
    Record<string, ProtoAttribute>,
    number,
    number[],
  ])[] = [
    // prettier-ignore
    ['a size from a scale is rounded down', [line, none, byScale(0.6)], {}, 13, [1, 3]],
    ['2 / (2 / 3) is 3', [line, none, byScale(2 / 3)], { coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' }, 13, [1, 2]], // prettier-ignore
    ['version 10 rounds up where it shrinks', [line, byScale(0.6)], {}, 10, [1, 3]],
    [
      'version 10 counts from the corner',
      [line, byScale(2)],
      { mode: 'linear' },
      10,
      [1, 1.5, 2, 2.5, 3, 3.5, 4, 4],
    ],
    ['not_larger', [line, undefined, undefined, known([3], [3, 1, 2])], { keep_aspect_ratio_policy: 'not_larger' }, 19, [1, 3]], // prettier-ignore
    ['integers round to even', [given([1, 1, 2], [0, 1], 'uint8'), none, byScale(2)], { mode: 'linear', coordinate_transformation_mode: 'align_corners' }, 19, [0, 0, 1, 1]], // prettier-ignore
  ];
  test.each(EXAMPLES)('%s', (name, operands, attributes, opset, data) => {
    const outputs = [operands[0]!.dtype ?? 'float'] as const;
    expect(resultOf({ op: 'Resize', operands, attributes, opset, outputs }).data, name).toEqual(data);
  });

  test('Upsample 1', () => {
    const image = given([1, 1, 1, 2], [1, 2]);
    const attributes = { height_scale: { float: 2 }, width_scale: { float: 2 }, mode: 'bilinear' };
    expect(resultOf({ op: 'Upsample', operands: [image], attributes, opset: 1 })).toEqual({
      shape: [1, 1, 2, 4],
      data: [1, 1.5, 2, 2, 1, 1.5, 2, 2],
    });
  });

  test.each<readonly [string, readonly (Operand | undefined)[], Record<string, ProtoAttribute>]>([
    ['neither scales nor sizes', [line], {}],
    ['both', [line, none, byScale(1), known([3], [1, 1, 4])], {}],
    ['a scale of 0', [line, none, byScale(0)], {}],
    ['too few sizes', [line, none, undefined, known([2], [1, 1])], {}],
    ['a negative size', [line, none, undefined, known([3], [1, 1, -1])], {}],
    ['no region to crop', [line, none, byScale(1)], { coordinate_transformation_mode: 'tf_crop_and_resize' }],
    ['a coordinate of another version', [line, none, byScale(1)], { coordinate_transformation_mode: 'tf_half_pixel_for_nn' }], // prettier-ignore
    ['an unknown mode', [line, none, byScale(1)], { mode: 'lanczos' }],
  ])('%s is refused', (_, operands, attributes) => {
    errorOf('ONNX_INVALID', () => importOnnx(oneNodeModel({ op: 'Resize', operands, attributes })));
  });
});

/** The geometry of a pooling over one axis. */
interface Axis {
  readonly extent: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly pad: number;
}
const axisOf = (below: Below): Axis => {
  const [kernel, dilation] = [1 + below(3), 1 + below(2)];
  const extent = (kernel - 1) * dilation + 1 + below(4);
  return { extent, kernel, stride: 1 + below(3), dilation, pad: below(kernel) };
};
const attributesOf = (axes: readonly Axis[]): Record<string, ProtoAttribute> => ({
  kernel_shape: axes.map(({ kernel }) => kernel),
  strides: axes.map(({ stride }) => stride),
  dilations: axes.map(({ dilation }) => dilation),
  pads: [...axes, ...axes].map(({ pad }) => pad),
});
const windowsOf = ({ extent, kernel, stride, dilation, pad }: Axis): number =>
  Math.floor((extent + 2 * pad - (kernel - 1) * dilation - 1) / stride) + 1;

test('MaxPool says where its elements lie, in either order, and values do not depend on it', () => {
  property(80, (below) => {
    const axes = list(1 + below(3), () => axisOf(below));
    const order = below(2);
    const extents = axes.map(({ extent }) => extent);
    const x = some([2, 2, ...extents], below);
    const numbers = naive([2, 2, ...axes.map(windowsOf)], ([n, c, ...window]) => {
      let [best, found] = [-Infinity, -1];
      for (const tap of coordinates(axes.map(({ kernel }) => kernel))) {
        const place = axes.map(
          ({ stride, dilation, pad }, i) => window[i] * stride + tap[i] * dilation - pad,
        );
        if (place.some((k, i) => k < 0 || k >= extents[i]) || at(x, [n, c, ...place]) <= best) continue;
        best = at(x, [n, c, ...place]);
        const inImage =
          order === 0 ? placeOf(extents, place) : placeOf([...extents].reverse(), [...place].reverse());
        found = (n * 2 + c) * extents.reduce((p, q) => p * q) + inImage;
      }
      return found;
    });
    const spec = { op: 'MaxPool', operands: [operand(x)], attributes: { ...attributesOf(axes), storage_order: order } }; // prettier-ignore
    const [values, places] = runNode({ ...spec, outputs: ['float', 'int64'] });
    expect({ shape: places.shape, data: Array.from(places.data) }).toEqual(numbers);
    expect(resultOf(spec).data).toEqual(Array.from(values.data));
    if (order === 0) expect(Array.from(values.data)).toEqual(numbers.data.map((place) => x.data[place]));
  });
});

test('the place of a NaN, and of what is infinite beside padding', () => {
  const place = (data: readonly number[]): ArrayLike<number> =>
    runNode({
      op: 'MaxPool',
      operands: [given([1, 1, 2], data)],
      attributes: { kernel_shape: [3], pads: [2, 0] },
      outputs: ['float', 'int64'],
    })[1].data;
  expect(Array.from(place([1, NaN]))).toEqual([0, 1]);
  expect(Array.from(place([-Infinity, -Infinity]))).toEqual([0, 0]);
});

test('MaxUnpool puts elements where MaxPool found them', () => {
  const image = given([1, 1, 4, 4], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
  const attributes = { kernel_shape: [2, 2], strides: [2, 2] };
  const [values, places] = runNode({
    op: 'MaxPool',
    operands: [image],
    attributes,
    outputs: ['float', 'int64'],
  });
  const operands = [given([1, 1, 2, 2], Array.from(values.data)), given([1, 1, 2, 2], Array.from(places.data), 'int64')]; // prettier-ignore
  expect(resultOf({ op: 'MaxUnpool', operands, attributes }).data).toEqual([0, 0, 0, 0, 0, 6, 0, 8, 0, 0, 0, 0, 0, 14, 0, 16]); // prettier-ignore
  const wide = resultOf({ op: 'MaxUnpool', operands: [...operands, known([4], [1, 1, 5, 4])], attributes });
  expect([wide.shape, wide.data.slice(16)]).toEqual([[1, 1, 5, 4], [0, 0, 0, 0]]); // prettier-ignore
  errorOf('ONNX_INVALID', () => importOnnx(oneNodeModel({ op: 'MaxUnpool', operands: [...operands, known([4], [1, 1, 3, 4])], attributes }))); // prettier-ignore
});

test('Col2Im adds the columns where Im2Col took them', () => {
  property(60, (below) => {
    const axes = list(1 + below(2), () => axisOf(below));
    const [image, block] = [axes.map(({ extent }) => extent), axes.map(({ kernel }) => kernel)];
    const windows = axes.map(windowsOf);
    const taps = block.reduce((p, q) => p * q);
    const x = some([2, 2 * taps, windows.reduce((p, q) => p * q)], below);
    const data = new Array<number>(4 * image.reduce((p, q) => p * q)).fill(0);
    for (const [n, row, column] of coordinates(x.shape)) {
      const [tap, window] = [coordinates(block)[row % taps], coordinates(windows)[column]];
      const place = axes.map(({ stride, dilation, pad }, i) => window[i] * stride + tap[i] * dilation - pad);
      if (place.some((k, i) => k < 0 || k >= image[i])) continue;
      data[placeOf([2, 2, ...image], [n, Math.floor(row / taps), ...place])] += at(x, [n, row, column]);
    }
    const { strides, dilations, pads } = attributesOf(axes);
    const operands = [operand(x), known([image.length], image), known([block.length], block)];
    expect(resultOf({ op: 'Col2Im', operands, attributes: { strides, dilations, pads } })).toEqual({ shape: [2, 2, ...image], data }); // prettier-ignore
  });
});

test.each([
  ['cuts one more from the end', [5], [2], [2, 3]],
  ['pads one more at the end', [2], [5], [0, 1, 2, 0, 0]],
])('CenterCropPad %s', (_, shape, target, data) => {
  const x = given(
    shape,
    list(shape[0], (i) => i + 1),
  );
  expect(resultOf({ op: 'CenterCropPad', operands: [x, known([1], target)] }).data).toEqual(data);
});

test('ReverseSequence', () => {
  const x = given([2, 3], [1, 2, 3, 4, 5, 6]);
  const reverse = (lengths: Operand, batch: number): number[] =>
    resultOf({ op: 'ReverseSequence', operands: [x, lengths], attributes: { batch_axis: batch, time_axis: 1 - batch } }).data; // prettier-ignore
  expect(reverse(given([2], [2, 3], 'int64'), 0)).toEqual([2, 1, 3, 6, 5, 4]);
  expect(reverse(known([3], [1, 2, 2]), 1)).toEqual([1, 5, 6, 4, 2, 3]);
  errorOf('ONNX_INVALID', () => reverse(known([2], [2, 4]), 0));
  errorOf('SHAPE_MISMATCH', () => reverse(known([1], [2]), 0));
});

describe('sampling', () => {
  test('GridSample reads what lies at the places, with every padding', () => {
    property(120, (below) => {
      const spatial = list(1 + below(3), () => 1 + below(4));
      const r = spatial.length;
      const [mode, padding] = [oneOf(below, ['nearest', 'linear']), oneOf(below, ['zeros', 'border', 'reflection'])]; // prettier-ignore
      const align = below(2);
      const x = some([2, 2, ...spatial], below);
      const places = [2, ...list(r, () => 1 + below(3))];
      const grid = naive([...places, r], () => (below(40) - 20) / 8 + 0.01);
      /** Mirrored at the borders until it lies between them. */
      const mirrored = (k: number, extent: number): number => {
        const [low, high] = align === 1 ? [0, extent - 1] : [-0.5, extent - 0.5];
        if (low === high) return low;
        let value = k;
        while (value < low || value > high) value = value < low ? 2 * low - value : 2 * high - value;
        return value;
      };
      const expected = naive([2, 2, ...places.slice(1)], ([n, c, ...place]) => {
        const centers = spatial.map((extent, i) => {
          const normal = at(grid, [n, ...place, r - 1 - i]);
          const k = align === 1 ? ((normal + 1) / 2) * (extent - 1) : ((normal + 1) * extent - 1) / 2;
          const rounded = mode === 'nearest' ? Math.round(k) : k;
          const low = align === 1 ? 0 : -0.5;
          const outside = rounded < low || rounded > extent - 1 - low;
          if (padding === 'border') return outside ? Math.max(0, Math.min(extent - 1, rounded)) : rounded;
          return padding === 'reflection' ? mirrored(rounded, extent) : rounded;
        });
        return coordinates(centers.map(() => 2)).reduce((sum, corner) => {
          const tap = centers.map((k, i) => Math.floor(k) + corner[i]);
          const weight = centers.reduce((w, k, i) => w * (1 - Math.abs(k - tap[i])), 1);
          const inside = tap.every((k, i) => k >= 0 && k < spatial[i]);
          if (weight === 0 || (padding === 'zeros' && !inside)) return sum;
          const to = tap.map((k, i) => Math.max(0, Math.min(spatial[i] - 1, padding === 'reflection' ? mirrored(k, spatial[i]) : k))); // prettier-ignore
          return sum + weight * at(x, [n, c, ...to.map(Math.trunc)]);
        }, 0);
      });
      const attributes = { mode, padding_mode: padding, align_corners: align };
      expectNear(resultOf({ op: 'GridSample', operands: [operand(x), operand(grid)], attributes }), expected);
    });
  });

  test('AffineGrid of the identity gives the elements their own places', () => {
    property(30, (below) => {
      const spatial = list(2 + below(2), () => 2 + below(3));
      const r = spatial.length;
      const align = below(2);
      const theta = naive([1, r, r + 1], ([, i, j]) => (i === j ? 1 : 0));
      const size = [1, 2, ...spatial];
      const grid = resultOf({ op: 'AffineGrid', operands: [operand(theta), known([r + 2], size)], attributes: { align_corners: align } }); // prettier-ignore
      const x = some(size, below);
      const operands = [operand(x), given(grid.shape, grid.data)];
      expectNear(resultOf({ op: 'GridSample', operands, attributes: { align_corners: align } }), x);
    });
  });

  test('DeformConv without offsets is Conv', () => {
    property(30, (below) => {
      const axes = list(1 + below(2), () => axisOf(below));
      const [groups, spatial, kernel] = [1 + below(2), axes.map(({ extent }) => extent), axes.map(({ kernel }) => kernel)]; // prettier-ignore
      const [x, w] = [some([2, 4, ...spatial], below), some([2, 4 / groups, ...kernel], below)];
      const out = axes.map(windowsOf);
      const offset = naive([2, 2 * kernel.reduce((p, q) => p * q) * axes.length, ...out], () => 0);
      const attributes = { ...attributesOf(axes), group: groups };
      const bias = given([2], [1, -1]);
      const plain = resultOf({ op: 'Conv', operands: [operand(x), operand(w), bias], attributes });
      const operands = [operand(x), operand(w), operand(offset), bias];
      expectNear(
        resultOf({ op: 'DeformConv', operands, attributes: { ...attributes, offset_group: 2 } }),
        plain,
      );
    });
  });

  test('DeformConv reads where offsets say, times the mask', () => {
    const operands = [given([1, 1, 1, 4], [1, 2, 4, 8]), given([1, 1, 1, 1], [2]), given([1, 2, 1, 4], [0, 0, 0, 1, 0.5, 1, 9, 0]), undefined, given([1, 1, 1, 4], [1, 3, 1, 1])]; // prettier-ignore
    expect(resultOf({ op: 'DeformConv', operands }).data).toEqual([3, 24, 0, 0]);
  });

  const pixels = given(
    [1, 1, 4, 4],
    list(16, (i) => i),
  );
  test('RoiAlign averages samples, of a number that the regions give', () => {
    const operands = [pixels, known([2, 4], [0, 0, 4, 4, 1, 1, 3, 3], 'float'), given([2], [0, 0], 'int64')];
    const attributes = { output_height: 2, output_width: 2 };
    expect(resultOf({ op: 'RoiAlign', operands, attributes }).data).toEqual([
      2.5, 4.5, 10.5, 12.5, 5, 6, 9, 10,
    ]);
    const computed = [pixels, given([2, 4], [0, 0, 4, 4, 1, 1, 3, 3]), operands[2]];
    expect(resultOf({ op: 'RoiAlign', operands: computed, attributes }).data).toEqual([2.5, 4.5, 10.5, 12.5, 5, 6, 9, 10]); // prettier-ignore
  });

  test('MaxRoiPool takes the greatest of overlapping bins, and 0 beyond the image', () => {
    const operands = [pixels, given([2, 5], [0, 0, 0, 2, 2, 0, 9, 9, 9, 9])];
    const attributes = { pooled_shape: [2, 2] };
    expect(resultOf({ op: 'MaxRoiPool', operands, attributes }).data).toEqual([5, 6, 9, 10, 0, 0, 0, 0]);
  });

  test('what does not fit is refused', () => {
    const refuse = (
      code: 'ONNX_INVALID' | 'SHAPE_MISMATCH',
      op: string,
      operands: readonly Operand[],
      attributes = {},
    ): unknown =>
      // prettier-ignore
      errorOf(code, () => importOnnx(oneNodeModel({ op, operands, attributes })));
    refuse('SHAPE_MISMATCH', 'GridSample', [pixels, given([2, 1, 1, 2], [0, 0, 0, 0])]);
    refuse('ONNX_INVALID', 'GridSample', [pixels, given([1, 1, 1, 2], [0, 0])], { mode: 'bilinear' });
    refuse('ONNX_INVALID', 'AffineGrid', [
      given(
        [1, 2, 3],
        list(6, () => 0),
      ),
      known([4], [2, 1, 2, 2]),
    ]);
    refuse('ONNX_INVALID', 'RoiAlign', [pixels, given([1, 5], [0, 0, 0, 0, 0]), given([1], [0], 'int64')]);
    refuse('ONNX_INVALID', 'RoiAlign', [pixels, given([1, 4], [0, 0, 0, 0]), known([1], [1])]);
    refuse('ONNX_INVALID', 'MaxRoiPool', [pixels, given([1, 5], [0, 0, 0, 0, 0])], { pooled_shape: [0, 1] });
    refuse('SHAPE_MISMATCH', 'DeformConv', [pixels, given([1, 1, 1, 1], [1]), given([1, 1, 4, 4], list(16, () => 0))]); // prettier-ignore
    refuse('SHAPE_MISMATCH', 'Col2Im', [given([1, 3, 4], list(12, () => 0)), known([2], [2, 2]), known([2], [1, 2])]); // prettier-ignore
  });
});
