/** `heddle finetune`: trains an adapter of a language model on a text. */
import { adapterConfig, encodeAdapter, fineTune, openModel, Tokenizer } from '../../llm/index.js';
import { readBytes, writeBytes } from '../files/files.js';
import { EXIT, type ExitCode } from '../terminal/exit.js';
import type { CommonOptions } from '../terminal/options.js';
import { Output } from '../terminal/output.js';
import { openBackend } from './backend.js';

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

export async function finetune(path: string, options: FineTuneCommandOptions): Promise<ExitCode> {
  const output = new Output(options.json === true);
  const { text, out, steps, batch, tokens, rank, alpha, learningRate, matrices, seed } = options;
  const own = { steps, batch, tokens, rank, learningRate, seed, ...(alpha === undefined ? {} : { alpha }), ...(matrices === undefined ? {} : { matrices }) }; // prettier-ignore
  const files = await openModel(path);
  try {
    const words = new Tokenizer(files.vocabulary).encode(new TextDecoder().decode(readBytes(text)));
    const { backend, device, close } = await openBackend(options.device, output);
    try {
      const onStep = (step: number, loss: number): void => output.print(`${step}/${steps}: loss ${loss.toFixed(4)}`); // prettier-ignore
      const { adapter, losses } = await fineTune(files, words, { ...own, device: backend, onStep });
      writeBytes(out, encodeAdapter(adapter, files.hyper));
      output.print(
        `loss ${losses[0].toFixed(4)} before, ${losses[steps].toFixed(4)} after; written to ${out}`,
      );
      output.result({ model: path, device, out, losses, config: adapterConfig(adapter, files.hyper) });
    } finally {
      close();
    }
  } finally {
    await files.close();
  }
  return EXIT.ok;
}
