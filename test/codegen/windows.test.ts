/** Buffers beyond what a device binds at a time: bound in windows, with the same bits. */
import { describe, expect, test } from 'vitest';
import { deviceBytes } from '../../src/base/tensor.js';
import { inWindows, windowsOf } from '../../src/codegen/kernel/windows.js';
import { lowerTemplate, TEMPLATES } from '../../src/device/templates/programs.js';
import { SOFTWARE_TARGET, WASM_TARGET } from '../../src/passes/target.js';
import { staticShape } from '../../src/ir/types.js';
import { verifyGraph } from '../../src/ir/verify.js';
import { expectSameBits } from '../support/differential.js';
import { availableGpus } from '../support/gpu.js';
import { specimen } from '../support/specimen.js';
import { preparedForWasm, wasmDifferences } from '../support/wasm.js';

describe('a region', () => {
  const region = { space: 'weights', offset: 512, size: 1000 } as const;

  test('is itself where it is small enough', () => {
    expect(windowsOf(region, 1000)).toEqual([region]);
    expect(windowsOf(region, Infinity)).toEqual([region]);
  });

  test('is cut where bindings may begin', () => {
    const cut = [
      { space: 'weights', offset: 512, size: 512 },
      { space: 'weights', offset: 1024, size: 488 },
    ];
    expect(windowsOf(region, 512)).toEqual(cut);
    expect(windowsOf(region, 700)).toEqual(cut);
  });

  test('that takes turns is cut in both', () => {
    const turn = { space: 'turn', level: 0, even: region, odd: { ...region, offset: 2048 }, offset: 0, size: 1000 } as const; // prettier-ignore
    expect(windowsOf(turn, 512).map((each) => each.space === 'turn' && each.odd)).toEqual([
      { space: 'weights', offset: 2048, size: 512 },
      { space: 'weights', offset: 2560, size: 488 },
    ]);
  });
});

test('a kernel whose buffers have one window each is left alone', () => {
  const { planned } = lowerTemplate(TEMPLATES[0], SOFTWARE_TARGET);
  const kernel = { body: { bindings: planned.plan.pipelines[0].bindings } } as unknown as Parameters<typeof inWindows>[0]; // prettier-ignore
  expect(inWindows(kernel, [1, 1, 1], 256)).toBe(kernel);
});

/** Every op and every kind of kernel, in windows of 64 elements; of large buffers, in up to 16 windows. */
describe('in WebAssembly', () => {
  test.each(TEMPLATES.map((template) => [template.name, template] as const))('%s', async (_, template) => {
    const { program, inputs } = lowerTemplate(template, WASM_TARGET);
    verifyGraph(program.graph);
    const sizes = program.graph.nodes.map(({ type }) => deviceBytes(staticShape(type.shape)));
    const bindingBytes = Math.max(256, Math.max(...sizes) / 16);
    const prepared = preparedForWasm(program, { ...WASM_TARGET, bindingBytes });
    expect(await wasmDifferences(program, [inputs], prepared)).toEqual([]);
  });
});

test('a kernel that no device has bindings for', () => {
  const { program } = specimen((b) => b.output('y', b.unary('neg', b.param('x', 'f32', [2 ** 13]))));
  expect(() => preparedForWasm(program, { ...WASM_TARGET, bindingBytes: 256 })).toThrow(
    /DEVICE_LIMIT[^]*neg[^]*128 bindings/,
  );
});

describe.each(availableGpus)('on %s', (gpu) => {
  test('weights, inputs, results and values of the arena', async () => {
    const net = specimen((b) => {
      const [x, w] = [b.param('x', 'f32', [30, 17]), b.param('w', 'f32', [17, 30])];
      const dot = b.emit('dot', [x, w], { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] });
      b.output('dot', dot);
      b.output('sums', b.reduce('sum', dot, [1]));
      b.output('moved', b.unary('neg', b.permute(dot, [1, 0])));
    });
    await expectSameBits(net, { gpus: [gpu], variants: ['windows'] });
  });
});
