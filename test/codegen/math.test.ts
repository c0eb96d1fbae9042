/** Every scalar function on thousands of hostile values. */
import { describe, test } from 'vitest';
import type { DType } from '../../src/base/dtype.js';
import { COMPARE_OPS } from '../../src/ir/ops.js';
import { expectSameBits } from '../support/differential.js';
import { availableGpus } from '../support/gpu.js';
import { specimen } from '../support/specimen.js';
import { BINARY_OPS_OF, UNARY_OPS_OF } from '../support/typed-ops.js';

const COUNTS = { f32: 65_536, f16: 8192 } as const;

describe.each(availableGpus)('%s', (gpu) => {
  const gpus = [gpu];

  test.each(['f32', 'f16'] as const)('unary functions of %s', async (dtype) => {
    const net = specimen((b) => {
      const x = b.param('x', dtype, [COUNTS[dtype]]);
      for (const op of UNARY_OPS_OF[dtype]) b.output(op, b.unary(op, x));
    }, 'hostile');
    await expectSameBits(net, { gpus, variants: ['separate'] });
  });

  test.each(['f32', 'f16'] as const)('binary functions of %s', async (dtype) => {
    const net = specimen((b) => {
      const [x, y] = [b.param('x', dtype, [COUNTS[dtype]]), b.param('y', dtype, [COUNTS[dtype]])];
      for (const op of [...BINARY_OPS_OF[dtype], ...COMPARE_OPS]) b.output(op, b.binary(op, x, y));
    }, 'hostile');
    await expectSameBits(net, { gpus, variants: ['separate'] });
  });

  test.each(['i32', 'u32'] as const)('functions of %s', async (dtype) => {
    const net = specimen((b) => {
      const [x, y] = [b.param('x', dtype, [4096]), b.param('y', dtype, [4096])];
      for (const op of UNARY_OPS_OF[dtype]) b.output(op, b.unary(op, x));
      for (const op of [...BINARY_OPS_OF[dtype], ...COMPARE_OPS]) b.output(op, b.binary(op, x, y));
    }, 'hostile');
    await expectSameBits(net, { gpus });
  });

  test.each<DType>(['f32', 'f16', 'i32', 'u32', 'bool'])('conversions of %s', async (dtype) => {
    const net = specimen((b) => {
      const x = b.param('x', dtype, [4096]);
      for (const to of ['f32', 'f16', 'i32', 'u32', 'bool'] as const)
        if (to !== dtype) b.output(to, b.cast(x, to));
    }, 'hostile');
    await expectSameBits(net, { gpus });
  });

  test('arithmetic that drivers like to simplify', async () => {
    const net = specimen((b) => {
      const [x, y] = [b.param('x', 'f32', [4096]), b.param('y', 'f32', [4096])];
      const [zero, one, three] = [0, 1, 3].map((value) => b.full(x, value));
      const flag = b.binary('lt', x, y);
      const sum = b.binary('add', x, y);
      b.output('(x + y) - y', b.binary('sub', sum, y));
      b.output('x + -x', b.binary('add', x, b.unary('neg', x)));
      b.output('-(x + y) + x', b.binary('add', b.unary('neg', sum), x));
      b.output('0 - x', b.binary('sub', zero, x));
      b.output('x * 0', b.binary('mul', x, zero));
      b.output('x * 1', b.binary('mul', x, one));
      b.output('x / 3', b.binary('div', x, three));
      b.output('x / x', b.binary('div', x, x));
      b.output('x * flag', b.binary('mul', x, b.cast(flag, 'f32')));
      b.output('(flag ? 0 : y) - x', b.binary('sub', b.select(flag, zero, y), x));
      b.output('x * y + x', b.binary('add', b.binary('mul', x, y), x));
      b.output('x * y + x * x', b.binary('add', b.binary('mul', x, y), b.binary('mul', x, x)));
      b.output('sqrt(x * x)', b.unary('sqrt', b.binary('mul', x, x)));
      b.output('(x / y) * y', b.binary('mul', b.binary('div', x, y), y));
    }, 'hostile');
    await expectSameBits(net, { gpus, variants: ['optimised', 'fused'] });
  });
});
