/** What a model's file says of its shape: everything that the transformer needs to know beside its weights. */
import { ensure } from '../../base/errors.js';

/** Which layers see only a window of the positions before them. */
export interface Window {
  /** Positions that a query sees, its own included. */
  readonly size: number;
  /** Whether the layer, counted from 0, has the window. */
  readonly in: (layer: number) => boolean;
}

/** Rotary embedding. */
export interface Rope {
  /** Features of a head that are turned, from the first; the others stay. */
  readonly features: number;
  /** Pairs are neighbours (GPT-J; Llama's GGUF files) in place of halves (GPT-NeoX). */
  readonly interleaved: boolean;
  /** Radians a position, of each pair. */
  readonly frequencies: readonly number[];
  /** What sines and cosines are multiplied by. */
  readonly magnitude: number;
  /** Of layers with a window, where they have others. */
  readonly local?: readonly number[] | undefined;
  /** LongRoPE: the frequencies for texts of more positions than `beyond`. */
  readonly long?: { readonly beyond: number; readonly frequencies: readonly number[] } | undefined;
}

export interface Experts {
  readonly count: number;
  /** How many of them a token uses. */
  readonly used: number;
  /** Whether the weights of those that are used are made to add up to 1. */
  readonly normalized: boolean;
}

export interface Hyperparameters {
  /** As in the file: `llama`, `qwen2`, ... */
  readonly architecture: string;
  readonly layers: number;
  /** Features of a token between layers. */
  readonly width: number;
  readonly heads: number;
  /** Heads of keys and values; each serves heads / kvHeads heads of queries. */
  readonly kvHeads: number;
  readonly headSize: number;
  readonly vocabulary: number;
  /** Positions that the model was made for. */
  readonly context: number;
  readonly norm: 'rms' | 'layer';
  readonly epsilon: number;
  readonly activation: 'silu' | 'gelu';
  /** Whether networks multiply by a gate. */
  readonly gated: boolean;
  /** What embeddings are multiplied by. */
  readonly embeddingScale: number;
  /** What products of queries and keys are multiplied by. */
  readonly attentionScale: number;
  /** c of c * tanh(x / c), of scores and of logits. */
  readonly attentionCap?: number | undefined;
  readonly logitCap?: number | undefined;
  /** Undefined: positions are learned (`position_embd.weight`). */
  readonly rope?: Rope | undefined;
  readonly window?: Window | undefined;
  readonly experts?: Experts | undefined;
}

/**
 * The hyperparameters for texts of `context` positions. By default those that the model was made for, but with LongRoPE those of its factors for
 * short texts: the factors are chosen once, for all texts, as no bit may depend on how long a text became. Throws LLM_CONTEXT for positions
 * that were never learned.
 */
export function forContext(hyper: Hyperparameters, context: number | undefined): Hyperparameters {
  const { rope } = hyper;
  if (rope === undefined)
    ensure((context ?? 0) <= hyper.context, 'LLM_CONTEXT', 'the context is longer than the positions that the model has learned', {
      found: `${context} positions`,
      expected: `at most ${hyper.context}`,
    }); // prettier-ignore
  const long = rope?.long;
  const chosen = context ?? Math.min(hyper.context, long?.beyond ?? Infinity);
  if (rope === undefined || long === undefined || chosen <= long.beyond) return { ...hyper, context: chosen };
  return { ...hyper, context: chosen, rope: { ...rope, frequencies: long.frequencies } };
}
