import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DType } from '../../src/base/dtype.js';
import type { TensorData } from '../../src/base/tensor.js';
import { evaluateNode } from '../../src/interpreter/index.js';
import { fuzz } from '../support/fuzz.js';
import {
  at,
  coordinates,
  dtypes,
  evaluate,
  expectSame,
  hostileTensor,
  numbers,
  shapes,
  tensor,
} from './support.js';

/** A tensor of any dtype and shape, with hostile elements. */
const anyTensor = (minRank = 0): fc.Arbitrary<TensorData> =>
  fc.tuple(dtypes(), shapes(minRank)).chain(([dtype, shape]) => hostileTensor(dtype, shape));

/** What a movement is: for each result coordinate the element there. */
const table = (shape: readonly number[], element: (place: number[]) => number): number[] =>
  coordinates(shape).map(element);

const perAxis = (shape: readonly number[], min: number, max: number): fc.Arbitrary<number[]> =>
  fc.tuple(...shape.map(() => fc.integer({ min, max })));

test('reshape', () => {
  fc.assert(
    fc.property(anyTensor(), (x) => {
      const flat = evaluate('reshape', [x], { shape: [x.data.length, 1] });
      expectSame(flat.values, numbers(x));
    }),
    fuzz(50),
  );
});

test('permute', () => {
  const cases = anyTensor().chain((x) =>
    fc.tuple(
      fc.constant(x),
      fc.shuffledSubarray(
        x.shape.map((_, i) => i),
        { minLength: x.shape.length },
      ),
    ),
  );
  fc.assert(
    fc.property(cases, ([x, permutation]) => {
      const { values, shape } = evaluate('permute', [x], { permutation });
      const element = (place: number[]): number => {
        const source = x.shape.map((_, axis) => place[permutation.indexOf(axis)]);
        return at(x, source);
      };
      expectSame(values, table(shape, element));
    }),
    fuzz(200),
  );
});

test('broadcast', () => {
  const cases = anyTensor().chain((x) => fc.tuple(fc.constant(x), perAxis(x.shape, 0, 3)));
  fc.assert(
    fc.property(cases, ([x, grown]) => {
      const shape = x.shape.map((extent, axis) => (extent === 1 ? grown[axis] : extent));
      const { values } = evaluate('broadcast', [x], { shape });
      const source = (place: number[]): number[] => place.map((i, axis) => (x.shape[axis] === 1 ? 0 : i));
      expectSame(
        values,
        table(shape, (place) => at(x, source(place))),
      );
    }),
    fuzz(200),
  );
});

test('slice', () => {
  const cases = anyTensor().chain((x) => {
    const axes = x.shape.map((extent) =>
      fc.integer({ min: 1, max: 3 }).chain((stride) =>
        fc.integer({ min: 0, max: extent }).chain((start) => {
          const most = Math.ceil((extent - start) / stride);
          return fc.record({
            stride: fc.constant(stride),
            start: fc.constant(start),
            size: fc.integer({ min: 0, max: most }),
          });
        }),
      ),
    );
    return fc.tuple(fc.constant(x), fc.tuple(...axes));
  });
  fc.assert(
    fc.property(cases, ([x, axes]) => {
      const [starts, sizes, strides] = (['start', 'size', 'stride'] as const).map((key) =>
        axes.map((axis) => axis[key]),
      );
      const { values } = evaluate('slice', [x], { starts, sizes, strides });
      const source = (place: number[]): number[] => place.map((i, axis) => starts[axis] + i * strides[axis]);
      expectSame(
        values,
        table(sizes, (place) => at(x, source(place))),
      );
    }),
    fuzz(200),
  );
});

