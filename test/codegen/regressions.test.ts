/** What the fuzzer found, in its smallest form. */
import { describe, expect, test } from 'vitest';
import { prepare } from '../../src/compile.js';
import { GraphBuilder } from '../../src/ir/builder.js';
import { expectSameBitsOf, VARIANTS, type Options } from '../support/differential.js';
import { availableGpus } from '../support/gpu.js';
import { tensorOf, words } from '../support/tensors.js';

describe.each(availableGpus)('%s', (gpu) => {
  const options: Options = { gpus: [gpu], variants: VARIANTS };

  test('an integer division by a constant zero', async () => {
    await expectSameBitsOf(
      `graph g {
        %0 = param {name="x"} : i32[5]
        %1 = constant {values=[0]} : i32[5]
        %2 = div %0 %1 : i32[5]
        %3 = rem %0 %1 : i32[5]
        %4 = param {name="y"} : u32[31,2,1]
        %5 = iota {axis=2} : u32[31,2,1]
        %6 = div %4 %5 : u32[31,2,1]
        return a=%2 b=%3 c=%6
      }`,
      { x: tensorOf('i32', [5]), y: tensorOf('u32', [31, 2, 1]) },
      options,
    );
  });

  test('operations on constants alone that overflow, or divide', async () => {
    await expectSameBitsOf(
      `graph g {
        %0 = constant {values=[3e38]} : f32[3]
        %1 = add %0 %0 : f32[3]
        %2 = constant {values=[0]} : f32[3]
        %3 = div %0 %2 : f32[3]
        %4 = constant {values=[-2147483648]} : i32[3]
        %5 = constant {values=[-1]} : i32[3]
        %6 = div %4 %5 : i32[3]
        %7 = abs %4 : i32[3]
        %8 = constant {values=[2147483647]} : i32[3]
        %9 = max %8 %5 : i32[3]
        %10 = bitcast %9 : f32[3]
        return a=%1 b=%3 c=%6 d=%7 e=%10
      }`,
      {},
      options,
    );
  });

  test('the least i32 as an operand of min and max', async () => {
    await expectSameBitsOf(
      `graph g {
        %0 = param {name="x"} : i32[4,20]
        %1 = reduce %0 {kind="max" axes=[1]} : i32[4]
        %2 = constant {values=[-2147483648]} : i32[4,20]
        %3 = min %0 %2 : i32[4,20]
        return a=%1 b=%3
      }`,
      { x: tensorOf('i32', [4, 20], 1, 'hostile') },
      options,
    );
  });

  test('a function of a constant whose value the driver can work out', async () => {
    await expectSameBitsOf(
      `graph g {
        %0 = constant {values=[0.3333333333333333]} : f32[2,2,2]
        %1 = round %0 : f32[2,2,2]
        %2 = sub %1 %1 : f32[2,2,2]
        %3 = param {name="x"} : f32[2,2,2]
        %4 = sub %1 %3 : f32[2,2,2]
        return a=%2 b=%4
      }`,
      { x: words('f32', [2, 2, 2], [0, 0x80000000, 1, 2, 3, 4, 5, 6]) },
      options,
    );
  });

  test('f16 constants and pads that are not f16 numbers', async () => {
    await expectSameBitsOf(
      `graph g {
        %0 = param {name="x"} : f16[3]
        %1 = constant {values=[0.1]} : f16[3]
        %2 = add %0 %1 : f16[3]
        %3 = pad %0 {low=[1] high=[1] interior=[0] value=65520} : f16[5]
        return a=%2 b=%3 c=%1
      }`,
      { x: tensorOf('f16', [3]) },
      options,
    );
  });

  test('a scatter of f16 adds up in f32', async () => {
    await expectSameBitsOf(
      `graph g {
        %0 = param {name="x"} : f16[2]
        %1 = param {name="at"} : i32[50]
        %2 = param {name="u"} : f16[50]
        %3 = scatter %0 %1 %2 {kind="add"} : f16[2]
        return a=%3
      }`,
      { x: tensorOf('f16', [2]), at: tensorOf('i32', [50], 1, 'tiny'), u: tensorOf('f16', [50]) },
      options,
    );
  });

  test('a value that is also copied, reshaped, into a concat', async () => {
    await expectSameBitsOf(
      `graph g {
        %0 = param {name="x"} : f32[2,2]
        %1 = param {name="y"} : f32[2,2]
        %2 = mul %0 %1 : f32[2,2]
        %3 = reshape %2 : f32[4]
        %4 = add %3 %3 : f32[4]
        %5 = concat %4 %3 {axis=0} : f32[8]
        return a=%5 b=%2
      }`,
      { x: tensorOf('f32', [2, 2]), y: tensorOf('f32', [2, 2], 2) },
      options,
    );
  });

  test('concats of nothing', async () => {
    await expectSameBitsOf(
      `graph g {
        %0 = param {name="x"} : f32[0,3]
        %1 = concat %0 %0 {axis=0} : f32[0,3]
        %2 = param {name="y"} : f32[2,3]
        %3 = param {name="at"} : i32[0]
        %4 = scatter %2 %3 %1 {kind="set"} : f32[2,3]
        return a=%4 b=%1
      }`,
      { x: tensorOf('f32', [0, 3]), y: tensorOf('f32', [2, 3]), at: tensorOf('i32', [0]) },
      options,
    );
  });

  test('a short reduction of a long function, inside of a loop, in time', async () => {
    await expectSameBitsOf(
      `graph g {
        %0 = param {name="x"} : f32[8,17,22]
        %1 = param {name="y"} : f32[8,17,22]
        %2 = pow %0 %1 : f32[8,17,22]
        %3 = reduce %2 {kind="min" axes=[0]} : f32[17,22]
        %4 = argreduce %3 {kind="max" axis=1} : i32[17]
        return a=%4
      }`,
      { x: tensorOf('f32', [8, 17, 22]), y: tensorOf('f32', [8, 17, 22], 2) },
      options,
    );
  });

  test('argreduce of a line of the worst values', async () => {
    await expectSameBitsOf(
      `graph g {
        %0 = param {name="x"} : f32[2,3]
        %1 = argreduce %0 {kind="max" axis=1} : i32[2]
        %2 = neg %0 : f32[2,3]
        %3 = argreduce %2 {kind="min" axis=1} : i32[2]
        return a=%1 b=%3
      }`,
      { x: words('f32', [2, 3], [0xff800000, 0xff800000, 0xff800000, 0xff800000, 0xff7fffff, 0xff7fffff]) },
      options,
    );
  });

  test('padding of a convolution that has holes and no pixels', async () => {
    await expectSameBitsOf(
      `graph g {
        %0 = param {name="x"} : f32[1,2,0]
        %1 = param {name="w"} : f32[1,2,1]
        %2 = conv %0 %1 {strides=[1] padLow=[1] padHigh=[1] lhsDilation=[2] rhsDilation=[1] groups=1} : f32[1,1,2]
        return a=%2
      }`,
      { x: tensorOf('f32', [1, 2, 0]), w: tensorOf('f32', [1, 2, 1]) },
      options,
    );
  });

  test('a value and a concat of it in one result', async () => {
    await expectSameBitsOf(
      `graph g {
        %0 = param {name="x"} : f32[256]
        %1 = param {name="y"} : f32[256]
        %2 = exp %0 : f32[256]
        %3 = exp %1 : f32[256]
        %4 = concat %2 %3 {axis=0} : f32[512]
        %5 = slice %4 {starts=[128] strides=[1]} : f32[256]
        %6 = add %2 %5 : f32[256]
        return a=%6
      }`,
      { x: tensorOf('f32', [256], 1), y: tensorOf('f32', [256], 2) },
      options,
    );
  });

  test('a value, and what a product of a concat of it gives', async () => {
    await expectSameBitsOf(
      `graph g {
        %0 = param {name="x"} : f32[64,64]
        %1 = exp %0 : f32[64,64]
        %2 = neg %0 : f32[64,64]
        %3 = concat %1 %2 {axis=0} : f32[128,64]
        %4 = dot %3 %0 {lhsContract=[1] rhsContract=[0]} : f32[128,64]
        %5 = slice %4 {starts=[32,0] strides=[1,1]} : f32[64,64]
        %6 = add %1 %5 : f32[64,64]
        return a=%6
      }`,
      { x: tensorOf('f32', [64, 64], 1) },
      options,
    );
  });

  test('a concat, overwritten while a part of it is still read', async () => {
    await expectSameBitsOf(
      `graph g {
        %0 = param {name="x"} : f32[256]
        %1 = param {name="y"} : f32[256]
        %2 = exp %0 : f32[256]
        %3 = exp %1 : f32[256]
        %4 = concat %2 %3 {axis=0} : f32[512]
        %5 = reshape %2 : f32[1,256]
        %6 = broadcast %5 : f32[2,256]
        %7 = reshape %6 : f32[512]
        %8 = add %4 %7 : f32[512]
        return a=%8
      }`,
      { x: tensorOf('f32', [256], 1), y: tensorOf('f32', [256], 2) },
      options,
    );
  });

  test('more reductions over one row than a kernel can hold', async () => {
    const steps = Array.from({ length: 70 }, (_, i) => {
      const [x, y] = [i === 0 ? 0 : 4 * i, 4 * i];
      return `%${y + 1} = reduce %${x} {kind="max" axes=[1]} : f32[4]
        %${y + 2} = reshape %${y + 1} : f32[4,1]
        %${y + 3} = broadcast %${y + 2} : f32[4,32]
        %${y + 4} = sub %${x} %${y + 3} : f32[4,32]`;
    });
    await expectSameBitsOf(
      `graph g { %0 = param {name="x"} : f32[4,32]\n${steps.join('\n')}\n return a=%280 }`,
      { x: tensorOf('f32', [4, 32], 1) },
      { ...options, variants: ['optimised'] },
    );
  });
});

test('a chain of thousands of nodes is cut into kernels', () => {
  const b = new GraphBuilder('chain');
  let value = b.param('x', 'f32', [3]);
  const one = b.full(value, 1.5);
  for (let i = 0; i < 10_000; i++) value = b.binary(i % 2 === 0 ? 'add' : 'mul', value, one);
  b.output('y', value);
  const { plan } = prepare({ graph: b.build(), weights: new Map() }).planned;
  expect(plan.commands.length).toBeGreaterThan(10);
});
