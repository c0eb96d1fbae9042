/** A real model: 200 greedy tokens and the first 32 logits, against those that were stored with it. */
import { expect, it } from 'vitest';
import { loadModel } from '../../../src/llm/index.js';
import { likeliest } from '../../../src/llm/generate/sampler.js';
import { REFERENCE } from '../../../src/tensor/index.js';
import { describeWithStories, STORIES, storiesFile, words } from '../support/models.js';

const numbers = (name: string): number[] => storiesFile(name).toString().trim().split(/\s+/).map(Number);

describeWithStories('stories260K', () => {
  it('generates the 200 tokens, with the logits', async () => {
    const model = await loadModel(STORIES);
    const expected = numbers('greedy200.tokens.txt');
    const stored = new Float32Array(storiesFile('greedy200.logits.first32x512.f32').buffer.slice(0));
    const reference = await loadModel(STORIES, { device: REFERENCE });
    const start = words(await reference.engine.evaluate(reference.engine.sequence(), expected.slice(0, 5)));
    const sequence = model.engine.sequence();
    const tokens = [1];
    while (tokens.length < 200) {
      const at = tokens.length - 1;
      const [logits] = await model.engine.advance([{ sequence, tokens: tokens.slice(-1) }]);
      if (at < start.length) expect(words([logits])).toEqual([start[at]]);
      // Somebody else's arithmetic, in another order.
      if (at < 32)
        logits.forEach((logit, i) => expect(Math.abs(logit - stored[512 * at + i])).toBeLessThan(1e-4));
      tokens.push(likeliest(logits));
    }
    expect(tokens).toEqual(expected.slice(0, 200));
    model.dispose();
  });

  it('reads and writes its text', async () => {
    const { tokenizer, ...model } = await loadModel(STORIES);
    const text = storiesFile('once-upon-a-time.greedy64.text.txt').toString();
    const tokens = numbers('once-upon-a-time.greedy64.tokens.txt');
    expect(tokenizer.decode(tokens)).toBe(text.slice(0, tokenizer.decode(tokens).length));
    expect(tokenizer.encode('Once upon a time')).toEqual(tokens.slice(0, 5));
    model.engine.dispose();
  });
});
