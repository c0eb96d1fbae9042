/** Hyperparameters out of the metadata of a GGUF file. */
import { HeddleError } from '../../base/errors.js';
import type { MetaValue } from '../gguf/cursor.js';
import type { Gguf } from '../gguf/read.js';
import { ARCHITECTURES, type Architecture } from './architectures.js';
import type { Hyperparameters, Rope, Window } from './hyper.js';
import { divided, linear, plainFrequencies, yarn, yarnMagnitude } from './rope.js';

/** Fields of the metadata by name, with errors that name them. */
class Fields {
  constructor(
    private readonly metadata: ReadonlyMap<string, MetaValue>,
    private readonly prefix: string,
    private readonly where: string,
  ) {}

  private value(name: string): MetaValue | undefined {
    return this.metadata.get(`${this.prefix}.${name}`);
  }

  optional(name: string): number | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    // Some writers have a list with a number for each layer; those that are all the same are one.
    const list = typeof value === 'object' ? Array.from(value as ArrayLike<unknown>) : [value];
    const first: unknown = list[0];
    if (typeof first === 'number' && list.every((each) => each === first)) return first;
    throw this.wrong(name, typeof value === 'object' ? 'a list' : String(value), 'a number, the same in all layers'); // prettier-ignore
  }

  number(name: string, otherwise?: number): number {
    const value = this.optional(name) ?? otherwise;
    if (value !== undefined) return value;
    throw this.wrong(name, 'nothing', 'a number');
  }

  /** A size: an integer from 1 on. */
  size(name: string, otherwise?: number): number {
    const value = this.number(name, otherwise);
    if (Number.isInteger(value) && value >= 1 && value < 2 ** 31) return value;
    throw this.wrong(name, String(value), 'an integer from 1 on');
  }

  /** Throws LLM_UNSUPPORTED where a field is there with another value than the one that changes nothing. */
  refuse(name: string, neutral: number): void {
    const value = this.number(name, neutral);
    if (value === neutral) return;
    throw new HeddleError('LLM_UNSUPPORTED', 'a hyperparameter is not known', {
      where: this.where,
      found: `${this.prefix}.${name}: ${value}`,
      expected: `nothing, or ${neutral}`,
    });
  }

  text(name: string): string | undefined {
    const value = this.value(name);
    return typeof value === 'string' ? value : undefined;
  }

  private wrong(name: string, found: string, expected: string): HeddleError {
    return new HeddleError('LLM_INVALID', 'a hyperparameter is missing or wrong', {
      where: this.where,
      found: `${this.prefix}.${name}: ${found}`,
      expected,
    });
  }
}

/** Throws LLM_UNSUPPORTED, with the architectures that are known. */
export function architectureOf({ metadata }: Gguf, where: string): Architecture {
  const name = metadata.get('general.architecture');
  const known = ARCHITECTURES.find(({ gguf }) => gguf === name);
  if (known !== undefined) return known;
  throw new HeddleError('LLM_UNSUPPORTED', 'the architecture is not known', {
    where,
    found: typeof name === 'string' ? name : 'no general.architecture',
    expected: ARCHITECTURES.map(({ gguf }) => gguf).join(', '),
  });
}

/** What frequencies are divided by: the elements of tensors that some files have. */
export interface RopeFactors {
  /** Of `rope_freqs.weight` or `rope_factors_short.weight`. */
  readonly own?: Float32Array | undefined;
  /** Of `rope_factors_long.weight`: for texts that are longer than those of the first training. */
  readonly long?: Float32Array | undefined;
}

/**
 * The hyperparameters of a file. Throws LLM_UNSUPPORTED for architectures that are not known, LLM_INVALID where something is missing or
 * wrong.
 */
