/** Hyperparameters of GGUF files: what scales positions. */
import { describe, expect, it } from 'vitest';
import { bytesSource } from '../../../src/llm/files/source.js';
import { readGguf } from '../../../src/llm/gguf/read.js';
import { encode } from '../../../src/llm/gguf/write.js';
import { hyperFromGguf } from '../../../src/llm/model/from-gguf.js';
import type { Rope } from '../../../src/llm/model/hyper.js';
import { neededWeights } from '../../../src/llm/model/join.js';
import { weightsOfGguf } from '../../../src/llm/model/stored.js';
import { QUICK } from '../support/models.js';
import { tinyModel } from '../support/tiny.js';

async function rope(metadata: Readonly<Record<string, Uint8Array>>): Promise<Rope> {
  const fields = Object.fromEntries(
    Object.entries(metadata).map(([name, value]) => [`llama.${name}`, value]),
  );
  return hyperFromGguf(await readGguf(bytesSource(tinyModel({ ...QUICK, metadata: fields }))), 'the file')
    .rope!;
}

describe('YaRN', () => {
  const yarn = {
    'rope.scaling.type': encode.text('yarn'),
    'rope.scaling.factor': encode.f32(4),
    'rope.scaling.original_context_length': encode.u32(128),
  };

  it('has the ramp that the file says', async () => {
    const plain = await rope(yarn);
    const same = await rope({
      ...yarn,
      'rope.scaling.yarn_beta_fast': encode.f32(32),
      'rope.scaling.yarn_beta_slow': encode.f32(1),
    });
    expect(same).toEqual(plain);
    const other = await rope({ ...yarn, 'rope.scaling.yarn_beta_slow': encode.f32(0.1) });
    expect(other.frequencies).not.toEqual(plain.frequencies);
  });

  it('multiplies by the factor of the file', async () => {
    const { magnitude } = await rope(yarn);
    expect(magnitude).toBeCloseTo(0.1 * Math.log(4) + 1, 6);
    for (const name of ['attn_factor', 'yarn_attn_factor'])
      expect((await rope({ ...yarn, [`rope.scaling.${name}`]: encode.f32(2) })).magnitude).toBe(
        2 * magnitude,
      );
  });

  it('of other kinds, and scores that grow with the position, are refused', async () => {
    const refused = (field: string, value: number): Promise<void> =>
      expect(rope({ ...yarn, [field]: encode.f32(value) })).rejects.toThrow(/LLM_UNSUPPORTED.*nothing, or/s);
    await refused('rope.scaling.yarn_log_multiplier', 0.1);
    await refused('rope.scaling.yarn_ext_factor', 0.5);
    await refused('attention.temperature_scale', 0.1);
  });
});

describe('sizes that no model has', () => {
  const huge = encode.u32(2 ** 31 - 1);

  it('of rotary embedding are refused before anything is computed for them', async () => {
    await expect(rope({ 'rope.dimension_count': huge })).rejects.toThrow(/LLM_INVALID.*at most 65536/s);
  });

  it('of layers take no longer than the weights that there are', async () => {
    const file = tinyModel({ ...QUICK, metadata: { 'llama.block_count': huge } });
    const gguf = await readGguf(bytesSource(file));
    const stored = weightsOfGguf(gguf);
    const { layers, ...hyper } = hyperFromGguf(gguf, 'the file');
    expect(layers).toBe(2 ** 31 - 1);
    expect(neededWeights({ ...hyper, layers }, stored)).toEqual(
      neededWeights({ ...hyper, layers: 1 }, stored),
    );
  });
});
