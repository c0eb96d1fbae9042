/** Adapters: training lowers the loss, with the same bits everywhere; files of PEFT; a merged model is what training saw. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { finetune } from '../../../src/cli/commands/finetune.js';
import { tensorData, type TensorData } from '../../../src/base/tensor.js';
import { readSafetensors, writeSafetensors } from '../../../src/data/index.js';
import {
  adapterConfig,
  decodeAdapter,
  encode,
  encodeAdapter,
  fineTune,
  loadModel,
  openModel,
  withAdapter,
  writeGguf,
  type Adapter,
  type FineTuneOptions,
} from '../../../src/llm/index.js';
import { openSource } from '../../../src/llm/files/open.js';
import type { ModelFiles } from '../../../src/llm/files/model-files.js';
import { readGguf } from '../../../src/llm/gguf/read.js';
import { openWasmDevice } from '../../../src/runtime/wasm/device.js';
import { REFERENCE } from '../../../src/tensor/index.js';
import { MODELS } from '../support/architectures.js';
import { describeWithStories, QUICK, STORIES, words } from '../support/models.js';
import { tinyModel, type TinyModel } from '../support/tiny.js';

const folder = mkdtempSync(join(tmpdir(), 'heddle-adapt-'));
const device = openWasmDevice({ threads: 1 });
const opened: ModelFiles[] = [];
afterAll(async () => {
  for (const files of opened) await files.close();
  rmSync(folder, { recursive: true });
  (await device).dispose();
});

/** A model in a file, opened. */
async function tiny(type?: 'Q8_0', own: TinyModel = {}): Promise<readonly [path: string, files: ModelFiles]> {
  const path = join(folder, `${type ?? own.architecture ?? 'F32'}.gguf`);
  writeFileSync(path, tinyModel({ ...QUICK, hidden: 64, ...(type === undefined ? {} : { type }), ...own }));
  const files = await openModel(path);
  opened.push(files);
  return [path, files];
}

/** Sixteen tokens over and over. */
const TEXT = Array.from({ length: 200 }, (_, i) => 259 + (((i % 16) * 7) % 40));
const SHORT = { steps: 2, batch: 2, tokens: 12, rank: 3, learningRate: 0.02, seed: 5 } as const;
const trained = async (files: ModelFiles, options: Partial<FineTuneOptions> = {}) =>
  fineTune(files, TEXT, { device: await device, ...SHORT, ...options });

const bitsOf = ({ factors }: Adapter): unknown =>
  Array.from(factors, ([name, { down, up }]) => [name, words([down, up])]);

describe('training', () => {
  it('lowers the loss of a quantised model in 50 steps', async () => {
    const [, files] = await tiny('Q8_0');
    const told: number[] = [];
    const { losses } = await trained(files, { steps: 50, onStep: (step) => told.push(step) });
    expect(losses).toHaveLength(51);
    expect(told).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
    expect(losses[50]).toBeLessThan(0.7 * losses[0]);
  });

  it('has the same bits on the interpreter', async () => {
    const [, files] = await tiny();
    const [ours, reference] = [await trained(files), await trained(files, { device: REFERENCE })];
    expect(ours.losses).toEqual(reference.losses);
    expect(bitsOf(ours.adapter)).toEqual(bitsOf(reference.adapter));
  });

  it('refuses what it cannot train on', async () => {
    const [, files] = await tiny();
    await expect(trained(files, { rank: 129 })).rejects.toThrow(/USAGE.*rank: an integer from 1 to 128/s);
    await expect(trained(files, { matrices: ['attn_z'] })).rejects.toThrow(/LLM_INVALID.*attn_z/s);
    await expect(trained(files, { tokens: 513 })).rejects.toThrow(/LLM_CONTEXT/);
    await expect(fineTune(files, [1, 2, 3], { device: REFERENCE, tokens: 3 })).rejects.toThrow(/USAGE.*too short/s);
    await expect(fineTune(files, [...TEXT, 304], { device: REFERENCE })).rejects.toThrow(/USAGE.*below 304/s);
  }); // prettier-ignore
});