export function hyperFromGguf(gguf: Gguf, where: string, factors: RopeFactors = {}): Hyperparameters {
  const architecture = architectureOf(gguf, where);
  const fields = new Fields(gguf.metadata, architecture.gguf, where);
  const width = fields.size('embedding_length');
  const heads = fields.size('attention.head_count');
  const headSize = fields.size('attention.key_length', Math.floor(width / heads));
  const embedding = gguf.tensors.get('token_embd.weight');
  const layers = fields.size('block_count');
  const count = fields.number('expert_count', 0);
  const window = windowOf(fields, architecture);
  // Of Mistral's: scores grow with the position.
  fields.refuse('attention.temperature_scale', 0);
  return {
    architecture: architecture.gguf,
    layers,
    width,
    heads,
    kvHeads: fields.size('attention.head_count_kv', heads),
    headSize,
    vocabulary: embedding?.shape[0] ?? fields.size('vocab_size'),
    context: fields.size('context_length'),
    norm: architecture.norm ?? 'rms',
    epsilon: fields.number(architecture.norm === 'layer' ? 'attention.layer_norm_epsilon' : 'attention.layer_norm_rms_epsilon', 1e-5), // prettier-ignore
    activation: architecture.activation ?? 'silu',
    gated: architecture.ungated !== true,
    embeddingScale: architecture.scaledEmbedding === true ? Math.sqrt(width) : 1,
    attentionScale: attentionScaleOf(architecture, layers, width, heads, headSize),
    attentionCap: positive(fields.number('attn_logit_softcapping', 0)),
    logitCap: positive(fields.number('final_logit_softcapping', 0)),
    rope:
      architecture.learnedPositions === true ? undefined : ropeOf(fields, architecture, headSize, factors),
    window,
    experts:
      count === 0
        ? undefined
        : { count, used: fields.size('expert_used_count'), normalized: architecture.plainShares !== true },
  };
}

const positive = (value: number): number | undefined => (value > 0 ? value : undefined);

/** 1 / sqrt(head size), but for the largest Gemmas, which take width / heads; their files do not say so. */
function attentionScaleOf(
  { gguf }: Architecture,
  layers: number,
  width: number,
  heads: number,
  headSize: number,
): number {
  const isLargest = (gguf === 'gemma2' && layers === 46) || (gguf === 'gemma3' && layers === 62);
  return 1 / Math.sqrt(isLargest ? width / heads : headSize);
}

function windowOf(fields: Fields, { windowPeriod }: Architecture): Window | undefined {
  const size = fields.number('attention.sliding_window', 0);
  if (size === 0) return undefined;
  return { size, in: windowed(windowPeriod) };
}

/** Whether a layer has the window: all but those whose number, from 1, is a multiple of the period. */
export const windowed =
  (period: number | undefined): Window['in'] =>
  (layer) =>
    period === undefined || (layer + 1) % period !== 0;

function ropeOf(
  fields: Fields,
  { interleaved, localBase }: Architecture,
  headSize: number,
  factors: RopeFactors,
): Rope {
  const features = fields.size('rope.dimension_count', headSize);
  const base = fields.number('rope.freq_base', 10_000);
  const plain = plainFrequencies(features, base);
  const own = factors.own === undefined ? plain : divided(plain, factors.own);
  const kind = fields.text('rope.scaling.type') ?? 'none';
  const factor = fields.number('rope.scaling.factor', 1);
  const local = localBase === undefined ? undefined : plainFrequencies(features, localBase);
  const original = fields.optional('rope.scaling.original_context_length');
  const long = factors.long === undefined || original === undefined ? undefined : { beyond: original, frequencies: divided(plain, factors.long) }; // prettier-ignore
  const rest = { features, interleaved: interleaved === true, local, long };
  switch (kind) {
    case 'none':
    case 'longrope':
      return { ...rest, frequencies: own, magnitude: fields.number('rope.scaling.attn_factor', 1) };
    case 'linear':
      return { ...rest, frequencies: linear(own, factor), magnitude: 1 };
    case 'yarn': {
      const original = fields.size('rope.scaling.original_context_length');
      const betaFast = fields.number('rope.scaling.yarn_beta_fast', 32);
      const betaSlow = fields.number('rope.scaling.yarn_beta_slow', 1);
      fields.refuse('rope.scaling.yarn_ext_factor', 1);
      fields.refuse('rope.scaling.yarn_log_multiplier', 0);
      const attention =
        fields.optional('rope.scaling.yarn_attn_factor') ?? fields.number('rope.scaling.attn_factor', 1);
      const frequencies = yarn(own, { factor, original, base, features, betaFast, betaSlow });
      return { ...rest, frequencies, magnitude: attention * yarnMagnitude(factor) };
    }
    default:
      throw new HeddleError('LLM_UNSUPPORTED', 'the scaling of positions is not known', {
        found: kind,
        expected: 'none, linear, yarn or longrope',
      });
  }
}
