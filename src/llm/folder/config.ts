/** Hyperparameters out of a config.json of Hugging Face. */
import { HeddleError } from '../../base/errors.js';
import { ARCHITECTURES, type Architecture } from '../model/architectures.js';
import { windowed } from '../model/from-gguf.js';
import type { Hyperparameters, Rope, Window } from '../model/hyper.js';
import { divided, linear, llama3, plainFrequencies, yarn, yarnMagnitude } from '../model/rope.js';
import { isObject, type Json } from '../text/json-vocabulary.js';

/** Fields by name; GPT-2 has names of its own. */
class Config {
  constructor(
    private readonly json: Json,
    private readonly where: string,
  ) {}

  optional(...names: readonly string[]): number | undefined {
    for (const name of names) {
      const value = this.json[name];
      if (typeof value === 'number') return value;
    }
    return undefined;
  }

  number(...names: readonly string[]): number {
    const value = this.optional(...names);
    if (value !== undefined) return value;
    throw new HeddleError('LLM_INVALID', 'a hyperparameter is missing or wrong', {
      where: this.where,
      found: `${names[0]}: ${JSON.stringify(this.json[names[0]]) ?? 'nothing'}`,
      expected: 'a number',
    });
  }

  size(...names: readonly string[]): number {
    const value = this.number(...names);
    if (Number.isInteger(value) && value >= 1 && value < 2 ** 31) return value;
    throw new HeddleError('LLM_INVALID', 'a hyperparameter is missing or wrong', {
      where: this.where,
      found: `${names[0]}: ${value}`,
      expected: 'an integer from 1 on',
    });
  }
}

export interface FolderConfig {
  readonly hyper: Hyperparameters;
  readonly architecture: Architecture;
  /** Whether logits come from the embedding, whatever else the files have. */
  readonly hasTiedHead: boolean;
}

/** Names of activations in Transformers. */
const ACTIVATIONS: Readonly<Record<Hyperparameters['activation'], readonly unknown[]>> = {
  silu: ['silu', 'swish'],
  gelu: ['gelu_pytorch_tanh', 'gelu_new', 'gelu_fast', 'gelu_accurate'],
};

/** Fields that change what a model computes, with the values that Heddle knows: that of a Llama or a GPT-2, and those that say as much. */
const KNOWN: Readonly<Record<string, readonly unknown[]>> = {
  scale_attn_weights: [true],
  scale_attn_by_inverse_layer_idx: [false],
  add_cross_attention: [false],
  use_bidirectional_attention: [false],
  decoder_sparse_step: [1],
};

/** Throws LLM_UNSUPPORTED for a field that is there with a value that Heddle does not know. */
function checkKnown(json: Json, { gguf, activation }: Architecture, where: string): void {
  // What the first Gemma says here was a mistake, which nobody reads.
  const own = gguf === 'gemma' ? 'hidden_activation' : 'hidden_act';
  const names = [own, 'hidden_activation', 'activation_function'];
  const activations = ACTIVATIONS[activation ?? 'silu'];
  const known = [...Object.entries(KNOWN), ...names.map((name) => [name, activations] as const)];
  for (const [name, values] of known) {
    const value = json[name] ?? undefined;
    if (value === undefined || values.includes(value)) continue;
    throw new HeddleError('LLM_UNSUPPORTED', 'a hyperparameter is not known', {
      where,
      found: `${name}: ${JSON.stringify(value)}`,
      expected: values.map((each) => JSON.stringify(each)).join(', '),
    });
  }
  if (!Array.isArray(json.mlp_only_layers) || json.mlp_only_layers.length === 0) return;
  throw new HeddleError('LLM_UNSUPPORTED', 'some layers have no experts, others have', {
    where,
    found: `mlp_only_layers: ${JSON.stringify(json.mlp_only_layers)}`,
    expected: 'experts in all layers',
  });
}

