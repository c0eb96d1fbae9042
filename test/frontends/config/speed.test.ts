/** What a network of LOOM's README costs: submits, dispatches, memory; and what a thousand layers compile to, in which time. */
import { describe, expect, test } from 'vitest';
import { prepare } from '../../../src/compile.js';
import { fromConfig, networkProgram, type NetworkConfig } from '../../../src/frontends/config/index.js';
import { Executable } from '../../../src/runtime/executable.js';
import { buildPreludes } from '../../../src/codegen/wgsl/prelude.js';
import { weightsOf } from '../../../src/ir/weights.js';
import { readAll, random } from '../../../src/index.js';
import { interpret } from '../../../src/interpreter/index.js';
import { differenceOf, testDevice } from '../../support/differential.js';

/** 4 x 4 cells of 5 dense layers. */
const grid = (width: number): NetworkConfig => ({
  id: 'readme',
  batch_size: 1,
  grid_rows: 4,
  grid_cols: 4,
  layers_per_cell: 5,
  layers: Array.from({ length: 80 }, () => ({
    type: 'dense' as const,
    activation: 'leaky_relu' as const,
    input_height: width,
    output_height: width,
  })),
});

describe("LOOM's README example", () => {
  test('is 1 submit, at most a dispatch a layer, and 2 activations beside the weights, with the same bits', async () => {
    const width = 256;
    const program = await networkProgram(fromConfig(grid(width)), 1);
    const { planned, program: optimized } = prepare(program);
    expect(planned.plan.commands.length).toBeLessThanOrEqual(80);
    expect(planned.plan.arenaBytes).toBeLessThanOrEqual(2 * width * 4);
    const device = await testDevice('swiftshader');
    const executable = await Executable.create(planned.plan, buildPreludes(), weightsOf(optimized), device);
    expect(executable.stats.submits).toBe(1);
    const [input] = await readAll([random.normal(1, [1, width])]);
    const { output } = await executable.run({ input });
    const { subnormals } = device.profile;
    expect(
      differenceOf(output, interpret(program, { input }, { subnormals }).outputs.output),
    ).toBeUndefined();
    executable.dispose();
  });
});

describe('a thousand layers', () => {
  test('are a thousand kernels of one kind and 2 activations, and compile in linear time', async () => {
    const [layers, width] = [1000, 64];
    const before = process.cpuUsage();
    const network = fromConfig({
      input: [width],
      layers: Array.from({ length: layers }, () => ({
        type: 'dense' as const,
        output_size: width,
        activation: 'leaky_relu' as const,
      })),
    });
    const { plan } = prepare(await networkProgram(network, 1)).planned;
    const { user, system } = process.cpuUsage(before);
    expect(plan.commands.length).toBe(layers);
    expect(plan.pipelines.length).toBeLessThanOrEqual(3);
    expect(plan.arenaBytes).toBeLessThanOrEqual(2 * width * 4);
    // About one second. What is quadratic in the layers takes minutes; the bound is no promise of speed.
    expect((user + system) / 1e6).toBeLessThan(10);
  }, 60_000);
});

describe('thirty thousand skips', () => {
  const COUNT = 30_000;
  test.each<[string, (i: number) => Readonly<Record<string, unknown>>]>([
    ['to the input', (i) => ({ from: Array.from({ length: Math.min(i, 5) }, () => 'input') })],
    ['to positions', (i) => ({ from: Array.from({ length: Math.min(i, 5) }, (_, j) => i - j - 1) })],
    ['to names', (i) => ({ name: `l${i}`, from: i === 0 ? 'input' : `l${i - 1}` })],
  ])(
    '%s become a program in linear time',
    async (_, skip) => {
      const before = process.cpuUsage();
      const layers = Array.from({ length: COUNT }, (_, i) => ({ type: 'residual', ...skip(i) }));
      await networkProgram(fromConfig({ input: [2], layers }));
      const { user, system } = process.cpuUsage(before);
      // About two seconds.
      expect((user + system) / 1e6).toBeLessThan(15);
    },
    60_000,
  );
});
