/** Networks as the branches of one. */
import { applyPatches, enablePatches } from 'immer';
import { describe, expect, it } from 'vitest';
import { fromConfig, graft, type GraftOptions, type Scion } from '../../../src/frontends/config/index.js';
import { concat, random, readAll, type Tensor } from '../../../src/index.js';
import { expectSameTrees } from '../../tensor/support.js';

const dense = (output: number, seed: number): object => ({
  input: [6],
  seed,
  layers: [
    { type: 'dense', output_size: 6, activation: 'tanh', name: 'hidden' },
    { type: 'residual' },
    { type: 'dense', output_size: output, from: 'hidden' },
  ],
});
const [A, B] = [dense(3, 1), dense(3, 2)];
const x = random.normal(7, [4, 6]);

describe('a graft', () => {
  const run = (config: object): Tensor => fromConfig(config).call(x);
  const grafted = (scions: readonly Scion[], options?: GraftOptions): Tensor => {
    const { config, weights } = graft(scions, options);
    return fromConfig(config, { weights }).call(x);
  };

  it('gives what its networks give, put together', async () => {
    const [a, b] = [run(A), run(B)];
    const scions = [{ config: A }, { config: B }];
    await expectSameTrees(grafted(scions), concat([a, b], 1));
    await expectSameTrees(grafted(scions, { combine: 'add' }), a.add(b));
    await expectSameTrees(grafted(scions, { combine: 'average' }), a.add(b).div(2));
    await expectSameTrees(grafted(scions, { combine: 'multiply' }), a.mul(b));
    await expectSameTrees(grafted(scions, { combine: 'grid_scatter' }), concat([a, b], 1));
    await expectSameTrees(grafted([...scions, { config: dense(2, 3) }]), concat([a, b, run(dense(2, 3))], 1));
  });

  it('has the weights that are given, and shares them', async () => {
    const weights = fromConfig(dense(3, 9)).state();
    const { weights: found } = graft([{ config: A, weights }, { config: B }]);
    expect(Object.keys(found)).toHaveLength(8);
    const name = Object.keys(weights)[0];
    const [ours, theirs] = await readAll([found[`layers.0.branches.0.${name}`], weights[name]]);
    expect(ours.data).toEqual(theirs.data);
  });

  it('is an edit of the first network that can be undone', () => {
    enablePatches();
    const { config, patches, inversePatches } = graft([{ config: A }, { config: B }]);
    expect(patches.map(({ path }) => path)).toEqual([['layers']]);
    expect(applyPatches(config, [...inversePatches])).toEqual(A);
  });

  it.each<[string, readonly unknown[], object, RegExp]>([
    ['of nothing', [], {}, /CONFIG_INVALID.*no networks/s],
    ['of other inputs', [{ config: A }, { config: { ...B, input: [7] } }], {}, /CONFIG_INVALID.*\$\.layers\[0\]\.branches\[1\].*\[7\].*\[6\]/s],
    ['of other outputs', [{ config: A }, { config: dense(2, 1) }], { combine: 'add' }, /CONFIG_INVALID.*branches\[1\].*2 values/s],
    ['in no mode', [{ config: A }], { combine: 'mix' }, /USAGE.*combine/s],
    ['of a config that is none', [{ config: { layers: 3 } }], {}, /CONFIG_INVALID/],
    ['with weights of another', [{ config: A, weights: fromConfig(dense(2, 1)).state() }], {}, /SHAPE_MISMATCH/],
    ['of no networks', [3], {}, /USAGE.*networks\[0\]/s],
    ['of a list with holes', new Array(2), {}, /USAGE.*networks\[0\]/s],
  ])('%s is refused', (_, scions, options, error) => {
    expect(() => graft(scions as readonly Scion[], options)).toThrow(error);
  }); // prettier-ignore
});