/** Throws LLM_UNSUPPORTED for architectures and scalings that are not known, LLM_INVALID where something is missing. */
export function hyperFromConfig(given: Json, where: string): FolderConfig {
  const json = withRope(given);
  const type = json.model_type;
  const architecture = ARCHITECTURES.find(({ folder }) => folder.some((name) => name === type));
  if (architecture === undefined)
    throw new HeddleError('LLM_UNSUPPORTED', 'the architecture is not known', {
      where,
      found: String(type),
      expected: ARCHITECTURES.flatMap(({ folder }) => folder).join(', '),
    });
  checkKnown(json, architecture, where);
  const config = new Config(json, where);
  const width = config.size('hidden_size', 'n_embd');
  const heads = config.size('num_attention_heads', 'n_head');
  const headSize = config.optional('head_dim') ?? Math.floor(width / heads);
  const experts = config.optional('num_local_experts', 'num_experts');
  const hasWindow = json.use_sliding_window ?? architecture.optionalWindow !== true;
  const windowSize = hasWindow === true ? config.optional('sliding_window') : undefined;
  const hyper: Hyperparameters = {
    architecture: architecture.gguf,
    layers: config.size('num_hidden_layers', 'n_layer'),
    width,
    heads,
    kvHeads: config.optional('num_key_value_heads') ?? heads,
    headSize,
    vocabulary: config.size('vocab_size'),
    context: config.size('max_position_embeddings', 'n_positions'),
    norm: architecture.norm ?? 'rms',
    epsilon: config.number('rms_norm_eps', 'layer_norm_epsilon'),
    activation: architecture.activation ?? 'silu',
    gated: architecture.ungated !== true,
    embeddingScale: architecture.scaledEmbedding === true ? Math.sqrt(width) : 1,
    attentionScale: 1 / Math.sqrt(config.optional('query_pre_attn_scalar') ?? headSize),
    attentionCap: config.optional('attn_logit_softcapping'),
    logitCap: config.optional('final_logit_softcapping'),
    rope: architecture.learnedPositions === true ? undefined : ropeOf(config, json, architecture, headSize),
    window:
      windowSize === undefined ? undefined : { size: windowSize, in: layersWithWindow(json, architecture) },
    experts: experts === undefined ? undefined : { count: experts, used: config.size('num_experts_per_tok'), normalized: sharesAddUp(json, architecture) }, // prettier-ignore
  };
  const hasTiedHead = (json.tie_word_embeddings ?? architecture.tiedHead) === true;
  return { hyper, architecture, hasTiedHead };
}

/** Mixtral's weights of the experts always add up to 1; Qwen's where the file says so. */
const sharesAddUp = (json: Json, { gguf }: Architecture): boolean =>
  gguf === 'llama' || json.norm_topk_prob === true;

/** Which layers have the window: a list of their kinds says it, or a number from which on, or the architecture. */
function layersWithWindow(json: Json, { windowPeriod, optionalWindow }: Architecture): Window['in'] {
  const { layer_types: kinds, max_window_layers: first } = json;
  if (Array.isArray(kinds)) return (layer) => kinds[layer] === 'sliding_attention';
  if (optionalWindow === true && typeof first === 'number') return (layer) => layer >= first;
  const pattern = json.sliding_window_pattern ?? json._sliding_window_pattern;
  return windowed(typeof pattern === 'number' ? pattern : windowPeriod);
}

/**
 * A config with its rotary embedding where files before Transformers 5 have it. Newer ones have all of it in `rope_parameters`, of one kind or,
 * where layers with a window have their own, of two.
 */
function withRope(json: Json): Json {
  const { rope_parameters: parameters, ...rest } = json;
  if (!isObject(parameters)) return json;
  const { full_attention: full, sliding_attention: sliding } = parameters;
  const own = isObject(full) ? full : parameters;
  const names = ['rope_theta', 'partial_rotary_factor', 'original_max_position_embeddings'];
  const lifted = names.filter((name) => own[name] !== undefined).map((name) => [name, own[name]] as const);
  return {
    ...rest,
    ...Object.fromEntries(lifted),
    ...(isObject(sliding) ? { rope_local_base_freq: sliding.rope_theta } : {}),
    rope_scaling: own,
  };
}

