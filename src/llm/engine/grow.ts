/** Caches with room for more positions. */
import { concat } from '../../compose/movement.js';
import { GraphBuilder } from '../../ir/builder.js';
import type { Graph } from '../../ir/graph.js';

/** `count` caches [groups, from, size] in, the same [groups, to, size] out, with zeros behind. */
export function growGraph(count: number, groups: number, size: number, from: number, to: number): Graph {
  const b = new GraphBuilder(`grow_${from}_to_${to}`);
  const room = b.constant('f32', [groups, to - from, size], 0);
  for (let i = 0; i < count; i++) {
    const cache = b.param(`cache.${i}`, 'f32', [groups, from, size]);
    b.output(`grown.${i}`, concat(b, [cache, room], 1));
  }
  return b.build();
}
