/** `heddle generate`: how a text goes on. */
import { existsSync } from 'node:fs';
import { lookup } from '../../llm/index.js';
import { EXIT, type ExitCode } from '../terminal/exit.js';
import type { CommonOptions } from '../terminal/options.js';
import { forTerminal, Output } from '../terminal/output.js';
import { checkFolderOf, readBytes, writeBytes } from '../files/files.js';
import {
  constraintOf,
  describeRates,
  rate,
  samplingOf,
  withModel,
  type ConstraintOptions,
  type LanguageOptions,
  type SamplingCommandOptions,
} from './language.js';

export interface GenerateCommandOptions
  extends CommonOptions, LanguageOptions, SamplingCommandOptions, ConstraintOptions {
  readonly prompt: string;
  readonly maxTokens: number;
  readonly stop?: readonly string[];
  readonly guess?: boolean;
  /** A file with what was computed of earlier texts. */
  readonly cache?: string;
}

export async function generate(path: string, options: GenerateCommandOptions): Promise<ExitCode> {
  const output = new Output(options.json === true);
  const constraint = constraintOf(options);
  if (options.cache !== undefined) checkFolderOf('--cache', options.cache);
  await withModel(path, options, output, async (model, device) => {
    const { prompt, maxTokens, stop = [], guess, cache } = options;
    if (cache !== undefined && existsSync(cache)) model.restore(readBytes(cache));
    const generation = model.generate(prompt, {
      ...samplingOf(options),
      ...constraint,
      maxTokens,
      stop,
      ...(guess === true ? { guess: lookup } : {}),
    });
    if (options.json !== true) process.stdout.write(forTerminal(prompt));
    try {
      for await (const piece of generation)
        if (options.json !== true) process.stdout.write(forTerminal(piece));
    } catch (error) {
      // An error does not continue the text.
      output.print();
      throw error;
    }
    if (cache !== undefined && generation.tokens.length > 0)
      writeBytes(cache, await model.save([...generation.prompt, ...generation.tokens]));
    output.print();
    output.print(describeRates(generation));
    const { tokens, text, finish, times } = generation;
    output.result({
      model: path,
      device,
      prompt: { text: prompt, tokens: generation.prompt },
      tokens,
      text,
      finish,
      milliseconds: times,
      tokensPerSecond: times === undefined ? undefined : rate(tokens.length - 1, times.tokens),
    });
  });
  return EXIT.ok;
}