describe('merging', () => {
  it('gives the loss that training saw, to the bit', async () => {
    const [, files] = await tiny('Q8_0');
    const matrices = ['attn_q', 'attn_output', 'ffn_up', 'ffn_down'];
    const { adapter, losses } = await trained(files, { matrices });
    // The next pieces of the text are those after the last update's.
    const rest = TEXT.slice(SHORT.steps * SHORT.batch * SHORT.tokens);
    const again = await fineTune(withAdapter(files, adapter), rest, { device: await device, ...SHORT, steps: 1 });
    expect(again.losses[0]).toBe(losses[SHORT.steps]);
  }); // prettier-ignore

  it('is the same from a file of PEFT, and from a GGUF file that has it merged', async () => {
    const [path, files] = await tiny('Q8_0');
    const { adapter } = await trained(files);
    const merged = withAdapter(files, adapter).weights;
    const source = await openSource(path);
    const { metadata, encoded } = await readGguf(source);
    await source.close();
    expect(metadata.get('general.name')).toBe('tiny');
    const tensors = [];
    for (const [name, { type, shape, read }] of merged) tensors.push({ name, type, shape, data: await read() });
    const mergedPath = join(folder, 'merged.gguf');
    writeFileSync(mergedPath, writeGguf(new Map([...encoded, ['general.name', encode.text('merged')]]), tensors));
    const options = { device: await device };
    const models = await Promise.all([
      loadModel(path, { ...options, adapter }),
      loadModel(path, { ...options, adapter: encodeAdapter(adapter, files.hyper) }),
      loadModel(mergedPath, options),
      loadModel(path, options),
    ]);
    const logits = [];
    for (const { engine } of models) logits.push(words(await engine.evaluate(engine.sequence(), TEXT.slice(0, 5))));
    for (const model of models) model.dispose();
    expect(logits[1]).toEqual(logits[0]);
    expect(logits[2]).toEqual(logits[0]);
    expect(logits[3]).not.toEqual(logits[0]);
  }); // prettier-ignore
});

describe('the merged weights', () => {
  it('are all those of the file, by its names: factors of positions, and the gate of Phi-3', async () => {
    const [path, files] = await tiny(undefined, { ...MODELS.phi3, extra: { ...MODELS.phi3.extra, 'rope_freqs.weight': [4] } });
    const { adapter, losses: seen } = await trained(files, { matrices: ['ffn_gate_up'] });
    expect([...adapter.factors.keys()]).toEqual(['blk.0.ffn_gate_up.weight']);
    const { weights } = withAdapter(files, adapter);
    expect([...weights.keys()]).toEqual([...files.weights.keys()]);
    const [before, after] = await Promise.all([files.weights, weights].map((each) => each.get('blk.0.ffn_up.weight')!.read()));
    expect(after).not.toEqual(before);
    const again = { device: await device, ...SHORT, steps: 1 };
    const rest = TEXT.slice(SHORT.steps * SHORT.batch * SHORT.tokens);
    const { losses } = await fineTune(withAdapter(files, adapter), rest, again);
    expect(losses[0]).toBe(seen[SHORT.steps]);
    for (const given of [adapter, encodeAdapter(adapter, files.hyper)])
      (await loadModel(path, { device: await device, adapter: given })).dispose();
  }); // prettier-ignore
});

