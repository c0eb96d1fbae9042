/** The weights that programs take: those that a step needs, and side by side what is multiplied by the same rows. */
import type { Hyperparameters } from './hyper.js';
import { joinRows, type StoredWeight, type StoredWeights } from './stored.js';

/** Weights of files that no step needs: those that only say how positions turn. */
export const UNUSED: readonly string[] = [
  'rope_freqs.weight',
  'rope_factors_long.weight',
  'rope_factors_short.weight',
];

/** Groups of weights of a layer with the name of their union. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  attn_qkv: ['attn_q', 'attn_k', 'attn_v'],
  ffn_gate_up: ['ffn_gate', 'ffn_up'],
};

/** The weights of a file that a step needs, by the names that it has for them. */
export function neededWeights({ layers }: Hyperparameters, weights: StoredWeights): StoredWeights {
  const result = new Map(weights);
  for (const name of UNUSED) result.delete(name);
  // A file may claim any number of layers; each has some weight.
  const most = Math.min(layers, weights.size);
  // Phi-3 has both in one weight that is called by the second.
  for (let layer = 0; layer < most; layer++) {
    const [gate, up] = ['ffn_gate_up', 'ffn_up'].map((name) => `blk.${layer}.${name}.weight`);
    const down = result.get(`blk.${layer}.ffn_down.weight`);
    const both = result.get(up);
    if (both === undefined || down === undefined || result.has(`blk.${layer}.ffn_gate.weight`)) continue;
    if (both.shape[0] !== 2 * (down.shape.at(-1) ?? 0)) continue;
    result.set(gate, both);
    result.delete(up);
  }
  return result;
}

/** The name in the file of a weight that {@link neededWeights} gives. */
export const storedName = (weights: StoredWeights, name: string): string =>
  weights.has(name) ? name : name.replace(/\.ffn_gate_up\.weight$/, '.ffn_up.weight');

/** Fewer products, each with more rows: the same sums, since no row of a weight knows of another. */
export function joined(hyper: Hyperparameters, weights: StoredWeights): StoredWeights {
  const { layers } = hyper;
  const result = new Map(neededWeights(hyper, weights));
  for (let layer = 0; layer < layers; layer++)
    for (const [union, names] of Object.entries(GROUPS)) {
      const at = (name: string, kind: string): string => `blk.${layer}.${name}.${kind}`;
      const parts = names.map((name) => result.get(at(name, 'weight')));
      const biases = names.map((name) => result.get(at(name, 'bias')));
      const weight = all(parts) && joinRows(all(parts)!);
      const bias = all(biases) && joinVectors(all(biases)!);
      // All of them have a bias, or none.
      if (weight === undefined || (bias === undefined && biases.some((each) => each !== undefined))) continue;
      result.set(at(union, 'weight'), weight);
      if (bias !== undefined) result.set(at(union, 'bias'), bias);
      for (const name of names) for (const kind of ['weight', 'bias']) result.delete(at(name, kind));
    }
  return result;
}

/** The list, where nothing in it is missing. */
const all = (parts: readonly (StoredWeight | undefined)[]): readonly StoredWeight[] | undefined =>
  parts.every((part) => part !== undefined) ? parts : undefined;

/** Vectors one behind the other. */
const joinVectors = (parts: readonly StoredWeight[]): StoredWeight | undefined => {
  const asColumns = parts.map((part) => ({ ...part, shape: [part.shape[0], 1] }));
  const union = joinRows(asColumns);
  return union && { ...union, shape: [union.shape[0]] };
};
