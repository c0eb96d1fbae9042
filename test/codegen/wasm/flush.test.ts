/** Arithmetic that flushes subnormals, on values at which it is decided: the bits of the interpreter that imitates such a device. */
import { expect, test } from 'vitest';
import { tensorData } from '../../../src/base/tensor.js';
import { matmul } from '../../../src/compose/matmul.js';
import { GraphBuilder } from '../../../src/ir/builder.js';
import { f32FromBits, f32Bits, MIN_NORMAL } from '../../../src/numerics/bits.js';
import { EDGE_F32 } from '../../numerics/hostile.js';
import { preparedForWasm, wasmDifferences } from '../../support/wasm.js';

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
