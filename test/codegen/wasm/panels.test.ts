/**
 * Contractions in panels, and what goes along lines: sizes that are no multiples of lanes or of panels, sums of several blocks,
 * padding, holes and axes without elements, with operands of every kind. The bits are the interpreter's, with 1, 2 and 3 threads.
 */
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { repeatedRows, unpackIntegers } from '../../../src/compose/packed.js';
import { interpret } from '../../../src/interpreter/index.js';
import { GraphBuilder, type GraphValue } from '../../../src/ir/builder.js';
import type { Program } from '../../../src/ir/graph.js';
import { weightsOf } from '../../../src/ir/weights.js';
import { WASM_TARGET } from '../../../src/passes/target.js';
import { choosePanel } from '../../../src/codegen/lower/panels.js';
import type { Tensors } from '../../../src/runtime/inputs.js';
import { openWasmDevice, type WasmDevice } from '../../../src/runtime/wasm/device.js';
import { WasmExecutable } from '../../../src/runtime/wasm/executable.js';
import { differenceOf } from '../../support/differential.js';
import { fuzz } from '../../support/fuzz.js';
import { FLAVOURS, tensorOf } from '../../support/tensors.js';
import { preparedForWasm } from '../../support/wasm.js';

const devices = Promise.all([1, 2, 3].map((threads) => openWasmDevice({ threads })));
afterAll(async () => (await devices).forEach((device: WasmDevice) => device.dispose()));

/** What differs on any number of threads. */
async function differences(program: Program, inputs: Tensors): Promise<string[]> {
  const { program: own, planned } = preparedForWasm(program);
  const { outputs } = interpret(program, inputs);
  const found: string[] = [];
  for (const device of await devices) {
    const executable = await WasmExecutable.create(
      planned.plan,
      planned.module!.bytes,
      weightsOf(own),
      device,
    );
    const results = await executable.run(inputs);
    executable.dispose();
    for (const [name, want] of Object.entries(outputs)) {
      const difference = differenceOf(results[name], want);
      if (difference !== undefined) found.push(`${device.threads} threads, ${name}: ${difference}`);
    }
  }
  return found;
}

/** A program of two params, with their tensors. */
function specimen(
  [first, second]: readonly [readonly number[], readonly number[]],
  flavours: readonly (typeof FLAVOURS)[number][],
  emit: (b: GraphBuilder, x: GraphValue, w: GraphValue) => GraphValue,
): readonly [Program, Tensors] {
  const b = new GraphBuilder('panels');
  const [x, w] = [b.param('x', 'f32', [...first]), b.param('w', 'f32', [...second])];
  b.output('y', emit(b, x, w));
  const inputs = { x: tensorOf('f32', first, 1, flavours[0]), w: tensorOf('f32', second, 2, flavours[1]) };
  return [{ graph: b.build(), weights: new Map() }, inputs];
}

const kinds = fc.array(fc.constantFrom(...FLAVOURS), { minLength: 2, maxLength: 2 });
const up = (least: number, most: number): fc.Arbitrary<number> => fc.integer({ min: least, max: most });

const convolutions = fc.record({
  kinds,
  images: up(0, 2),
  groups: up(1, 3),
  channels: fc.constantFrom(0, 1, 2, 5, 17, 40),
  outputs: up(1, 9),
  space: fc.tuple(up(1, 9), up(1, 19)),
  kernel: fc.tuple(up(1, 4), up(1, 5)),
  strides: fc.tuple(up(1, 2), up(1, 3)),
  low: fc.tuple(up(0, 3), up(0, 4)),
  high: fc.tuple(up(0, 3), up(0, 4)),
  holes: fc.tuple(up(1, 2), up(1, 3)),
  dilations: fc.tuple(up(1, 2), up(1, 2)),
  isRelu: fc.boolean(),
});

