/** What the engine refuses, before anything runs; and indices out of data, which reach nothing but what they are for. */
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { tensorData, type TensorData } from '../../../src/base/tensor.js';
import { openWasmDevice } from '../../../src/runtime/wasm/device.js';
import { interpret } from '../../../src/interpreter/index.js';
import { GraphBuilder } from '../../../src/ir/builder.js';
import type { Program } from '../../../src/ir/graph.js';
import { WasmExecutable } from '../../../src/runtime/wasm/executable.js';
import { differenceOf } from '../../support/differential.js';
import { fuzz } from '../../support/fuzz.js';
import { preparedForWasm, wasmDevice, wasmExecutable } from '../../support/wasm.js';

/** y = x + 1 for `size` elements. */
function incremented(size: number): Program {
  const b = new GraphBuilder('incremented');
  const x = b.param('x', 'f32', [size]);
  b.output('y', b.binary('add', x, b.full(x, 1)));
  return { graph: b.build(), weights: new Map() };
}

const noWeights = (): TensorData => {
  throw new Error('there are none');
};

describe('refused', () => {
  afterEach(() => vi.restoreAllMocks());

  test('more memory than 32-bit addresses reach', async () => {
    const device = await wasmDevice();
    const { plan, module } = preparedForWasm(incremented(4)).planned;
    const used = device.memory.used;
    for (const large of [{ arenaBytes: 2 ** 32 }, { weightBytes: 5 * 2 ** 30 }])
      await expect(
        WasmExecutable.create({ ...plan, ...large }, module!.bytes, noWeights, device),
      ).rejects.toMatchObject({
        code: 'DEVICE_LIMIT',
        expected: expect.stringMatching(/^at most \d+ bytes in all$/) as string,
      });
    expect(device.memory.used).toBe(used);
  });

  test.each([0, -1, 1.5, 257, NaN, Infinity, '2', null])(
    'a number of threads that is none: %s',
    async (threads) => {
      await expect(openWasmDevice({ threads } as never)).rejects.toMatchObject({ code: 'USAGE' });
    },
  );

  test('a host without SIMD', async () => {
    vi.spyOn(WebAssembly, 'validate').mockReturnValue(false);
    await expect(openWasmDevice()).rejects.toMatchObject({ code: 'DEVICE_NOT_FOUND' });
  });

  test('a module that the host does not take', async () => {
    const { plan, module } = preparedForWasm(incremented(4)).planned;
    const cut = module!.bytes.slice(0, -3);
    await expect(WasmExecutable.create(plan, cut, noWeights, await wasmDevice())).rejects.toMatchObject({
      code: 'DEVICE_VALIDATION',
      where: 'incremented',
    });
  });
});

test('indices that are anywhere read and write nothing else', async () => {
  const [rows, width, count] = [7, 5, 9];
  const b = new GraphBuilder('anywhere');
  const x = b.param('x', 'f32', [rows, width]);
  const at = b.param('at', 'i32', [count]);
  const updates = b.param('updates', 'f32', [count, width]);
  b.output('rows', b.emit('gather', [x, at], { axis: 0 }));
  b.output('columns', b.emit('gather', [x, at], { axis: 1 }));
  for (const kind of ['set', 'add', 'max'] as const)
    b.output(kind, b.emit('scatter', [x, at, updates], { kind }));
  const start = b.reshape(b.emit('slice', [at], { starts: [0], sizes: [1], strides: [1] }), []);
  b.output('update', b.emit('updateSlice', [x, updates, start], { axis: 0 }));
  const program = { graph: b.build(), weights: new Map() };
  const [anywhere, neighbour] = [
    await wasmExecutable(preparedForWasm(program)),
    await wasmExecutable(preparedForWasm(incremented(64))),
  ];
  const ones = { x: tensorData('f32', [64], new Float32Array(64).fill(1)) };
  const index = fc.oneof(
    fc.integer({ min: -2, max: rows + 1 }),
    fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  );
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(index, { minLength: count, maxLength: count }), async (indices) => {
        const inputs = {
          x: tensorData(
            'f32',
            [rows, width],
            Float32Array.from({ length: rows * width }, (_, i) => i),
          ),
          at: tensorData('i32', [count], Int32Array.from(indices)),
          updates: tensorData(
            'f32',
            [count, width],
            Float32Array.from({ length: count * width }, (_, i) => -i),
          ),
        };
        const found = await anywhere.run(inputs);
        for (const [name, want] of Object.entries(interpret(program, inputs).outputs))
          expect(differenceOf(found[name], want), name).toBeUndefined();
        expect((await neighbour.run(ones)).y.data).toEqual(new Float32Array(64).fill(2));
      }),
      fuzz(100),
    );
  } finally {
    anywhere.dispose();
    neighbour.dispose();
  }
});
