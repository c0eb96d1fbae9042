/**
 * The architectures that are known, each as what it has different from a Llama: RMS norm before attention and before a gated network
 * of SiLU, rotary embedding. Biases, norms of queries and keys, norms after a part, and tied heads are seen from the weights
 * that a file has.
 */

export interface Architecture {
  /** In `general.architecture` of GGUF. */
  readonly gguf: string;
  /** In `model_type` of config.json. */
  readonly folder: readonly string[];
  /** What people call the models. */
  readonly models: string;
  readonly norm?: 'layer';
  readonly activation?: 'gelu';
  /** Networks have no gate. */
  readonly ungated?: true;
  /** Positions are learned. */
  readonly learnedPositions?: true;
  /** GGUF files have the rows of queries and keys in an order in which neighbours are pairs. */
  readonly interleaved?: true;
  /** Embeddings are multiplied by the square root of the width. */
  readonly scaledEmbedding?: true;
  /** config.json's norms are 1 + weight; GGUF files have the sum. */
  readonly normsPlusOne?: true;
  /** Layers whose number, counted from 1, is a multiple of this see everything, the others a window. Default: all have the window, if there is one. */
  readonly windowPeriod?: number;
  /** A window of config.json counts only where `use_sliding_window` says so. */
  readonly optionalWindow?: true;
  /** The wavelengths' base in layers with a window. */
  readonly localBase?: number;
  /** GGUF files of mixtures leave the weights of the experts that are used as they are: they do not add up to 1. */
  readonly plainShares?: true;
  /** Logits come from the embedding where config.json does not say otherwise. */
  readonly tiedHead?: true;
}

export const ARCHITECTURES: readonly Architecture[] = [
  {
    gguf: 'llama',
    folder: ['llama', 'mistral', 'mixtral'],
    models: 'Llama 1 to 3, Mistral, Mixtral, SmolLM, SmolLM2, TinyLlama',
    interleaved: true,
  },
  { gguf: 'mistral3', folder: [], models: 'Mistral, in newer files', interleaved: true },
  { gguf: 'qwen2', folder: ['qwen2'], models: 'Qwen 1.5, 2 and 2.5', optionalWindow: true },
  { gguf: 'qwen2moe', folder: ['qwen2_moe'], models: 'Qwen 1.5 and 2, mixtures of experts', optionalWindow: true, plainShares: true },
  { gguf: 'qwen3', folder: ['qwen3'], models: 'Qwen 3', optionalWindow: true },
  { gguf: 'qwen3moe', folder: ['qwen3_moe'], models: 'Qwen 3, mixtures of experts', optionalWindow: true },
  { gguf: 'gemma', folder: ['gemma'], models: 'Gemma', activation: 'gelu', scaledEmbedding: true, normsPlusOne: true, tiedHead: true },
  {
    gguf: 'gemma2',
    folder: ['gemma2'],
    models: 'Gemma 2',
    activation: 'gelu',
    scaledEmbedding: true,
    normsPlusOne: true,
    tiedHead: true,
    windowPeriod: 2,
  },
  {
    gguf: 'gemma3',
    folder: ['gemma3_text'],
    models: 'Gemma 3, text',
    activation: 'gelu',
    scaledEmbedding: true,
    normsPlusOne: true,
    tiedHead: true,
    windowPeriod: 6,
    localBase: 10_000,
  },
  { gguf: 'phi3', folder: ['phi3'], models: 'Phi-3 and Phi-4' },
  {
    gguf: 'gpt2',
    folder: ['gpt2'],
    models: 'GPT-2',
    norm: 'layer',
    activation: 'gelu',
    ungated: true,
    learnedPositions: true,
    tiedHead: true,
  },
]; // prettier-ignore
