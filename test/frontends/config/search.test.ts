/** Networks drawn from a space: they fit, stay within bounds, follow from the seed, and are edits that can be undone. */
import fc from 'fast-check';
import { applyPatches, enablePatches } from 'immer';
import { expect, test } from 'vitest';
import {
  fromConfig,
  generate,
  plainConfig,
  type LayerConfig,
  type SearchSpace,
} from '../../../src/frontends/config/index.js';
import { zeros } from '../../../src/index.js';
import { errorOf } from '../../data/support.js';

enablePatches();
const base = { input: [3, 2], seed: 5, layers: [{ type: 'dense', output_size: 7, activation: 'relu' }, { type: 'dense', output_size: 4, name: 'head' }] } as const; // prettier-ignore

const rangeOf = (most: number): fc.Arbitrary<readonly [number, number]> =>
  fc.tuple(fc.integer({ min: 1, max: most }), fc.integer({ min: 0, max: 3 })).map(([from, more]) => [from, Math.min(most, from + more)] as const); // prettier-ignore
const spaces: fc.Arbitrary<SearchSpace> = fc.record(
  {
    cells: rangeOf(4),
    width: rangeOf(4),
    brains: fc.subarray(['dense', 'rnn', 'lstm', 'gru', 'mha', 'swiglu', 'norm'] as const, { minLength: 1 }),
    combine: fc.subarray(['concat', 'add', 'average', 'multiply', 'grid_scatter', 'filter'] as const, { minLength: 1 }), // prettier-ignore
    sizes: fc.subarray([8, 16, 24], { minLength: 1 }),
  },
  { requiredKeys: [] },
);

const branchesOf = (layer: LayerConfig): readonly LayerConfig[] =>
  layer.type === 'parallel' ? layer.branches : [layer];

test('what is drawn fits, is within its bounds, and is an edit', () => {
  fc.assert(
    fc.property(fc.nat(), spaces, (seed, space) => {
      const { config, patches, inversePatches } = generate(base, { seed, space });
      expect(generate(base, { seed, space }).config).toEqual(config);
      expect(applyPatches(plainConfig(base), [...patches])).toEqual(config);
      expect(applyPatches(config, [...inversePatches])).toEqual(plainConfig(base));
      const cells = config.layers.slice(0, -1);
      const [least, most] = space.cells ?? [1, 3];
      expect(cells.length >= least && cells.length <= most).toBe(true);
      const [fewest, widest] = space.width ?? [1, 3];
      for (const cell of cells) {
        const { length } = branchesOf(cell);
        expect(length >= fewest && length <= widest).toBe(true);
      }
      expect(config.layers.at(-1)).toEqual(base.layers[1]);
      expect(fromConfig(config).call(zeros([2, 3, 2])).shape).toEqual([2, 4]);
    }),
    { numRuns: 40 },
  );
});

test('other seeds give other networks', () => {
  const all = Array.from({ length: 20 }, (_, seed) => JSON.stringify(generate(base, { seed }).config));
  expect(new Set(all).size).toBeGreaterThan(15);
});

test('what is wrong is said', () => {
  for (const space of [
    { cells: [0, 1] },
    { cells: [3, 2] },
    { width: [1, 9] },
    { sizes: [12] },
    { sizes: [] },
    { brains: ['dance'] },
    { cell: [1, 2] },
  ])
    errorOf('USAGE', () => generate(base, { space: space as never }));
  errorOf('USAGE', () => generate(base, { seed: 0.5 }));
  const skips = {
    input: [2],
    layers: [
      { type: 'dense', output_size: 2 },
      { type: 'residual', from: 0 },
    ],
  };
  expect(errorOf('CONFIG_INVALID', () => generate(skips)).where).toBe('$.layers[1].from');
  const narrow = { input: [2], layers: [{ type: 'dense', width: 5, output_size: 2 }] };
  expect(errorOf('CONFIG_INVALID', () => generate(narrow)).where).toMatch(/^\$\.(input|layers)/);
});
