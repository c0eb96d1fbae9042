/** Products whose columns an element of a kernel needs several of: they stand in that kernel, with the same bits. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { prepare } from '../../../src/compile.js';
import { GraphBuilder } from '../../../src/ir/builder.js';
import type { Program } from '../../../src/ir/graph.js';
import { DEFAULT_TARGET, SOFTWARE_TARGET } from '../../../src/passes/target.js';
import { nn } from '../../../src/learn/index.js';
import { zeros } from '../../../src/tensor/index.js';
import { jit } from '../../../src/frontends/trace/index.js';
import { expectSameBits } from '../../support/differential.js';
import { fuzz } from '../../support/fuzz.js';
import { tensorOf } from '../../support/tensors.js';

interface Size {
  readonly rows: number;
  readonly units: number;
  readonly columns: number;
  readonly depth: number;
}

const sizes = fc.record({
  rows: fc.constantFrom(1, 2, 9, 17),
  units: fc.constantFrom(1, 3, 8, 70),
  columns: fc.constantFrom(2, 3, 4),
  depth: fc.constantFrom(1, 5, 130),
});

/** y = tanh(first column) * second + ..., and y - the last column, of x w + bias. `among`: how columns of a unit lie. */
function units({ rows, units, columns, depth }: Size, among: 'apart' | 'overlapping' = 'apart'): Program {
  const b = new GraphBuilder('units');
  const [x, w] = [b.param('x', 'f32', [rows, depth]), b.param('w', 'f32', [depth, columns * units])];
  const bias = b.broadcast(b.reshape(b.param('bias', 'f32', [columns * units]), [1, columns * units]), [
    rows,
    columns * units,
  ]);
  const product = b.emit('dot', [x, w], { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] });
  const whole = b.binary('add', product, bias);
  const column = (at: number) =>
    b.emit('slice', [whole], { starts: [0, at], sizes: [rows, units], strides: [1, 1] });
  const own = Array.from({ length: columns }, (_, at) => column(among === 'apart' ? at * units : at));
  const y = own.reduce((sum, each) => b.binary('add', b.binary('mul', b.unary('tanh', sum), each), each));
  b.output('y', y);
  b.output('z', b.binary('sub', y, own[columns - 1]));
  return { graph: b.build(), weights: new Map() };
}

const kernelsOf = (program: Program, target = DEFAULT_TARGET): number =>
  prepare(program, { target }).planned.plan.commands.length;

test('one kernel computes the columns of a unit and what is made from them', async () => {
  await fc.assert(
    fc.asyncProperty(sizes, fc.nat(1000), async (size, seed) => {
      const program = units(size);
      for (const target of [DEFAULT_TARGET, SOFTWARE_TARGET]) expect(kernelsOf(program, target)).toBe(1);
      const { rows, units: count, columns, depth } = size;
      const inputs = {
        x: tensorOf('f32', [rows, depth], seed, 'usual'),
        w: tensorOf('f32', [depth, columns * count], seed + 1, 'usual'),
        bias: tensorOf('f32', [columns * count], seed + 2, 'usual'),
      };
      await expectSameBits({ program, inputs }, { variants: ['optimised', 'software'] });
    }),
    fuzz(4),
  );
});

test('columns that units share are stored, for each would be computed again', () => {
  expect(kernelsOf(units({ rows: 2, units: 8, columns: 3, depth: 130 }, 'overlapping'))).toBeGreaterThan(1);
});

test('a trip of an LSTM is one kernel', async () => {
  const lstm = new nn.LSTM(12, 20, { key: 1 });
  const { program } = await jit((x: ReturnType<typeof zeros>) => lstm.call(x)).compile(zeros([3, 5, 12]));
  const target = { ...DEFAULT_TARGET, launchSteps: 0 };
  const { loops } = prepare(program, { target }).planned.plan;
  expect(loops?.map(({ first, end }) => end - first)).toEqual([1]);
});
