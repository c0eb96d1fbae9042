/** Programs for the table of differences that no config says by itself: networks in other types, and in ticks. */
import { jit, random, readAll, treeLeaves, zeros, type Tensor } from '../../../src/index.js';
import { fromConfig, initTicks, networkProgram, ticks, tween } from '../../../src/frontends/config/index.js';
import type { Program } from '../../../src/ir/graph.js';
import { NUMERIC_TYPES, quantizeWeights, withQuantized } from '../../../src/quantize/index.js';
import type { Tensors } from '../../../src/runtime/inputs.js';

export interface ProgramCase {
  readonly name: string;
  make(): Promise<{ readonly program: Program; readonly inputs: Tensors }>;
}

/** f32 [2, 1, 6, 6] */
const PICTURES = Float32Array.from({ length: 72 }, (_, i) => Math.cos(i));

const network = fromConfig({
  input: [1, 6, 6],
  seed: 5,
  layers: [
    { type: 'conv2d', filters: 3, kernel_size: 3, activation: 'relu' },
    { type: 'dense', output_size: 11, activation: 'tanh' },
    { type: 'dense', output_size: 4 },
  ],
});

const quantized = NUMERIC_TYPES.map((type): ProgramCase => ({
  name: `weights of ${type}`,
  make: async () => {
    const program = await networkProgram(network, 2);
    const tensors = quantizeWeights(program, { type, blockSize: 8 });
    const input = { dtype: 'f32', shape: [2, 1, 6, 6], data: PICTURES } as const;
    return { program: withQuantized(program, tensors), inputs: { input } };
  },
}));

const stepped = fromConfig({
  input: [4],
  seed: 11,
  layers: [
    { type: 'dense', output_size: 6, activation: 'tanh' },
    { type: 'dense', output_size: 6, activation: 'gelu', tick_every: 2 },
    { type: 'dense', output_size: 3 },
  ],
});

/** Seven ticks of two examples; all layers at every tick. */
const ticking: ProgramCase = {
  name: 'ticks, in a loop',
  make: async () => {
    const [input] = await readAll([random.normal(3, [7, 2, 4])]);
    const run = jit(({ x }: { readonly x: Tensor }) => ticks(stepped, initTicks(stepped, 2), x, { layers: stepped.names }).outputs); // prettier-ignore
    const { program } = await run.compile({ x: zeros([7, 2, 4]) });
    return { program, inputs: { x: input } };
  },
};

/** What a step of tweening makes of a network and its state: all weights and velocities, outputs and budgets. */
const tweening = (['chain', 'legacy'] as const).map((mode): ProgramCase => ({
  name: `a step of tweening, ${mode}`,
  make: async () => {
    const input = { dtype: 'f32', shape: [2, 1, 6, 6], data: PICTURES } as const;
    const rule = tween({ learningRate: 0.5, mode, damping: true });
    const run = jit(({ x }: { readonly x: Tensor }) =>
      treeLeaves(rule.update(network, rule.init(network), x, zeros([2, 4]))),
    );
    const { program } = await run.compile({ x: zeros([2, 1, 6, 6]) });
    return { program, inputs: { x: input } };
  },
}));

export const PROGRAMS: readonly ProgramCase[] = [...quantized, ticking, ...tweening];
