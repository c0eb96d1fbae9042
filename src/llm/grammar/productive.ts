/** Takes out of a grammar what leads to no text, so that whoever follows it never stands before nothing. */
import { choice, EMPTY_TEXT, type Grammar, type GrammarNode } from './node.js';

/** The same texts, without dead ends. A rule is left in if some text of it ends. */
export function productive({ root, rules }: Grammar): Grammar {
  const good = new Set<string>();
  const hasText = (node: GrammarNode): boolean => {
    switch (node.kind) {
      case 'byte':
        return true;
      case 'sequence':
        return node.parts.every(hasText);
      case 'choice':
        return node.options.some(hasText);
      case 'repeat':
        return node.min === 0 || hasText(node.body);
      case 'rule':
        return good.has(node.name);
    }
  };
  for (let before = -1; before < good.size;) {
    before = good.size;
    for (const [name, node] of rules) if (!good.has(name) && hasText(node)) good.add(name);
  }
  const pruned = (node: GrammarNode): GrammarNode => {
    switch (node.kind) {
      case 'byte':
      case 'rule':
        return node;
      case 'sequence':
        return { ...node, parts: node.parts.map(pruned) };
      case 'choice':
        return choice(...node.options.filter(hasText).map(pruned));
      case 'repeat':
        return hasText(node.body) ? { ...node, body: pruned(node.body) } : EMPTY_TEXT;
    }
  };
  const kept = [...rules]
    .filter(([name]) => good.has(name))
    .map(([name, node]) => [name, pruned(node)] as const);
  return { root: hasText(root) ? pruned(root) : choice(), rules: new Map(kept) };
}
