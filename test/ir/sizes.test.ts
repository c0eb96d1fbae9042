/** Sizes of free dimensions, read off inputs. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HeddleError } from '../../src/base/errors.js';
import type { DimRange, FreeDims } from '../../src/ir/graph.js';
import { leastSizes } from '../../src/ir/least-sizes.js';
import { parseGraph } from '../../src/ir/parse.js';
import { boundTo, freeDimsOf, sizesOf, type Shaped } from '../../src/ir/sizes.js';
import { printType } from '../../src/ir/types.js';
import { errorOf } from '../frontends/onnx/support.js';
import { fuzz } from '../support/fuzz.js';

const f32 = (...shape: number[]): { readonly dtype: 'f32'; readonly shape: readonly number[] } => ({
  dtype: 'f32',
  shape,
});

const PAIRS = {
  graph: parseGraph(`graph pairs {
    %0 = param {name="x"} : f32[batch,time]
    %1 = param {name="mask"} : f32[batch,2*time+1]
    %2 = param {name="table"} : f32[3,(size)//2]
    return x=%0 m=%1 t=%2
  }`),
  weights: new Map(),
};
const pairs = freeDimsOf(PAIRS)!;
const fitting = { x: f32(2, 7), mask: f32(2, 15) };

/** Dimensions of which `accepts` says whether the program takes them. */
const free = (accepts: (sizes: Readonly<Record<string, number>>) => boolean, ranges: Readonly<Record<string, DimRange>> = {}): FreeDims => ({
  symbols: ['n', 'm'],
  inputs: [{ name: 'x', dtype: 'f32', shape: parseGraph('graph g { %0 = param {name="x"} : f32[n,m] return y=%0 }').nodes[0].type.shape }],
  ranges,
  bind: (sizes) => {
    if (!accepts(sizes)) throw new HeddleError('SHAPE_MISMATCH', 'the halves differ', { where: 'node "add"' });
    return { graph: parseGraph('graph g { %0 = iota {axis=0} : i32[1] return y=%0 }'), weights: new Map() };
  },
}); // prettier-ignore

describe('sizes', () => {
  test('are those of the inputs, and of what is computed from them', () => {
    fc.assert(
      fc.property(fc.nat(9), fc.nat(9), (batch, time) => {
        const given = { ...fitting, x: f32(batch, time), mask: f32(batch, 2 * time + 1) };
        const { graph } = boundTo({ ...PAIRS, graph: withoutTable() }, given);
        expect(graph.nodes.map(({ type }) => printType(type))).toEqual([
          `f32[${batch},${time}]`,
          `f32[${batch},${2 * time + 1}]`,
        ]);
      }),
      fuzz(50),
    );
  });

  test('may be solved for: one number where the dimension is linear in it', () => {
    const only = freeDimsOf({ ...PAIRS, graph: parseGraph('graph g { %0 = param {name="x"} : f32[4*n+2] return y=%0 }') })!; // prettier-ignore
    expect(sizesOf(only, { x: f32(14) })).toEqual({ n: 3 });
    for (const size of [13, 0, 1])
      expect(errorOf('INPUT_SHAPE', () => sizesOf(only, { x: f32(size) }))).toMatchObject({
        where: 'input "x", axis 0',
        found: `${size}`,
        expected: '4*n+2',
      });
  });

  const faults: readonly (readonly [string, Shaped, object])[] = [
    ['of inputs that disagree', { x: f32(2, 7), mask: f32(3, 15) }, { code: 'INPUT_SHAPE', where: 'input "mask", axis 0', found: 'batch = 3', expected: 'batch = 2, as input "x", axis 0 has it' }],
    ['that do not follow from others', { x: f32(2, 7), mask: f32(2, 14) }, { code: 'INPUT_SHAPE', where: 'input "mask", axis 1', found: '14', expected: '2*time+1 = 15' }],
    ['of another rank', { x: f32(2) }, { code: 'INPUT_SHAPE', where: 'input "x"', found: 'f32[2]', expected: 'f32[batch,time]' }],
    ['of a fixed extent', { ...fitting, table: f32(4, 1) }, { code: 'INPUT_SHAPE', where: 'input "table", axis 0', found: '4', expected: '3' }],
    ['of nothing', {}, { code: 'INPUT_MISSING', where: 'input "x"', expected: 'f32[batch,time]' }],
    ['that no input has exactly', { ...fitting, table: f32(3, 4) }, { code: 'INPUT_SHAPE', expected: '(size)//2' }],
    ['of an unknown input', { ...fitting, tabel: f32(3, 4) }, { code: 'INPUT_UNKNOWN', found: '"tabel"' }],
  ]; // prettier-ignore
  test.each(faults)('%s are refused', (_, given, expected) => {
    let error: unknown;
    try {
      sizesOf(pairs, given);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject(expected);
  });

  test('outside of their range are refused', () => {
    const within = free(() => true, { n: { min: 2, max: 4 } });
    expect(sizesOf(within, { x: f32(4, 100) })).toEqual({ n: 4, m: 100 });
    for (const n of [1, 5])
      expect(errorOf('INPUT_SHAPE', () => sizesOf(within, { x: f32(n, 1) }))).toMatchObject({
        where: 'input "x", axis 0',
        found: `n = ${n}`,
        expected: 'n from 2 to 4',
      });
  });

  test('that the program refuses stand in the error', () => {
    const refusing = { ...PAIRS, free: free(({ n, m }) => n === m) };
    expect(errorOf('SHAPE_MISMATCH', () => boundTo(refusing, { x: f32(1, 2) })).where).toBe(
      'node "add", for n = 1 (input "x", axis 0), m = 2 (input "x", axis 1)',
    );
  });
});

describe('the least sizes', () => {
  test('are 1 where that will do, and within the ranges', () => {
    expect(leastSizes(free(() => true))).toEqual({ n: 1, m: 1 });
    expect(leastSizes(free(() => true, { m: { min: 5, max: 9 } }))).toEqual({ n: 1, m: 5 });
  });

  test('are those that the arithmetic takes', () => {
    expect(leastSizes(free(({ n, m }) => n % 32 === 0 && m >= 400))).toEqual({ n: 32, m: 512 });
  });

  test('are none where it takes none', () => {
    expect(errorOf('SHAPE_MISMATCH', () => leastSizes(free(() => false))).where).toContain('for n = 1');
  });
});

/** The graph without the dimension that no size makes exact. */
function withoutTable(): typeof PAIRS.graph {
  const { nodes, outputs, name } = PAIRS.graph;
  return { name, nodes: nodes.slice(0, 2), outputs: outputs.slice(0, 2) };
}
