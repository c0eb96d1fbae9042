/** From a fused group to its kernel: the template is chosen by what the group has at its heart. */
import { isFloat } from '../../base/dtype.js';
import { REDUCE_CHUNK } from '../../ir/accumulation.js';
import type { Graph, Node } from '../../ir/graph.js';
import type { Group } from '../../passes/fusion/group.js';
import type { Target } from '../target.js';
import { lowerArgsort } from './argsort.js';
import { KernelContext, type Locate, type LoweredKernel } from './context.js';
import { convContraction } from './conv.js';
import { lowerContraction } from './contract.js';
import { dotContraction } from './dot.js';
import { lowerFlat } from './flat.js';
import { lowerRows } from './row.js';
import { lowerScan } from './scan.js';

/**
 * Lowers `group`. `locate` says where every materialised value lies; `destination` where each result goes (the same, but for
 * copies).
 */
export function lowerGroup(
  graph: Graph,
  group: Group,
  locate: Locate,
  destination: Locate,
  target: Target,
): LoweredKernel {
  const k = new KernelContext(graph, group, locate, destination, target);
  if (group.space.kind === 'rows') {
    if (group.space.cols > REDUCE_CHUNK && group.members.some((id) => dependsOnOrder(graph.nodes[id])))
      throw new Error('a reduction of several chunks must be split before fusion');
    return lowerRows(k, group.space);
  }
  if (group.anchor !== undefined) {
    const node = graph.nodes[group.anchor];
    if (node.op === 'dot') return lowerContraction(k, group.anchor, dotContraction(k, node));
    if (node.op === 'conv' && node.attrs.lhsDilation.every((dilation) => dilation === 1))
      return lowerContraction(k, group.anchor, convContraction(k, node));
    if (node.op === 'scan') return lowerScan(k, group.anchor, node);
    if (node.op === 'argsort') return lowerArgsort(k, group.anchor, node);
  }
  return lowerFlat(k, group.space);
}

/** Whether a reduction has other bits in another order. */
const dependsOnOrder = (node: Node): boolean =>
  node.op === 'reduce' &&
  isFloat(node.type.dtype) &&
  (node.attrs.kind === 'sum' || node.attrs.kind === 'prod');