describe('pad', () => {
  test('low, high and interior', () => {
    const cases = fc
      .tuple(dtypes(), fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 4 }))
      .chain(([dtype, shape]) =>
        fc.tuple(
          hostileTensor(dtype, shape),
          perAxis(shape, 0, 2),
          perAxis(shape, 0, 2),
          perAxis(shape, 0, 2),
        ),
      );
    fc.assert(
      fc.property(cases, fc.constantFrom(0, 1, -0), ([x, low, high, interior], value) => {
        const { values, shape } = evaluate('pad', [x], { low, high, interior, value });
        const element = (place: number[]): number => {
          const source = place.map((i, axis) => (i - low[axis]) / (interior[axis] + 1));
          const inside = source.every((i, axis) => Number.isInteger(i) && i >= 0 && i < x.shape[axis]);
          if (inside) return at(x, source);
          return x.dtype === 'f32' || x.dtype === 'f16' ? value : value + 0;
        };
        expectSame(values, table(shape, element));
      }),
      fuzz(200),
    );
  });

  test.each<[DType, number, number]>([
    ['f32', 0.1, Math.fround(0.1)],
    ['f32', -Infinity, -Infinity],
    ['f16', 0.1, 0.0999755859375],
    ['i32', -1, -1],
    ['u32', -1, 2 ** 32 - 1],
    ['bool', 7, 1],
  ])('the value becomes %s: %d is %d', (dtype, value, expected) => {
    const attrs = { low: [1], high: [0], interior: [0], value };
    expectSame(evaluate('pad', [tensor(dtype, [1], [1])], attrs).values, [expected, 1]);
  });
});

test('concat', () => {
  const cases = fc
    .tuple(
      dtypes(),
      shapes(1),
      fc.nat(),
      fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 3 }),
    )
    .chain(([dtype, shape, pick, extents]) => {
      const axis = pick % shape.length;
      const operands = extents.map((extent) => hostileTensor(dtype, shape.with(axis, extent)));
      return fc.tuple(fc.constant(axis), fc.tuple(...operands));
    });
  fc.assert(
    fc.property(cases, ([axis, operands]) => {
      const { values, shape } = evaluate('concat', operands, { axis });
      const element = (place: number[]): number => {
        let i = place[axis];
        for (const x of operands) {
          if (i < x.shape[axis]) return at(x, place.with(axis, i));
          i -= x.shape[axis];
        }
        throw new Error('beyond the end');
      };
      expectSame(values, table(shape, element));
    }),
    fuzz(200),
  );
});

test('reverse', () => {
  const cases = anyTensor().chain((x) => fc.tuple(fc.constant(x), fc.subarray(x.shape.map((_, i) => i))));
  fc.assert(
    fc.property(cases, ([x, axes]) => {
      const { values } = evaluate('reverse', [x], { axes });
      const source = (place: number[]): number[] =>
        place.map((i, axis) => (axes.includes(axis) ? x.shape[axis] - 1 - i : i));
      expectSame(
        values,
        table(x.shape, (place) => at(x, source(place))),
      );
    }),
    fuzz(200),
  );
});

test('the payload of a NaN survives', () => {
  const words = [0x7fc00001, 0x7f800001, 0xffffffff];
  const x: TensorData = { dtype: 'f32', shape: [3], data: new Float32Array(Uint32Array.from(words).buffer) };
  const type = { dtype: 'f32', shape: [3] } as const;
  const { value } = evaluateNode({ op: 'reverse', inputs: [0], attrs: { axes: [0] }, type }, [x]);
  expect([...new Uint32Array(value.data.buffer)]).toEqual([...words].reverse());
});

describe('constants', () => {
  test('a single value fills the shape', () => {
    expect(evaluate('constant', [], { dtype: 'i32', shape: [2, 2], values: [3] }).values).toEqual([
      3, 3, 3, 3,
    ]);
    expect(evaluate('constant', [], { dtype: 'f32', shape: [0], values: [3] }).values).toEqual([]);
  });

  test('values are row-major and take the dtype', () => {
    const values = [0.1, -0, 70000, NaN];
    const constant = (dtype: DType): number[] =>
      evaluate('constant', [], { dtype, shape: [2, 2], values }).values;
    expectSame(constant('f32'), [Math.fround(0.1), -0, 70000, NaN]);
    expectSame(constant('f16'), [0.0999755859375, -0, Infinity, NaN]);
    expectSame(constant('u32'), [0, 0, 70000, 0]);
    expectSame(constant('bool'), [1, 0, 1, 1]);
  });
});

test('iota', () => {
  fc.assert(
    fc.property(
      shapes(1),
      fc.nat(),
      fc.constantFrom('i32' as const, 'u32' as const),
      (shape, pick, dtype) => {
        const axis = pick % shape.length;
        expect(evaluate('iota', [], { dtype, shape, axis }).values).toEqual(
          table(shape, (place) => place[axis]),
        );
      },
    ),
    fuzz(50),
  );
});