test('convolutions', async () => {
  await fc.assert(
    fc.asyncProperty(convolutions, async (c) => {
      const strides = c.strides.map((stride, i) => (c.holes[i] > 1 ? 1 : stride));
      const rhsDilation = c.dilations.map((dilation, i) => (c.holes[i] > 1 ? 1 : dilation));
      const fits = c.space.every(
        (extent, i) =>
          (extent - 1) * c.holes[i] + 1 + c.low[i] + c.high[i] > (c.kernel[i] - 1) * rhsDilation[i],
      );
      fc.pre(fits);
      const shapes = [
        [c.images, c.groups * c.channels, ...c.space],
        [c.groups * c.outputs, c.channels, ...c.kernel],
      ] as const;
      const [program, inputs] = specimen(shapes, c.kinds, (b, x, w) => {
        const { groups, low: padLow, high: padHigh, holes: lhsDilation } = c;
        const y = b.emit('conv', [x, w], { strides, padLow, padHigh, lhsDilation, rhsDilation, groups });
        return c.isRelu ? b.unary('neg', b.unary('abs', y)) : y;
      });
      expect(await differences(program, inputs)).toEqual([]);
    }),
    fuzz(80),
  );
}, 120_000);

test('products, with columns in blocks and without', async () => {
  const sizes = fc.record({
    kinds,
    batch: fc.constantFrom([], [], [2], [0]),
    m: fc.constantFrom(0, 1, 3, 7, 33, 50),
    k: fc.constantFrom(0, 1, 5, 64, 127, 128, 129, 300),
    n: fc.constantFrom(0, 1, 3, 4, 7, 12, 30, 64, 72, 100),
    isTransposed: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(sizes, async ({ kinds, batch, m, k, n, isTransposed }) => {
      const right = isTransposed ? [n, k] : [k, n];
      const own = batch.map((_, i) => i);
      const shapes = [
        [...batch, m, k],
        [...batch, ...right],
      ] as const;
      const [program, inputs] = specimen(shapes, kinds, (b, x, w) =>
        b.emit('dot', [x, w], {
          lhsBatch: own,
          rhsBatch: own,
          lhsContract: [own.length + 1],
          rhsContract: [own.length + (isTransposed ? 1 : 0)],
        }),
      );
      expect(await differences(program, inputs)).toEqual([]);
    }),
    fuzz(60),
  );
}, 120_000);

test('products with integers that lie in words, scaled in blocks', async () => {
  const sizes = fc.record({
    m: up(1, 4),
    bits: fc.constantFrom(2, 4, 8, 16),
    block: fc.constantFrom(16, 32, 256),
    blocks: up(1, 5),
    n: fc.constantFrom(1, 3, 4, 12, 16, 30, 64),
    band: fc.boolean(),
    kind: fc.constantFrom(...FLAVOURS),
  });
  await fc.assert(
    fc.asyncProperty(sizes, async ({ m, bits, block, blocks, n, band, kind }) => {
      const k = block * blocks;
      const each = 32 / bits;
      const b = new GraphBuilder('packed');
      const x = b.param('x', 'f32', [m, k]);
      // In bands the words of four columns lie together.
      const isBanded = band && n % 4 === 0;
      const wordShape = isBanded ? [n / 4, k / each, 4] : [k / each, n];
      const words = b.param('words', 'u32', wordShape);
      const upright = isBanded ? b.reshape(b.permute(words, [1, 0, 2]), [k / each, n]) : words;
      const scales = b.param('scales', 'f32', [blocks, n]);
      const integers = b.cast(unpackIntegers(b, upright, 0, { bits, signed: bits > 4 }), 'f32');
      const weights = b.binary('mul', repeatedRows(b, scales, block), integers);
      b.output('y', b.emit('dot', [x, weights], { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] })); // prettier-ignore
      const inputs = {
        x: tensorOf('f32', [m, k], 1, kind),
        words: tensorOf('u32', wordShape, 2),
        scales: tensorOf('f32', [blocks, n], 3),
      };
      expect(await differences({ graph: b.build(), weights: new Map() }, inputs)).toEqual([]);
    }),
    fuzz(40),
  );
}, 120_000);

