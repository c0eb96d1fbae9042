/** What of a graph its outputs need. */
import type { Initializer, Input, OnnxBuilder, OnnxNode, Ref } from './builder.js';

/** Rules leave things behind that turn out to be unneeded, such as constants that are known to be harmless divisors. */
export function live(
  { nodes, initializers }: OnnxBuilder,
  outputs: readonly Input[],
): { readonly nodes: readonly OnnxNode[]; readonly initializers: readonly Initializer[] } {
  const needed = new Set<Ref | undefined>(outputs.map(({ ref }) => ref));
  const kept = [...nodes].reverse().filter((node) => {
    const isNeeded = node.outputs.some((ref) => needed.has(ref));
    if (isNeeded) for (const ref of node.inputs) needed.add(ref);
    return isNeeded;
  });
  return { nodes: kept.reverse(), initializers: initializers.filter(({ ref }) => needed.has(ref)) };
}
