/** Whether weights fit hyperparameters: each that is missing or of another shape is told by name, before anything is computed. */
import { describe, expect, it } from 'vitest';
import { bytesSource } from '../../../src/llm/files/source.js';
import { readGguf } from '../../../src/llm/gguf/read.js';
import { checkWeights } from '../../../src/llm/model/check.js';
import { hyperFromGguf } from '../../../src/llm/model/from-gguf.js';
import { weightsOfGguf, type StoredWeights } from '../../../src/llm/model/stored.js';
import { vocabularyOfGguf } from '../../../src/llm/text/gguf-vocabulary.js';
import { MODELS } from '../support/architectures.js';
import { tinyModel } from '../support/tiny.js';

const PLAIN = Object.keys(MODELS).filter((name) => MODELS[name].type === undefined);

describe.each(PLAIN)('the weights of %s', (name) => {
  const read = async (): Promise<{
    readonly weights: StoredWeights;
    readonly check: (weights: StoredWeights) => void;
  }> => {
    const gguf = await readGguf(bytesSource(tinyModel({ ...MODELS[name], layers: 1 })));
    const hyper = hyperFromGguf(gguf, 'the file');
    const vocabulary = vocabularyOfGguf(gguf.metadata);
    return { weights: weightsOfGguf(gguf), check: (weights) => checkWeights(hyper, weights, vocabulary) };
  };

  it('fit', async () => {
    const { weights, check } = await read();
    check(weights);
  });

  it('are all needed, but for those that only some models have', async () => {
    const { weights, check } = await read();
    for (const missing of weights.keys()) {
      const rest = new Map([...weights].filter(([each]) => each !== missing));
      if (
        /^output\.weight|\.bias|_norm\.weight$/.test(missing) &&
        !/(attn|ffn|output)_norm\.weight$/.test(missing)
      )
        check(rest);
      else if (/attn_[qkv]_norm|post_|output_norm\.bias/.test(missing)) check(rest);
      else expect(() => check(rest), missing).toThrow(/LLM_INVALID/);
    }
  });

  it('are all read: others are refused', async () => {
    const { weights, check } = await read();
    const layers = ['ffn_gate', 'ffn_up_exps', 'ffn_gate_inp', 'attn_q', 'attn_qkv', 'attn_sinks'];
    const strangers = ['position_embd.weight', 'blk.1.attn_q.weight', 'output.bias', ...layers.map((each) => `blk.0.${each}.weight`)]; // prettier-ignore
    const own = weights.get('output_norm.weight')!;
    for (const stranger of strangers.filter((each) => !weights.has(each)))
      expect(() => check(new Map([...weights, [stranger, own]])), stranger).toThrow(
        /LLM_(UNSUPPORTED|INVALID)/,
      );
  });

  it('have the shapes that the hyperparameters say', async () => {
    const { weights, check } = await read();
    for (const [changed, weight] of weights)
      for (const axis of weight.shape.keys()) {
        const shape = weight.shape.map((extent, i) => (i === axis ? extent + 32 : extent));
        expect(() => check(new Map([...weights, [changed, { ...weight, shape }]])), changed).toThrow(
          /LLM_INVALID/,
        );
      }
  });
});
