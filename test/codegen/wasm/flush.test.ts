/** Arithmetic that flushes subnormals, on values at which it is decided: the bits of the interpreter that imitates such a device. */
import { describe, expect, test } from 'vitest';
import type { PlannedProgram } from '../../../src/codegen/plan.js';
import { elementCount, tensorData } from '../../../src/base/tensor.js';
import { matmul } from '../../../src/compose/matmul.js';
import { GraphBuilder } from '../../../src/ir/builder.js';
import type { Program } from '../../../src/ir/graph.js';
import { weightsOf } from '../../../src/ir/weights.js';
import { f32FromBits, f32Bits, MIN_NORMAL } from '../../../src/numerics/bits.js';
import { prepare, toBundle } from '../../../src/compile.js';
import type { SubnormalMode } from '../../../src/numerics/subnormals.js';
import { WASM_TARGET } from '../../../src/passes/target.js';
import { WasmExecutable } from '../../../src/runtime/wasm/executable.js';
import { STAND_INS } from '../../../src/runtime/wasm/normal.js';
import { EDGE_F32 } from '../../numerics/hostile.js';
import { emitLoop } from '../../support/inner.js';
import { preparedForWasm, wasmDevice, wasmDifferences } from '../../support/wasm.js';

const ulps = (x: number, count: number): number => f32FromBits(f32Bits(x) + count);

/** Factors whose products, and numbers whose quotients, lie around 2^-126 - 2^-151, where rounding ends in a zero or does not. */
const FACTORS = Array.from({ length: 24 }, (_, i) => ulps(2 ** -63, i - 12));
const DIVIDENDS = Array.from({ length: 24 }, (_, i) => ulps(2 ** -100, i - 12));
const DIVISORS = Array.from({ length: 24 }, (_, i) => ulps(2 ** 26, i - 12));
const EDGES = [...EDGE_F32, ...FACTORS, ...DIVIDENDS, ...DIVISORS, 2 ** 64, -(2 ** 100), 2 * MIN_NORMAL].map(Math.fround); // prettier-ignore

const pairs = EDGES.flatMap((a) => EDGES.map((b) => [a, b] as const));
const column = (side: 0 | 1): Float32Array => Float32Array.from(pairs, (pair) => pair[side]);

test('every operation, for all pairs of hostile numbers', async () => {
  const b = new GraphBuilder('pairs');
  const [x, y] = [b.param('x', 'f32', [pairs.length]), b.param('y', 'f32', [pairs.length])];
  for (const op of ['add', 'sub', 'mul', 'div', 'min', 'max', 'rem', 'pow'] as const)
    b.output(op, b.binary(op, x, y));
  for (const op of ['sqrt', 'exp', 'log', 'floor', 'ceil', 'round', 'abs', 'neg', 'tanh'] as const)
    b.output(op, b.unary(op, x));
  b.output('chain', b.binary('add', b.binary('mul', x, y), b.binary('sub', x, y)));
  const program = { graph: b.build(), weights: new Map() };
  const inputs = {
    x: tensorData('f32', [pairs.length], column(0)),
    y: tensorData('f32', [pairs.length], column(1)),
  };
  const prepared = preparedForWasm(program, undefined, 'flush');
  expect(await wasmDifferences(program, [inputs], prepared)).toEqual([]);
});

test('products in a contraction, added up', async () => {
  const size = EDGES.length;
  const b = new GraphBuilder('outer');
  const [x, y] = [b.param('x', 'f32', [size, 2]), b.param('y', 'f32', [2, size])];
  b.output('xy', matmul(b, x, y));
  const program = { graph: b.build(), weights: new Map() };
  const rows = Float32Array.from({ length: 2 * size }, (_, i) => EDGES[(i * 7) % size]);
  const inputs = {
    x: tensorData('f32', [size, 2], rows),
    y: tensorData('f32', [2, size], rows.slice().reverse()),
  };
  const prepared = preparedForWasm(program, undefined, 'flush');
  expect(await wasmDifferences(program, [inputs], prepared)).toEqual([]);
});

