/** Hyperparameters out of config.json, in the forms of several versions of Transformers. */
import { describe, expect, it } from 'vitest';
import { hyperFromConfig } from '../../../src/llm/folder/config.js';
import type { Hyperparameters } from '../../../src/llm/model/hyper.js';

const BASE = {
  hidden_size: 64,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  num_hidden_layers: 8,
  vocab_size: 100,
  max_position_embeddings: 512,
  rms_norm_eps: 1e-6,
};

const hyper = (fields: object): Hyperparameters =>
  hyperFromConfig({ ...BASE, ...fields }, 'config.json').hyper;
const windows = ({ window, layers }: Hyperparameters): readonly boolean[] =>
  Array.from({ length: layers }, (_, layer) => window?.in(layer) === true);

describe('rotary embedding', () => {
  const same: readonly [string, object, object][] = [
    ['the base', { model_type: 'llama', rope_theta: 5e5 }, { model_type: 'llama', rope_parameters: { rope_type: 'default', rope_theta: 5e5 } }],
    [
      'llama3',
      { model_type: 'llama', rope_theta: 5e5, rope_scaling: { rope_type: 'llama3', factor: 8, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 128 } },
      { model_type: 'llama', rope_parameters: { rope_theta: 5e5, rope_type: 'llama3', factor: 8, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 128 } },
    ],
    [
      'part of the features',
      { model_type: 'phi3', rope_theta: 1e4, partial_rotary_factor: 0.5 },
      { model_type: 'phi3', rope_parameters: { rope_theta: 1e4, rope_type: 'default', partial_rotary_factor: 0.5 } },
    ],
    [
      'two bases',
      { model_type: 'gemma3_text', rope_theta: 1e6, rope_local_base_freq: 2e4, rope_scaling: { rope_type: 'linear', factor: 8 } },
      {
        model_type: 'gemma3_text',
        rope_parameters: { full_attention: { rope_type: 'linear', factor: 8, rope_theta: 1e6 }, sliding_attention: { rope_type: 'default', rope_theta: 2e4 } },
      },
    ],
  ]; // prettier-ignore
  it.each(same)('is read from rope_parameters as from the fields before it: %s', (_, before, now) => {
    expect(hyper(now).rope).toEqual(hyper(before).rope);
    expect(hyper(now).rope).not.toEqual(hyper({ model_type: 'llama' }).rope);
  });

  it('of a kind that is not known is refused, wherever it stands', () => {
    const kind = { rope_type: 'spiral', rope_theta: 1e4 };
    for (const field of ['rope_parameters', 'rope_scaling'])
      expect(() => hyper({ model_type: 'llama', [field]: kind })).toThrow(/LLM_UNSUPPORTED.*spiral/s);
  });
});

describe('the window', () => {
  it('is in the layers that the file lists, or in those of the architecture', () => {
    const kinds = Array.from({ length: 8 }, (_, i) => (i % 4 === 3 ? 'full_attention' : 'sliding_attention'));
    const listed = windows(hyper({ model_type: 'gemma2', sliding_window: 16, layer_types: kinds }));
    expect(listed).toEqual([true, true, true, false, true, true, true, false]);
    const every = (fields: object): boolean[] => [
      ...windows(hyper({ model_type: 'gemma3_text', sliding_window: 16, ...fields })),
    ];
    expect(every({ _sliding_window_pattern: 4 })).toEqual(every({ layer_types: kinds }));
    expect(every({ sliding_window_pattern: 4 })).toEqual(every({ layer_types: kinds }));
    const own = windows(hyper({ model_type: 'gemma2', sliding_window: 16 }));
    expect(own).toEqual([true, false, true, false, true, false, true, false]);
  });

  it('of Qwen counts only where the file says so, from a layer on', () => {
    const qwen = { model_type: 'qwen2', sliding_window: 16, max_window_layers: 6 };
    expect(windows(hyper(qwen))).not.toContain(true);
    expect(windows(hyper({ ...qwen, use_sliding_window: false }))).not.toContain(true);
    expect(windows(hyper({ ...qwen, use_sliding_window: true }))).toEqual(
      Array.from({ length: 8 }, (_, i) => i >= 6),
    );
  });

  it('of Mistral is in all layers, and nowhere where it is null', () => {
    expect(windows(hyper({ model_type: 'mistral', sliding_window: 16 }))).not.toContain(false);
    expect(windows(hyper({ model_type: 'mistral', sliding_window: null }))).not.toContain(true);
  });
});