/** LongRoPE's factors. Throws LLM_INVALID. */
function factorsOf(scaling: Json, name: string): readonly number[] {
  const factors: unknown = scaling[name];
  const isFactor = (value: unknown): value is number => typeof value === 'number' && value > 0;
  if (Array.isArray(factors) && factors.every(isFactor)) return factors;
  throw new HeddleError('LLM_INVALID', 'the factors of rotary embedding are wrong', {
    where: `config.json, rope_scaling.${name}`,
    found: Array.isArray(factors) ? 'a list of other values' : typeof factors,
    expected: 'numbers above 0',
  });
}

function ropeOf(config: Config, json: Json, { localBase }: Architecture, headSize: number): Rope {
  const base = config.optional('rope_theta') ?? 10_000;
  const features = Math.floor(headSize * (config.optional('partial_rotary_factor') ?? 1));
  const plain = plainFrequencies(features, base);
  const local = localBase === undefined ? undefined : plainFrequencies(features, config.optional('rope_local_base_freq') ?? localBase); // prettier-ignore
  const rest = { features, interleaved: false, local };
  const scaling = json.rope_scaling;
  if (!isObject(scaling)) return { ...rest, frequencies: plain, magnitude: 1 };
  const own = new Config(scaling, 'rope_scaling');
  const kind = scaling.rope_type ?? scaling.type;
  switch (kind) {
    case 'default':
      return { ...rest, frequencies: plain, magnitude: 1 };
    case 'linear':
      return { ...rest, frequencies: linear(plain, own.number('factor')), magnitude: 1 };
    case 'llama3': {
      const frequencies = llama3(plain, {
        factor: own.number('factor'),
        lowFactor: own.number('low_freq_factor'),
        highFactor: own.number('high_freq_factor'),
        original: own.number('original_max_position_embeddings'),
      });
      return { ...rest, frequencies, magnitude: 1 };
    }
    case 'yarn': {
      const factor = own.number('factor');
      const original = own.optional('original_max_position_embeddings') ?? config.number('max_position_embeddings'); // prettier-ignore
      const [betaFast, betaSlow] = [own.optional('beta_fast') ?? 32, own.optional('beta_slow') ?? 1];
      const isWhole = scaling.truncate !== false;
      const frequencies = yarn(plain, { factor, original, base, features, betaFast, betaSlow, isWhole });
      // DeepSeek's form of the magnitude.
      const [weight, all] = [own.optional('mscale'), own.optional('mscale_all_dim')];
      const usual = weight && all ? yarnMagnitude(factor, weight) / yarnMagnitude(factor, all) : yarnMagnitude(factor); // prettier-ignore
      return { ...rest, frequencies, magnitude: own.optional('attention_factor') ?? usual };
    }
    // The first Phi-3 called it by the name of its authors' earlier version.
    case 'su':
    case 'longrope': {
      const original = config.optional('original_max_position_embeddings') ?? config.number('max_position_embeddings'); // prettier-ignore
      const growth = config.number('max_position_embeddings') / original;
      const usual = growth <= 1 ? 1 : Math.sqrt(1 + Math.log(growth) / Math.log(original));
      const magnitude = own.optional('attention_factor') ?? usual;
      const divide = (name: string): number[] => divided(plain, factorsOf(scaling, name));
      const long = { beyond: original, frequencies: divide('long_factor') };
      return { ...rest, frequencies: divide('short_factor'), magnitude, long };
    }
    default:
      throw new HeddleError('LLM_UNSUPPORTED', 'the scaling of positions is not known', {
        found: String(kind),
        expected: 'default, linear, llama3, yarn or longrope',
      });
  }
}