describe('kernels for operands among which no subnormal arises', () => {
  /** x of [4,n] times y of [n,8]: every element is `scale` times a hostile multiple of 2^-23 from 1 to 2. */
  const contraction = (n: number) => {
    const b = new GraphBuilder('normal');
    const [x, y] = [b.param('x', 'f32', [4, n]), b.param('y', 'f32', [n, 8])];
    b.output('xy', matmul(b, x, y));
    return { graph: b.build(), weights: new Map() };
  };
  const elements = (shape: readonly [number, number], scale: number, seed: number) => {
    const random = (i: number): number => ((Math.imul(i + seed, 0x9e3779b1) >>> 9) % 8) - 4;
    const data = Float32Array.from({ length: shape[0] * shape[1] }, (_, i) => Math.sign(random(i)) * ulps(scale, random(i + 1) & 3)); // prettier-ignore
    return tensorData('f32', shape, data);
  };

  test.each([3, 150])('sums of %i products that cancel, as small as they may be and smaller', async (n) => {
    const program = contraction(n);
    const prepared = preparedForWasm(program, undefined, 'flush');
    for (const [a, c] of [
      [0, 0],
      [-51, -51],
      [-51, -52],
      [-63, -63],
      [-100, -3],
      [-126, 24],
      [-127, 26],
    ]) {
      const inputs = { x: elements([4, n], 2 ** a, 1), y: elements([n, 8], 2 ** c, 5) };
      expect(await wasmDifferences(program, [inputs], prepared)).toEqual([]);
    }
  });

  test('are there, beside those that flush, and none are where subnormals are kept', () => {
    const planned = (mode: SubnormalMode): PlannedProgram =>
      preparedForWasm(contraction(150), undefined, mode).planned;
    const { plan, module } = planned('flush');
    const normal = plan.pipelines.flatMap((pipeline) => pipeline.normal ?? []);
    expect(normal).toContainEqual({ code: 'kernel0_normal', factors: [[0, 1]] });
    for (const { code } of normal) expect(module!.wat(code)).toContain(`(func $${code}`);
    expect(planned('preserve').plan.pipelines.some(({ normal }) => normal !== undefined)).toBe(false);
  });
});

const PRODUCT = { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] };

test('operands are looked at where that is little beside what is computed from them, in loops as well', async () => {
  /** A product of 8 x 8, `trips` times, each of a slice of its own. */
  const loop = (trips: number): Program => {
    const b = new GraphBuilder('loop');
    const [carried, sliced] = [[b.param('start', 'f32', [8, 8])], [b.param('xs', 'f32', [trips, 8, 8])]];
    const [end] = emitLoop(b, { trips, carried, sliced }, (inner, _, total, x) => [
      inner.emit('dot', [total, x], PRODUCT),
    ]);
    b.output('end', end);
    return { graph: b.build(), weights: new Map() };
  };
  const lookedAt = async (program: Program): Promise<number> => {
    const prepared = preparedForWasm(program, undefined, 'flush');
    const device = await wasmDevice({ subnormals: 'flush' });
    let words = 0;
    const counting = {
      ...STAND_INS,
      leastIn: (seen: Uint32Array) => {
        words += seen.length;
        return STAND_INS.leastIn(seen);
      },
    };
    const { planned } = prepared;
    const executable = await WasmExecutable.create(planned.plan, planned.module!.bytes, weightsOf(program), {
      ...device,
      standIns: counting,
    });
    const inputs = Object.fromEntries(
      executable.inputs.map(({ name, dtype, shape }) => [
        name,
        tensorData(dtype, shape, new Float32Array(elementCount(shape)).fill(1)),
      ]),
    );
    await executable.run(inputs);
    executable.dispose();
    return words;
  };
  const [few, many] = [await lookedAt(loop(64)), await lookedAt(loop(256))];
  expect(many).toBeLessThanOrEqual(4 * few);
  const product = new GraphBuilder('product');
  const [x, y] = [product.param('x', 'f32', [64, 64]), product.param('y', 'f32', [64, 64])];
  product.output('xy', matmul(product, x, y));
  expect(await lookedAt({ graph: product.build(), weights: new Map() })).toBe(2 * 64 * 64);
});

test('kernels run on engines of their own mode, and bundles hold none that flush', async () => {
  const b = new GraphBuilder('twice');
  const x = b.param('x', 'f32', [1]);
  b.output('y', b.binary('add', x, x));
  const program = { graph: b.build(), weights: new Map() };
  const { planned } = preparedForWasm(program, undefined, 'flush');
  const weights = () => { throw new Error('no weights'); }; // prettier-ignore
  await expect(
    WasmExecutable.create(planned.plan, planned.module!.bytes, weights, await wasmDevice()),
  ).rejects.toMatchObject({ code: 'USAGE', expected: 'preserve' });
  const flushing = prepare(program, { target: WASM_TARGET, subnormals: 'flush' });
  expect(() => toBundle(prepare(program), 'test', flushing)).toThrow('USAGE');
});
