/** Names of nodes and values: readable, unlike each other, and the same for the same program. */
import type { Initializer, OnnxNode, Ref } from './builder.js';

/** Gives every name once. */
export class Names {
  private readonly taken = new Set<string>();
  /** How often a name was asked for, so that the search for a free one does not start again each time. */
  private readonly counts = new Map<string, number>();

  /** Takes `name` itself; false where it is taken already. */
  reserve(name: string): boolean {
    if (this.taken.has(name)) return false;
    this.taken.add(name);
    return true;
  }

  /** `name`, or with a number after it. */
  fresh(name: string): string {
    if (this.reserve(name)) return name;
    for (let i = this.counts.get(name) ?? 2; ; i++) {
      const candidate = `${name}_${i}`;
      if (!this.reserve(candidate)) continue;
      this.counts.set(name, i + 1);
      return candidate;
    }
  }
}

export interface Naming {
  readonly valueOf: ReadonlyMap<Ref, string>;
  /** Node names, by position. */
  readonly nodes: readonly string[];
}

/**
 * Names everything. The node that makes the value of an IR node has its name, `results` say which; the ones before it
 * have the name of their operator after it. A value has the name of its node, unless it is in `given`.
 */
export function nameAll(
  nodes: readonly OnnxNode[],
  initializers: readonly Initializer[],
  results: ReadonlySet<Ref>,
  given: ReadonlyMap<Ref, string>,
): Naming {
  const [values, nodeNames] = [new Names(), new Names()];
  for (const name of given.values()) values.reserve(name);
  const valueOf = new Map(given);
  for (const { ref, label } of initializers) valueOf.set(ref, values.fresh(label));
  // Results first, so that no helper takes the name of one.
  const named = nodes.map((node) =>
    node.outputs.some((ref) => results.has(ref)) ? nodeNames.fresh(node.scope) : undefined,
  );
  const names = nodes.map((node, i) => named[i] ?? nodeNames.fresh(`${node.scope}/${node.op}`));
  nodes.forEach(({ outputs }, i) =>
    outputs.forEach((ref, k) => {
      if (!valueOf.has(ref)) valueOf.set(ref, values.fresh(k === 0 ? names[i] : `${names[i]}:${k}`));
    }),
  );
  return { valueOf, nodes: names };
}
