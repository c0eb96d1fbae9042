/** What verify finds: wrong passes and wrong kernels each show where they act. */
import { describe, expect, test } from 'vitest';
import { tensorData } from '../../src/base/tensor.js';
import { CompiledProgram, prepare, type Prepared } from '../../src/compile.js';
import { GraphBuilder } from '../../src/ir/builder.js';
import type { Program } from '../../src/ir/graph.js';
import { compareOutputs, describeOutputDifference } from '../../src/verify/verify.js';
import { availableGpus } from '../support/gpu.js';
import { build, openProbed } from '../runtime/support.js';

/** y = x * factor. */
function scaled(factor: number): Program {
  const b = new GraphBuilder('scaled');
  const x = b.param('x', 'f32', [3]);
  b.output('y', b.binary('mul', x, b.full(x, factor)));
  return { graph: b.build(), weights: new Map() };
}

const x = tensorData('f32', [3], Float32Array.of(0, 1, 2));
const prepared = prepare(scaled(2));

describe.each(availableGpus)('%s', (name) => {
  const verify = async (given: Prepared): ReturnType<CompiledProgram['verify']> => {
    const device = await openProbed(name);
    try {
      return await new CompiledProgram(given, await build(given, device)).verify({ x });
    } finally {
      device.gpu.destroy();
    }
  };

  test('nothing, where all is right', async () => {
    const y = tensorData('f32', [3], Float32Array.of(0, 2, 4));
    expect(await verify(prepared)).toMatchObject({
      differences: [],
      outputDifferences: [],
      subnormals: 0,
      outputs: { y },
      deviceOutputs: { y },
    });
  });

  test('a pass that changes the program, though the kernels are those of its result', async () => {
    const { differences, outputDifferences } = await verify({ ...prepared, original: scaled(4) });
    expect(differences).toEqual([]);
    const difference = { index: [1], expected: '40800000', found: '40000000', count: 2, elements: 3 };
    expect(outputDifferences).toEqual([
      { output: 'y', stage: 'passes', ...difference },
      { output: 'y', stage: 'run', ...difference },
    ]);
    expect(outputDifferences.map(describeOutputDifference)[0]).toContain(
      'the program after the passes differs in y, element [1]\n  expected 0x40800000 (4), found 0x40000000 (2)',
    );
  });

  test('a kernel that is wrong', async () => {
    const { planned } = prepare(scaled(4));
    const { differences, outputDifferences } = await verify({ ...prepared, planned });
    expect(differences).toMatchObject([{ kernel: 0, index: [1], expected: '40000000', found: '40800000' }]);
    expect(outputDifferences).toMatchObject([{ output: 'y', stage: 'run', count: 2 }]);
  });

  test('all elements of a value that differs', async () => {
    const device = await openProbed(name);
    const wrong = { ...prepared, planned: prepare(scaled(4)).planned };
    const heard: unknown[] = [];
    try {
      const compiled = new CompiledProgram(wrong, await build(wrong, device));
      const { differences } = await compiled.verify(
        { x },
        { onDifference: (...difference) => heard.push(difference) },
      );
      const [expected, found] = [2, 4].map((factor) => tensorData('f32', [3], x.data.map((at) => factor * at))); // prettier-ignore
      expect(heard).toEqual([[differences[0], expected, found]]);
    } finally {
      device.gpu.destroy();
    }
  });

  test('a kernel that stores what the program does not compute', async () => {
    const { planned } = prepared;
    const results = planned.results.map((result) => ({ ...result, value: 99 }));
    await expect(verify({ ...prepared, planned: { ...planned, results } })).rejects.toMatchObject({
      code: 'VERIFY_FAILED',
      where: planned.plan.commands[0].label,
      found: '%99',
    });
  });

  test('subnormals that only the program before, or only the one after the passes meets', async () => {
    const tiny = { ...prepared, original: scaled(2 ** -130) };
    expect((await verify(tiny)).subnormals).toBe(3);
    expect((await verify({ ...prepared, program: scaled(2 ** -130) })).subnormals).toBe(3);
  });
});

test('outputs that are missing, or of another type', () => {
  const other = tensorData('i32', [3], new Int32Array(3));
  const facts = { code: 'VERIFY_FAILED', where: 'output "x"', expected: 'f32[3]' };
  for (const [found, given] of [
    ['nothing', {}],
    ['i32[3]', { x: other }],
  ] as const)
    // prettier-ignore
    expect(() => compareOutputs('run', given, { x })).toThrow(
      expect.objectContaining({ ...facts, found }) as Error,
    );
  expect(compareOutputs('run', { x }, { x })).toEqual([]);
});

test('weights that are not those of the graph are refused before anything is planned', () => {
  const b = new GraphBuilder('g');
  b.output('y', b.binary('add', b.param('x', 'f32', [3]), b.weight('w', 'f32', [3])));
  const graph = b.build();
  const large = tensorData('f32', [4], new Float32Array(4));
  expect(() => prepare({ graph, weights: new Map() })).toThrow(/WEIGHT_MISSING/);
  expect(() => prepare({ graph, weights: new Map([['w', large]]) })).toThrow(
    expect.objectContaining({
      code: 'WEIGHT_INVALID',
      where: 'weight "w"',
      found: 'f32[4]',
      expected: 'f32[3]',
    }),
  );
});
