/** ZipMap: a matrix of scores, whose columns stand for the keys of maps (see ../../maps.ts). */
import { printShape } from '../../../../ir/types.js';
import { typed, type NodeContext } from '../../context.js';
import { keysOf } from '../../maps.js';
import type { OpTable, Resolved } from '../../registry.js';
import { demand } from '../checks.js';
import { featureCount, featureRows } from './table.js';

function zipMap(ctx: NodeContext): Resolved {
  const keys = keysOf(ctx.attr);
  demand(ctx, keys.length === featureCount(ctx), 'a key for each column', `${keys.length} keys for ${printShape(ctx.input(0).shape)}`); // prettier-ignore
  return typed(featureRows(ctx, 'float'), 'float');
}

export const maps: OpTable = [{ op: 'ZipMap', domain: 'ai.onnx.ml', since: [1], emit: zipMap }];