describe('files of PEFT', () => {
  it('have its names, and rows in the order of Hugging Face', async () => {
    const [, files] = await tiny();
    const { hyper, weights } = files;
    const { adapter } = await trained(files, { steps: 1 });
    const file = encodeAdapter(adapter, hyper);
    const { tensors } = readSafetensors(file);
    const prefix = 'base_model.model.model.layers.0.self_attn';
    expect([...tensors.keys()].sort()).toEqual(
      ['q_proj', 'v_proj'].flatMap((name) => ['A', 'B'].map((end) => `${prefix}.${name}.lora_${end}.weight`)),
    );
    // GGUF has the two halves of a head's rows in turn.
    const own = adapter.factors.get('blk.0.attn_q.weight')!.up;
    const theirs = tensors.get(`${prefix}.q_proj.lora_B.weight`)!.data as Float32Array;
    const row = (rows: Float32Array, i: number): number[] => [...rows.subarray(3 * i, 3 * (i + 1))];
    expect(hyper.headSize).toBe(8);
    expect([0, 4, 1, 5, 2, 6, 3, 7].map((i) => row(theirs, 8 + i))).toEqual(
      Array.from({ length: 8 }, (_, i) => row(own, 8 + i)),
    );
    expect(bitsOf(decodeAdapter(file, hyper, weights.keys()))).toEqual(bitsOf(adapter));
    expect(adapterConfig(adapter, hyper)).toMatchObject({ r: 3, lora_alpha: 6, target_modules: ['q_proj', 'v_proj'] });
  }); // prettier-ignore

  it('count as their configuration says, and are refused where nothing does', async () => {
    const [path, files] = await tiny();
    const { hyper, weights } = files;
    const { adapter } = await trained(files, { steps: 1 });
    const own = encodeAdapter(adapter, hyper);
    // PEFT's metadata has the format alone.
    const bytes = writeSafetensors(readSafetensors(own).tensors, { format: 'pt' });
    const decoded = (config?: unknown, file = bytes): Adapter => decodeAdapter(file, hyper, weights.keys(), config);
    const config = { ...adapterConfig(adapter, hyper), use_rslora: false, alpha_pattern: {}, layer_replication: null };
    expect(decoded(config).alpha).toBe(6);
    expect(decoded({ ...config, lora_alpha: 24 }).alpha).toBe(24);
    expect(decoded(undefined, own).alpha).toBe(6);
    expect(() => decoded({ ...config, lora_alpha: 24 }, own)).toThrow(/LLM_INVALID.*24.*6/s);
    expect(() => decoded({ ...config, r: 4 })).toThrow(/LLM_INVALID.*r: 4/s);
    for (const none of [{}, null, 'no', { lora_alpha: '6' }]) expect(() => decoded(none)).toThrow(/LLM_INVALID.*lora_alpha/s);
    const others = { use_rslora: true, use_dora: true, alpha_pattern: { q_proj: 1 }, rank_pattern: { q_proj: 1 }, init_lora_weights: 'pissa_niter_4' };
    for (const [name, value] of Object.entries(others))
      expect(() => decoded({ ...config, [name]: value })).toThrow(new RegExp(`LLM_UNSUPPORTED.*${name}`, 's'));
    await expect(loadModel(path, { adapter: bytes })).rejects.toThrow(/LLM_INVALID.*\{ bytes, config \}/s);
    (await loadModel(path, { device: await device, adapter: { bytes, config } })).dispose();
  }); // prettier-ignore

  it('may be of f16, and have a rank', async () => {
    const [, { hyper, weights }] = await tiny();
    const prefix = 'base_model.model.model.layers.0.self_attn.v_proj';
    const file = (rank: number): Uint8Array =>
      writeSafetensors(
        new Map([
          [`${prefix}.lora_A.weight`, tensorData('f16', [rank, 32], new Uint16Array(32 * rank).fill(0x3c00))],
          [`${prefix}.lora_B.weight`, tensorData('f16', [16, rank], new Uint16Array(16 * rank).fill(0xb801))],
        ]),
      );
    const decoded = (rank: number): Adapter => decodeAdapter(file(rank), hyper, weights.keys(), { lora_alpha: 1 });
    const { down, up } = decoded(2).factors.get('blk.0.attn_v.weight')!;
    expect([down, up]).toEqual([new Float32Array(64).fill(1), new Float32Array(32).fill(-(0.5 + 2 ** -11))]);
    expect(() => decoded(0)).toThrow(/LLM_INVALID.*rank 0.*a rank from 1 to 128/s);
  }); // prettier-ignore

  it('of other models are refused', async () => {
    const [path, files] = await tiny();
    const { hyper, weights } = files;
    const { adapter } = await trained(files, { steps: 1 });
    const { tensors } = readSafetensors(encodeAdapter(adapter, hyper));
    const name = 'base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight';
    const withTensor = (key: string, tensor: TensorData): Uint8Array => writeSafetensors(new Map([...tensors, [key, tensor]])); // prettier-ignore
    const decoded = (bytes: Uint8Array): Adapter => decodeAdapter(bytes, hyper, weights.keys());
    expect(() => decoded(withTensor(name, tensorData('f32', [32, 2], new Float32Array(64))))).toThrow(/FILE_CORRUPT/);
    expect(() => decoded(withTensor(name, tensorData('i32', [32, 3], new Int32Array(96))))).toThrow(/FILE_CORRUPT/);
    expect(() => decoded(withTensor('layers.9', tensorData('f32', [1], new Float32Array(1))))).toThrow(/LLM_INVALID.*layers\.9/s);
    expect(() => decoded(writeSafetensors(new Map()))).toThrow(/LLM_INVALID.*no matrix/s);
    const wrong = writeSafetensors(new Map([...tensors, [name, tensorData('f32', [31, 3], new Float32Array(93))]]));
    await expect(loadModel(path, { adapter: { bytes: wrong, config: { lora_alpha: 6 } } })).rejects.toThrow(/LLM_INVALID.*blk\.0\.attn_q/s);
  }); // prettier-ignore
});

