/** What the verbs for language models share. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { HeddleError, withFacts } from '../../base/errors.js';
import {
  loadModel,
  type AdapterFile,
  type GenerateOptions,
  type JsonSchema,
  type LanguageModel,
  type SamplingOptions,
} from '../../llm/index.js';
import { regexGrammar } from '../../llm/grammar/regex.js';
import { readBytes, readJson } from '../files/files.js';
import type { Generation } from '../../llm/generate/generation.js';
import { counted, duration, facts, heading } from '../terminal/format.js';
import type { Output } from '../terminal/output.js';
import { openBackend } from './backend.js';

/** How tokens are chosen, as the command line says it. */
export interface SamplingCommandOptions {
  readonly temperature: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly minP?: number;
  readonly repeatPenalty?: number;
  readonly seed: number;
}

/** What texts are held to, as the command line says it. */
export interface ConstraintOptions {
  /** A file with a JSON Schema. */
  readonly schema?: string;
  readonly regex?: string;
}

/** The option of a generation for it. Throws FILE_UNREADABLE, FILE_FORMAT. */
export function constraintOf({ schema, regex }: ConstraintOptions): Pick<GenerateOptions, 'constraint'> {
  if (regex !== undefined) {
    checkRegex(regex);
    return { constraint: { regex } };
  }
  return schema === undefined ? {} : { constraint: { schema: readJson(schema) as JsonSchema } };
}

/** Throws LLM_GRAMMAR, before a model is loaded. */
function checkRegex(regex: string): void {
  try {
    regexGrammar(regex);
  } catch (error) {
    throw error instanceof HeddleError ? withFacts(error, { where: '--regex', found: regex }) : error;
  }
}

export interface LanguageOptions {
  readonly device?: string;
  readonly context?: number;
  /** A file with an adapter. */
  readonly adapter?: string;
}

/** The options of the command line that are options of the sampler. */
export const samplingOf = ({ temperature, topK, topP, minP, repeatPenalty, seed }: SamplingCommandOptions): SamplingOptions =>
  Object.fromEntries(
    Object.entries({ temperature, topK, topP, minP, repeatPenalty, seed }).filter(([, value]) => value !== undefined),
  ); // prettier-ignore

/** Where PEFT has the configuration of an adapter: beside its file. */
export const configBeside = (path: string): string => join(dirname(path), 'adapter_config.json');

/** An adapter, with its configuration where there is one. Throws FILE_UNREADABLE, FILE_FORMAT. */
function readAdapter(path: string): AdapterFile {
  const config = configBeside(path);
  return { bytes: readBytes(path), ...(existsSync(config) ? { config: readJson(config) } : {}) };
}

/** Calls `body` with the model on the device, and gives both back. */
export async function withModel<T>(
  path: string,
  { device: name, context, adapter }: LanguageOptions,
  output: Output,
  body: (model: LanguageModel, device: string) => Promise<T>,
): Promise<T> {
  const { backend, device, close } = await openBackend(name, output);
  try {
    const start = performance.now();
    const model = await loadModel(path, {
      device: backend,
      ...(context === undefined ? {} : { context }),
      ...(adapter === undefined ? {} : { adapter: readAdapter(adapter) }),
    });
    output.print(
      heading(`${model.name} on ${device}`) + `, loaded in ${duration(performance.now() - start)}`,
    );
    try {
      return await body(model, device);
    } finally {
      model.dispose();
    }
  } finally {
    close();
  }
}

/** Tokens a second; 0 where nothing was measured. */
export const rate = (tokens: number, milliseconds: number): number =>
  milliseconds > 0 ? (1000 * tokens) / milliseconds : 0;

/** What a generation took, for people. */
export function describeRates({ prompt, tokens, times }: Generation): string {
  if (times === undefined) return '';
  const perSecond = (count: number, ms: number): string => `${rate(count, ms).toFixed(1)} tokens/s`;
  return facts([
    ['prompt', `${counted(prompt.length, 'token')} in ${duration(times.prompt)}`],
    ['generated', `${tokens.length} tokens, ${perSecond(tokens.length - 1, times.tokens)}`],
  ]);
}
