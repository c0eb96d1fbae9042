/** Trainings of adapters that stop and go on: the same bits, and refusals. */
import fc from 'fast-check';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { HeddleError } from '../../../src/base/errors.js';
import { finetune } from '../../../src/cli/commands/finetune.js';
import { fineTune, openModel, type FineTuned, type FineTuneOptions } from '../../../src/llm/index.js';
import { openWasmDevice } from '../../../src/runtime/wasm/device.js';
import { QUICK, words } from '../support/models.js';
import { tinyModel } from '../support/tiny.js';

const folder = mkdtempSync(join(tmpdir(), 'heddle-resume-'));
const path = join(folder, 'model.gguf');
writeFileSync(path, tinyModel({ ...QUICK, hidden: 64 }));
const files = await openModel(path);
const device = await openWasmDevice({ threads: 1 });
afterAll(async () => {
  await files.close();
  device.dispose();
  rmSync(folder, { recursive: true });
});

const TEXT = Array.from({ length: 100 }, (_, i) => 259 + (((i % 16) * 7) % 40));
const SHORT = { steps: 6, batch: 1, tokens: 6, rank: 2, learningRate: 0.02, seed: 5 } as const;
const trained = async (
  options: Partial<FineTuneOptions> = {},
  text = TEXT,
  model = files,
): Promise<FineTuned> => fineTune(model, text, { device, ...SHORT, ...options });
const bitsOf = ({ adapter, losses, checkpoint }: FineTuned): unknown => [
  Array.from(adapter.factors, ([name, { down, up }]) => [name, words([down, up])]),
  losses,
  Buffer.from(checkpoint).toString('hex'),
];

/** A training that is told to stop in its update `last`. */
async function stopped(last: number, options: Partial<FineTuneOptions> = {}): Promise<FineTuned> {
  const controller = new AbortController();
  if (last === 0) controller.abort();
  const onStep = (step: number): void => {
    if (step === last) controller.abort();
  };
  return trained({ ...options, signal: controller.signal, onStep });
}

describe('a training that goes on', () => {
  it('has the bits of one that never stopped, wherever it stopped, once or twice', async () => {
    const whole = bitsOf(await trained());
    const stops = fc.tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 6 }));
    await fc.assert(
      fc.asyncProperty(stops, async ([a, b]) => {
        const first = await stopped(Math.min(a, b));
        expect(first.losses).toHaveLength(Math.min(a, b) + 1);
        const second = await trained({ resume: first.checkpoint, steps: Math.max(1, a, b) });
        expect(bitsOf(await trained({ resume: second.checkpoint }))).toEqual(whole);
      }),
      { numRuns: 4 },
    );
  });

  it('refuses other options, other texts, other models and fewer updates', async () => {
    const { checkpoint: resume } = await trained({ steps: 2 });
    const others = { batch: 2, tokens: 5, rank: 3, alpha: 1, learningRate: 0.1, seed: 6, matrices: ['attn_q'] };
    for (const [name, value] of Object.entries(others))
      await expect(trained({ resume, [name]: value })).rejects.toThrow(new RegExp(`USAGE.*other options.*${name}`, 's'));
    await expect(trained({ resume }, TEXT.slice(1))).rejects.toThrow(/USAGE.*text/s);
    await expect(trained({ resume, steps: 1 })).rejects.toThrow(/USAGE.*at least 2/s);
    const own = join(folder, 'other.gguf');
    writeFileSync(own, tinyModel({ ...QUICK, hidden: 64, type: 'Q8_0' }));
    const model = await openModel(own);
    await expect(trained({ resume }, TEXT, model)).rejects.toThrow(/LLM_INVALID.*another model/s);
    await model.close();
  }); // prettier-ignore

  it('refuses files that are none, cut off or damaged in any byte', async () => {
    const { checkpoint } = await trained({ steps: 1 });
    const damage = fc.record({ at: fc.nat(checkpoint.length - 1), by: fc.integer({ min: 1, max: 255 }) });
    const typed = async (resume: Uint8Array): Promise<void> => {
      const error: unknown = await trained({ resume }).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(HeddleError);
      expect((error as HeddleError).code).toMatch(/^FILE_/);
    };
    await fc.assert(
      fc.asyncProperty(damage, async ({ at, by }) => {
        await typed(checkpoint.map((byte, i) => (i === at ? byte ^ by : byte)));
        await typed(checkpoint.slice(0, at));
      }),
      { numRuns: 60 },
    );
  });
});

describe('heddle finetune', () => {
  it('leaves a checkpoint when a signal comes, and goes on from it', async () => {
    const [text, checkpoint] = ['text.txt', 'checkpoint.safetensors'].map((name) => join(folder, name));
    writeFileSync(text, 'abcdefgh '.repeat(20));
    const { steps, batch, tokens, rank, learningRate, seed } = SHORT;
    const run = async (out: string, more: object = {}): Promise<number> =>
      finetune(path, { steps, batch, tokens, rank, learningRate, seed, text, checkpoint, device: 'wasm', json: true, out: join(folder, out), ...more }); // prettier-ignore
    expect(await run('whole.safetensors')).toBe(0);
    rmSync(join(folder, 'adapter_config.json'));
    const before = process.listenerCount('SIGINT');
    const timer = setInterval(() => {
      if (process.listenerCount('SIGINT') > before) {
        clearInterval(timer);
        process.emit('SIGINT');
      }
    });
    expect(await run('resumed.safetensors')).toBe(130);
    expect(await run('resumed.safetensors', { resume: checkpoint })).toBe(0);
    const [whole, resumed] = ['whole', 'resumed'].map((name) =>
      readFileSync(join(folder, `${name}.safetensors`)),
    );
    expect(resumed.equals(whole)).toBe(true);
  });
});
