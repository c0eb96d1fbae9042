/** Caches with room for more positions. */
import { concat } from '../../compose/movement.js';
import { GraphBuilder } from '../../ir/builder.js';
import type { Graph } from '../../ir/graph.js';
import { cacheShape, cachesOf, POSITION_AXIS } from '../model/cache.js';
import type { Hyperparameters } from '../model/hyper.js';

/** The caches of a sequence with `from` positions in, the same with `to` positions out, with zeros behind. */
export function growGraph(hyper: Hyperparameters, from: number, to: number): Graph {
  const b = new GraphBuilder(`grow_${from}_to_${to}`);
  for (const { name, kind } of cachesOf(hyper.layers, 1)) {
    const cache = b.param(name, 'f32', cacheShape(kind, hyper, from));
    const room = b.constant('f32', cacheShape(kind, hyper, to - from), 0);
    b.output(name, concat(b, [cache, room], POSITION_AXIS[kind]));
  }
  return b.build();
}
