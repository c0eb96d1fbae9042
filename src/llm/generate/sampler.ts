/**
 * Chooses tokens. All of it is arithmetic that is the same on every machine: sums and products of doubles, Heddle's own exp and log, and
 * random numbers that depend on the seed and on the position alone.
 */
import { preserveLang } from '../../numerics/js-lang.js';
import { exp, log } from '../../numerics/math/index.js';
import { threefry2x32 } from '../../numerics/threefry.js';
import type { SamplingOptions } from './options.js';

/** What a choice depends on beside the logits. */
export interface SamplingState {
  /** All tokens before the one to be chosen, the prompt among them. */
  readonly tokens: readonly number[];
  /** How many of them are the prompt. */
  readonly prompt: number;
  /** Tokens that may not be chosen. */
  readonly forbidden: readonly number[];
  /** If given: whether a token may be chosen. */
  readonly allows?: ((token: number) => boolean) | undefined;
}

/** The token that follows. The logits stay as they are. */
export function sample(logits: Float32Array, state: SamplingState, options: SamplingOptions): number {
  const adjusted = penalised(logits, state, options);
  const { temperature = 0 } = options;
  if (temperature === 0) return likeliest(adjusted);
  return draw(candidates(adjusted, temperature, options), uniformAt(options.seed ?? 0, state.tokens.length));
}

/** The first of the greatest; NaN counts as less than everything. */
export function likeliest(logits: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < logits.length; i++)
    if (logits[i] > logits[best] || Number.isNaN(logits[best])) best = i;
  return best;
}

function penalised(logits: Float32Array, state: SamplingState, options: SamplingOptions): Float64Array {
  const { repeatPenalty = 1, repeatWindow = 64, frequencyPenalty = 0, presencePenalty = 0, logitBias = {} } = options; // prettier-ignore
  const { tokens, prompt, forbidden, allows } = state;
  const result = Float64Array.from(logits);
  for (const [token, bias] of Object.entries(logitBias))
    if (Number(token) < result.length) result[Number(token)] += bias;
  if (repeatPenalty !== 1 && repeatWindow > 0)
    for (const token of new Set(tokens.slice(-repeatWindow)))
      result[token] = result[token] > 0 ? result[token] / repeatPenalty : result[token] * repeatPenalty;
  if (frequencyPenalty !== 0 || presencePenalty !== 0) {
    const counts = new Map<number, number>();
    for (const token of tokens.slice(prompt)) counts.set(token, (counts.get(token) ?? 0) + 1);
    for (const [token, count] of counts) result[token] -= presencePenalty + frequencyPenalty * count;
  }
  for (const token of forbidden) if (token < result.length) result[token] = -Infinity;
  if (allows !== undefined) for (let i = 0; i < result.length; i++) if (!allows(i)) result[i] = -Infinity;
  return result;
}

/** A token with what is proportional to its probability. */
interface Candidate {
  readonly token: number;
  readonly weight: number;
}

const total = (all: readonly Candidate[]): number => all.reduce((sum, { weight }) => sum + weight, 0);

/** The tokens among which one is drawn: the likeliest first, of equal ones the first. */
function candidates(
  logits: Float64Array,
  temperature: number,
  { topK = 0, topP = 1, minP = 0, typicalP = 1 }: SamplingOptions,
): readonly Candidate[] {
  const top = logits[likeliest(logits)];
  let all: Candidate[] = [];
  for (let token = 0; token < logits.length; token++) {
    const weight = exp(preserveLang, Math.fround((logits[token] - top) / temperature));
    if (weight > 0) all.push({ token, weight });
  }
  if (all.length === 0) return [{ token: likeliest(logits), weight: 1 }];
  all.sort((a, b) => b.weight - a.weight || a.token - b.token);
  if (topK > 0) all = all.slice(0, topK);
  if (typicalP < 1) all = typical(all, typicalP);
  if (topP < 1) all = all.slice(0, countOf(all, topP * total(all)));
  if (minP > 0) all = all.filter(({ weight }) => weight >= minP * all[0].weight);
  return all;
}

/** How many of the first reach `weight` together. */
function countOf(all: readonly Candidate[], weight: number): number {
  let [sum, count] = [0, 0];
  while (count < all.length && (count === 0 || sum < weight)) sum += all[count++].weight;
  return count;
}

function typical(all: readonly Candidate[], share: number): Candidate[] {
  const sum = total(all);
  const information = all.map(({ weight }) => -log(preserveLang, Math.fround(weight / sum)));
  const entropy = all.reduce((mean, { weight }, i) => mean + (weight / sum) * information[i], 0);
  const distance = information.map((each) => Math.abs(each - entropy));
  const order = all.map((_, i) => i).sort((a, b) => distance[a] - distance[b] || a - b);
  const nearest = order.map((i) => all[i]);
  const kept = new Set(nearest.slice(0, countOf(nearest, share * sum)));
  return all.filter((each) => kept.has(each));
}

function draw(all: readonly Candidate[], uniform: number): number {
  const goal = uniform * total(all);
  let sum = 0;
  for (const { token, weight } of all) {
    sum += weight;
    if (goal < sum) return token;
  }
  return all[all.length - 1].token;
}

/** A number in [0, 1) for a position of a text, by Threefry: 52 random bits. */
export function uniformAt(seed: number, position: number): number {
  const words = new Uint32Array(2);
  threefry2x32(seed >>> 0, Math.floor(seed / 2 ** 32), position, 0, words);
  return ((words[0] >>> 6) * 2 ** 26 + (words[1] >>> 6)) / 2 ** 52;
}