describe('heddle finetune', () => {
  it('writes over nothing that it reads, nor over the configuration of another adapter', async () => {
    const own = mkdtempSync(join(folder, 'own-'));
    const [model, text, config] = ['model.safetensors', 'text.safetensors', 'adapter_config.json'].map((name) => join(own, name));
    for (const path of [model, text]) writeFileSync(path, 'kept');
    const rest = { text, steps: 1, batch: 1, tokens: 1, rank: 1, learningRate: 1, seed: 0, checkpoint: join(own, 'checkpoint.safetensors') };
    const to = async (out: string): Promise<unknown> => finetune(own, { ...rest, out: join(own, out) });
    await expect(to('text.safetensors')).rejects.toThrow(/USAGE.*written over/s);
    await expect(to('model.safetensors')).rejects.toThrow(/USAGE.*written over/s);
    await expect(to('adapter.gguf')).rejects.toThrow(/USAGE.*\.safetensors/s);
    await expect(to('none/adapter.safetensors')).rejects.toThrow(/FILE_UNWRITABLE/);
    writeFileSync(config, '{}');
    await expect(to('adapter.safetensors')).rejects.toThrow(/USAGE.*another adapter/s);
    for (const path of [model, text]) expect(readFileSync(path, 'utf8')).toBe('kept');
  }); // prettier-ignore
});

describeWithStories('an adapter of a real model', () => {
  it('is trained and used by the command line', () => {
    const [text, out] = ['story.txt', 'adapter_model.safetensors'].map((name) => join(folder, name));
    writeFileSync(text, 'Once upon a time there was a robot who liked to sing. '.repeat(12));
    const heddle = (...words: string[]): string =>
      execFileSync(process.execPath, ['dist/cli/main.js', ...words, '--device', 'wasm', '--json'], { encoding: 'utf8' }); // prettier-ignore
    const training = ['--steps', '10', '--batch', '2', '--tokens', '32', '--learning-rate', '0.01'];
    const { losses } = JSON.parse(heddle('finetune', STORIES, '--text', text, '--out', out, ...training)) as { losses: number[] }; // prettier-ignore
    expect(losses[10]).toBeLessThan(losses[0] / 4);
    const config: unknown = JSON.parse(readFileSync(join(folder, 'adapter_config.json'), 'utf8'));
    expect(config).toMatchObject({ r: 8, lora_alpha: 16 });
    const said = heddle('generate', STORIES, '--prompt', 'Once upon a time', '--max-tokens', '12', '--adapter', out); // prettier-ignore
    expect((JSON.parse(said) as { text: string }).text).toMatch(/^ there was a robot/);
  });

  it('lowers its loss on another text', async () => {
    const files = await openModel(STORIES);
    const text = Array.from({ length: 100 }, (_, i) => 300 + ((i * i) % 10));
    const { losses } = await fineTune(files, text, { device: await device, steps: 12, batch: 1, tokens: 16, learningRate: 0.01 }); // prettier-ignore
    await files.close();
    expect(losses.at(-1)).toBeLessThan(0.8 * losses[0]);
  });
});
