/** Operands of products that are computed where they are read: packed weights, for few rows. */
import { describe, expect, it } from 'vitest';
import { GraphBuilder, type GraphValue } from '../../../src/ir/builder.js';
import { prepare } from '../../../src/compile.js';
import { DEFAULT_TARGET, SOFTWARE_TARGET, WASM_TARGET } from '../../../src/passes/target.js';
import type { Program } from '../../../src/ir/graph.js';

/** x [rows, 64] times the bytes in words [16, 32], of which one word has four neighbours of a column. */
function unpackedProduct(b: GraphBuilder, rows: number, name = ''): GraphValue {
  const x = b.param(`x${name}`, 'f32', [rows, 64]);
  const words = b.param(`words${name}`, 'u32', [16, 32]);
  const shape = [16, 4, 32];
  const place = b.emit('iota', [], { dtype: 'u32', shape, axis: 1 });
  const spread = b.broadcast(b.reshape(words, [16, 1, 32]), shape);
  const shifted = b.binary('shr', spread, b.binary('mul', place, b.full(place, 8)));
  const bytes = b.reshape(b.binary('and', shifted, b.full(shifted, 255)), [64, 32]);
  return b.emit('dot', [x, b.cast(bytes, 'f32')], { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] }); // prettier-ignore
}

function product(rows: number): Program {
  const b = new GraphBuilder('product');
  b.output('y', unpackedProduct(b, rows));
  return { graph: b.build(), weights: new Map() };
}

const kernels = (rows: number, target = DEFAULT_TARGET): number =>
  prepare(product(rows), { target }).planned.plan.commands.length;

describe('weights that are unpacked', () => {
  it.each([DEFAULT_TARGET, SOFTWARE_TARGET, WASM_TARGET])('are not stored for few rows', (target) => {
    expect([1, 4].map((rows) => kernels(rows, target))).toEqual([1, 1]);
  });

  it.each([DEFAULT_TARGET, WASM_TARGET])(
    'share no table of the places in words, however many there are',
    (target) => {
      const b = new GraphBuilder('products');
      for (let i = 0; i < 9; i++) b.output(`y${i}`, unpackedProduct(b, 1, `${i}`));
      const { commands } = prepare({ graph: b.build(), weights: new Map() }, { target }).planned.plan;
      expect(commands.map(({ regions }) => regions.length)).toEqual(new Array<number>(9).fill(3));
    },
  );

  it('are stored for many, which would unpack them again and again', () => {
    expect(kernels(64)).toBe(2);
  });
});
