/** `heddle finetune`: trains an adapter of a language model on a text. */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { HeddleError } from '../../base/errors.js';
import { adapterConfig, encodeAdapter, fineTune, openModel, Tokenizer } from '../../llm/index.js';
import { checkFolderOf, namesIn, readBytes, replaceFile, writeBytes } from '../files/files.js';
import { checkEnding, keepApart, keepInputs } from '../files/outputs.js';
import { EXIT, type ExitCode } from '../terminal/exit.js';
import { counted } from '../terminal/format.js';
import { listenForInterruption } from '../terminal/interrupt.js';
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
  /** Where Ctrl-C leaves what there is. */
  readonly checkpoint: string;
  /** A checkpoint that Ctrl-C left. */
  readonly resume?: string;
}

/** Throws USAGE and FILE_UNWRITABLE, before anything is read, where the adapter would be written over something else. */
function checkOutputs({ out, text, checkpoint, resume }: FineTuneCommandOptions, model: string): void {
  checkEnding(out, ['.safetensors']);
  checkFolderOf('--out', out);
  const isFolder = statSync(model, { throwIfNoEntry: false })?.isDirectory() === true;
  const weights = isFolder ? namesIn(model).filter((name) => !name.startsWith('adapter_')) : [];
  const inputs = [model, text, ...weights.map((name) => join(model, name))];
  keepInputs('--out', [out, configBeside(out)], [...inputs, resume]);
  checkFolderOf('--checkpoint', checkpoint);
  keepInputs('--checkpoint', [checkpoint], inputs);
  keepApart([
    ['--checkpoint', checkpoint],
    ...[out, configBeside(out)].map((file) => ['--out', file] as const),
  ]);
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
  checkOutputs(options, path);
  const resume = options.resume === undefined ? {} : { resume: readBytes(options.resume) };
  const files = await openModel(path);
  try {
    const words = new Tokenizer(files.vocabulary).encode(new TextDecoder().decode(readBytes(text)));
    const { backend, device, close } = await openBackend(options.device, output);
    const interruption = listenForInterruption();
    try {
      const onStep = (step: number, loss: number): void => output.print(`${step}/${steps}: loss ${loss.toFixed(4)}`); // prettier-ignore
      const { signal } = interruption;
      const { adapter, losses, checkpoint } = await fineTune(files, words, { ...own, ...resume, device: backend, onStep, signal }); // prettier-ignore
      const done = losses.length - 1;
      if (done < steps) {
        replaceFile(options.checkpoint, checkpoint);
        output.note(`Interrupted after ${counted(done, 'step')}: the same command with --resume ${options.checkpoint} goes on.`); // prettier-ignore
        output.result({ interrupted: true, done, checkpoint: options.checkpoint });
        return interruption.exitCode;
      }
      const config = adapterConfig(adapter, files.hyper);
      writeBytes(out, encodeAdapter(adapter, files.hyper));
      writeBytes(configBeside(out), new TextEncoder().encode(`${JSON.stringify(config, null, 2)}\n`));
      output.print(
        `loss ${losses[0].toFixed(4)} before, ${losses[steps].toFixed(4)} after; written to ${out}`,
      );
      output.result({ model: path, device, out, losses, config });
    } finally {
      interruption.close();
      close();
    }
  } finally {
    await files.close();
  }
  return EXIT.ok;
}