test('padding, windows and broadcasts along lines', async () => {
  const lines = fc.record({
    kinds,
    rows: up(1, 5),
    columns: fc.constantFrom(1, 5, 8, 9, 14, 21, 600),
    low: up(0, 3),
    high: up(0, 3),
    window: up(1, 3),
    stride: up(1, 3),
    kind: fc.constantFrom('max', 'sum'),
  });
  await fc.assert(
    fc.asyncProperty(lines, async ({ kinds, rows, columns, low, high, window, stride, kind }) => {
      fc.pre(columns + low + high >= window);
      const shapes = [
        [2, rows, columns],
        [1, rows, 1],
      ] as const;
      const [program, inputs] = specimen(shapes, kinds, (b, x, w) => {
        const scaled = b.binary('mul', x, b.emit('broadcast', [w], { shape: [2, rows, columns] }));
        const [padLow, padHigh] = [
          [0, 1, low],
          [0, 0, high],
        ];
        const padded = b.emit('pad', [scaled], {
          low: padLow,
          high: padHigh,
          interior: [0, 0, 0],
          value: -1,
        });
        const sliding = {
          kind,
          window: [1, 1, window],
          strides: [1, 1, stride],
          dilations: [1, 1, 1],
        } as const;
        const none = { padLow: [0, 0, 0], padHigh: [0, 0, 0] };
        b.output('pooled', b.emit('reduceWindow', [scaled], { ...sliding, padLow, padHigh }));
        return b.emit('reduceWindow', [padded], { ...sliding, ...none });
      });
      expect(await differences(program, inputs)).toEqual([]);
    }),
    fuzz(60),
  );
}, 120_000);

describe('a panel', () => {
  test('fits the registers, loads included', () => {
    fc.assert(
      fc.property(up(1, 40), up(1, 300), up(1, 2), (m, n, loads) => {
        const { rows, vectors } = choosePanel(WASM_TARGET, m, n, loads);
        expect(rows * vectors + rows + vectors * loads).toBeLessThanOrEqual(15);
        expect(rows).toBeLessThanOrEqual(m);
        expect((vectors - 1) * 4).toBeLessThan(n);
      }),
    );
  });
});

const integers = fc.record({
  m: up(1, 9),
  n: up(1, 19),
  words: fc.constantFrom(1, 2, 16, 33, 70),
  bits: fc.tuple(fc.constantFrom(4, 8, 16, 32), fc.constantFrom(4, 8, 16, 32)),
  signed: fc.tuple(fc.boolean(), fc.boolean()),
  seed: fc.nat(),
});

test('products of integers of a few bits that lie in words', async () => {
  await fc.assert(
    fc.asyncProperty(integers, async ({ m, n, words, bits, signed, seed }) => {
      const depth = 8 * words;
      const b = new GraphBuilder('integers');
      const side = (at: 0 | 1, shape: readonly [number, number]): GraphValue => {
        const own = b.param(`p${at}`, 'u32', shape);
        const apart = unpackIntegers(b, own, 1 - at, { bits: bits[at], signed: signed[at] }) as GraphValue;
        return b.cast(apart, 'i32');
      };
      const shapes = [[m, (depth * bits[0]) / 32], [(depth * bits[1]) / 32, n]] as const; // prettier-ignore
      const [x, w] = [side(0, shapes[0]), side(1, shapes[1])];
      b.output(
        'y',
        b.emit('dot', [x, w], { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] }),
      );
      const data = (at: 0 | 1): Tensors[string] => tensorOf('u32', shapes[at], seed + at, 'hostile');
      const inputs = { p0: data(0), p1: data(1) };
      expect(await differences({ graph: b.build(), weights: new Map() }, inputs)).toEqual([]);
    }),
    fuzz(40),
  );
});

test.each([0, 1, 4, 7, 8])('bytes from bit %i of words on', async (at) => {
  const [m, n, words] = [16, 32, 16];
  const b = new GraphBuilder('bytes');
  const shape = [words, 4, n];
  const shift = (x: GraphValue, op: 'shl' | 'shr', by: readonly number[]): GraphValue =>
    b.binary(op, x, b.broadcast(b.constant('i32', [1, 4, 1], by), shape));
  const own = b.broadcast(b.reshape(b.param('w', 'i32', [words, n]), [words, 1, n]), shape);
  const parts = shift(shift(own, 'shl', [24 - at, 24, 8 - at, 8]), 'shr', [24, 24, 24, 24]);
  const x = b.param('x', 'i32', [m, 4 * words]);
  const small = b.binary('shr', b.binary('shl', x, b.full(x, 24)), b.full(x, 24));
  const contract = { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] };
  b.output('y', b.emit('dot', [small, b.reshape(parts, [4 * words, n])], contract));
  const inputs = {
    x: tensorOf('i32', [m, 4 * words], 1, 'hostile'),
    w: tensorOf('i32', [words, n], 2, 'hostile'),
  };
  expect(await differences({ graph: b.build(), weights: new Map() }, inputs)).toEqual([]);
});
