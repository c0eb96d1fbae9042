/** `heddle finetune`: trains an adapter of a language model on a text. */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { HeddleError } from '../../base/errors.js';
import { adapterConfig, encodeAdapter, fineTune, openModel, Tokenizer } from '../../llm/index.js';
import { checkFolderOf, namesIn, readBytes, writeBytes } from '../files/files.js';
import { checkEnding, keepInputs } from '../files/outputs.js';
import { EXIT, type ExitCode } from '../terminal/exit.js';
import type { CommonOptions } from '../terminal/options.js';
import { Output } from '../terminal/output.js';
import { openBackend } from './backend.js';
import { configBeside } from './language.js';

export interface FineTuneCommandOptions extends CommonOptions {
  readonly text: string;
  readonly out: string;
  readonly steps: number;
  readonly batch: number;
  readonly tokens: number;
  readonly rank: number;
  readonly alpha?: number;
  readonly learningRate: number;
  readonly matrices?: readonly string[];
  readonly seed: number;
  readonly device?: string;
}

/** Throws USAGE and FILE_UNWRITABLE, before anything is read, where the adapter would be written over something else. */
function checkOutputs(out: string, model: string, text: string): void {
  checkEnding(out, ['.safetensors']);
  checkFolderOf('--out', out);
  const isFolder = statSync(model, { throwIfNoEntry: false })?.isDirectory() === true;
  const weights = isFolder ? namesIn(model).filter((name) => !name.startsWith('adapter_')) : [];
  keepInputs('--out', [out, configBeside(out)], [model, text, ...weights.map((name) => join(model, name))]);
  if (existsSync(configBeside(out)) && !existsSync(out))
    throw new HeddleError('USAGE', 'the configuration of another adapter would be written over', {
      where: `--out ${out}`,
      found: configBeside(out),
      hint: 'give each adapter a folder of its own',
    });
}

export async function finetune(path: string, options: FineTuneCommandOptions): Promise<ExitCode> {
  const output = new Output(options.json === true);
  const { text, out, steps, batch, tokens, rank, alpha, learningRate, matrices, seed } = options;
  const own = { steps, batch, tokens, rank, learningRate, seed, ...(alpha === undefined ? {} : { alpha }), ...(matrices === undefined ? {} : { matrices }) }; // prettier-ignore
  checkOutputs(out, path, text);
  const files = await openModel(path);
  try {
    const words = new Tokenizer(files.vocabulary).encode(new TextDecoder().decode(readBytes(text)));
    const { backend, device, close } = await openBackend(options.device, output);
    try {
      const onStep = (step: number, loss: number): void => output.print(`${step}/${steps}: loss ${loss.toFixed(4)}`); // prettier-ignore
      const { adapter, losses } = await fineTune(files, words, { ...own, device: backend, onStep });
      const config = adapterConfig(adapter, files.hyper);
      writeBytes(out, encodeAdapter(adapter, files.hyper));
      writeBytes(configBeside(out), new TextEncoder().encode(`${JSON.stringify(config, null, 2)}\n`));
      output.print(
        `loss ${losses[0].toFixed(4)} before, ${losses[steps].toFixed(4)} after; written to ${out}`,
      );
      output.result({ model: path, device, out, losses, config });
    } finally {
      close();
    }
  } finally {
    await files.close();
  }
  return EXIT.ok;
}
