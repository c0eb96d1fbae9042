/** Dot products as contractions: rows m are the free axes of lhs, columns n those of rhs. */
import { elementCount } from '../../base/tensor.js';
import { DOT_BLOCK } from '../../ir/accumulation.js';
import type { Node } from '../../ir/graph.js';
import { delinearize, type Index } from '../../ir/index-expr.js';
import type { Ref } from '../ssa/instr.js';
import type { KernelContext } from './context.js';
import { chooseTile, limit, sizeOf, type Contraction } from './contract.js';
import { dotIndices } from './loops.js';

export function dotContraction(k: KernelContext, node: Node<'dot'>): Contraction {
  const { s, evaluator } = k;
  const [lhs, rhs] = node.inputs;
  const [a, b] = [evaluator.shape(lhs), evaluator.shape(rhs)];
  const { lhsBatch, lhsContract, rhsBatch, rhsContract } = node.attrs;
  const free = (shape: readonly number[], used: readonly number[]): number[] =>
    shape.filter((_, axis) => !used.includes(axis));
  const freeM = free(a, [...lhsBatch, ...lhsContract]);
  const freeN = free(b, [...rhsBatch, ...rhsContract]);
  const batchShape = lhsBatch.map((axis) => a[axis]);
  const extents = { batch: elementCount(batchShape), m: elementCount(freeM), n: elementCount(freeN) };
  const depth = elementCount(lhsContract.map((axis) => a[axis]));
  const tile = chooseTile(extents, extents.n, k.target);
  const result = (batch: Index, m: Index, column: readonly Index[]): Index[] => [
    ...delinearize(batch, batchShape),
    ...delinearize(m, freeM),
    ...column,
  ];
  const [sizeN, sizeK] = [sizeOf(k, extents.n), sizeOf(k, depth)];
  return {
    extents,
    tile,
    tilesN: Math.ceil(extents.n / tile.n),
    column: (tileN, j) => {
      const n = limit(k, s.iadd(s.imul(tileN, tile.n), evaluator.indices.emit(j)), sizeN);
      return { index: delinearize(n.index, freeN), fits: n.fits };
    },
    result,
    terms: (batch, m, columns, block) => {
      const loads = (at: Index): [Ref[], Ref[]] => [
        m.map((mi) => evaluator.at(lhs, dotIndices(node, a, b, result(batch, mi, columns[0]), at)[0])),
        columns.map((column) =>
          evaluator.at(rhs, dotIndices(node, a, b, result(batch, m[0], column), at)[1]),
        ),
      ];
      s.for(0, s.prim('iopaque', sizeK.end), DOT_BLOCK, (start) =>
        block((term) => {
          const end = s.prim('umin', s.iadd(start, DOT_BLOCK), sizeK.end);
          s.for(start, end, 1, (i) => term(...loads(evaluator.indexOf(i, depth))));
        }),
      );
    },
  };
}
