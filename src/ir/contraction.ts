/** The contractions, whole and split (split-K), of which much is the same. */
import type { Node } from './graph.js';
import type { Op } from './ops.js';

export type DotOp = 'dot' | 'splitKDot';
export type ConvOp = 'conv' | 'splitKConv';

export const isDot = (node: Node): node is Node<DotOp> => node.op === 'dot' || node.op === 'splitKDot';
export const isConv = (node: Node): node is Node<ConvOp> => node.op === 'conv' || node.op === 'splitKConv';

/** Whether the sums of the blocks are the result, and not their total. */
export const isSplit = (op: Op): boolean => op === 'splitKDot' || op === 'splitKConv';
