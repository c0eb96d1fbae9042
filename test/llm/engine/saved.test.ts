/** Texts that are saved and go on elsewhere. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HeddleError } from '../../../src/base/errors.js';
import { backendAt } from '../../../src/llm/engine/place.js';
import { LanguageModel } from '../../../src/llm/model.js';
import { openWasmDevice } from '../../../src/runtime/wasm/device.js';
import { engineOf, languageModel, QUICK } from '../support/models.js';
import { tinyModel } from '../support/tiny.js';

const OPTIONS = { temperature: 1.3, seed: 5 };

describe('a text that was cut off', () => {
  it('goes on in another process, on another device, as if it had not been', async () => {
    const first = await languageModel();
    const whole = first.generate('the tin on', { ...OPTIONS, maxTokens: 20 });
    await whole.all();
    const model = await languageModel();
    const generation = model.generate('the tin on', { ...OPTIONS, maxTokens: 8 });
    await generation.all();
    const sofar = [...generation.prompt, ...generation.tokens];
    const file = await model.save(sofar);

    const device = backendAt(await openWasmDevice({ threads: 1 }));
    const other = await languageModel(QUICK, device);
    const kept = other.restore(file);
    // The last token was chosen, and not computed yet.
    expect(kept).toEqual(sofar.slice(0, -1));
    const rest = other.generate(sofar, { ...OPTIONS, maxTokens: 12 });
    await rest.all();
    expect(rest.tokens).toEqual(whole.tokens.slice(8));
  });

  it('has a file that grows with its tokens', async () => {
    const model = await languageModel();
    const sizes: number[] = [];
    for (const maxTokens of [10, 20]) {
      const generation = model.generate('the', { maxTokens });
      await generation.all();
      sizes.push((await model.save([...generation.prompt, ...generation.tokens])).length);
    }
    // 2 caches of 2 heads of 8 numbers, and a token: 132 bytes each.
    expect(sizes[1] - sizes[0]).toBeGreaterThanOrEqual(10 * 132 - 8);
    expect(sizes[1] - sizes[0]).toBeLessThanOrEqual(10 * 132 + 32);
  });

  it('is refused where nothing of it is kept, or it is of another model', async () => {
    const model = await languageModel();
    await expect(model.save('the tin')).rejects.toThrow(/USAGE.*nothing of the text is kept/s);
    const generation = model.generate('the', { maxTokens: 3 });
    await generation.all();
    const file = await model.save(generation.prompt);
    const { backend } = model.engine;
    const engine = await engineOf(tinyModel(QUICK), backend);
    expect(() => new LanguageModel('tiny', engine, model.tokenizer, 'other').restore(file)).toThrow(
      /LLM_INVALID.*from another model/s,
    );
    const short = await engineOf(tinyModel(QUICK), backend, { context: 1 });
    expect(() => new LanguageModel('tiny', short, model.tokenizer, 'tiny').restore(file)).toThrow(
      /LLM_CONTEXT/,
    );
  });

  it('has damage told by a typed error', async () => {
    const model = await languageModel();
    await model.generate('the', { maxTokens: 3 }).all();
    const file = await model.save('the');
    expect(model.restore(file)).toEqual(model.tokenizer.encode('the'));
    fc.assert(
      fc.property(fc.nat(file.length - 1), fc.nat(255), fc.boolean(), (at, byte, isCut) => {
        const damaged = file.slice(0, isCut ? at : file.length);
        if (!isCut) damaged[at] = byte;
        try {
          model.restore(damaged);
        } catch (error) {
          expect(error).toBeInstanceOf(HeddleError);
          expect((error as HeddleError).code).not.toBe('INTERNAL');
        }
      }),
      { numRuns: 300 },
    );
  });
});
