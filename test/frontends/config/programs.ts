/** Programs for the table of differences that no config says by itself: networks in other types. */
import { fromConfig, networkProgram } from '../../../src/frontends/config/index.js';
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

export const PROGRAMS: readonly ProgramCase[] = quantized;
