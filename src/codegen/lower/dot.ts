/** Dot products as contractions: rows m are the free axes of lhs, columns n those of rhs. */
import { dotIndices, type DotOp } from '../../ir/contraction.js';
import { isFloat } from '../../base/dtype.js';
import { dimProduct, type Dim } from '../../ir/dim.js';
import { staticShape } from '../../ir/types.js';
import type { Node } from '../../ir/graph.js';
import { delinearize, indexConst, indexVar, type Index } from '../../ir/index-expr.js';
import type { KernelContext } from './context.js';
import type { Contraction } from './contract.js';
import type { PanelWork } from './panels.js';
import { integerRange, isInt16 } from '../../passes/integer-range.js';
import type { Ref } from '../ssa/instr.js';
import { periodsOf } from './periods.js';

/** The same for panels. */
export function dotPanels(k: KernelContext, node: Node<'dot'>): PanelWork {
  const { evaluator } = k;
  const work = dotContraction(k, node);
  const [lhs, rhs] = node.inputs;
  const [a, b] = [evaluator.sizes(lhs), evaluator.sizes(rhs)];
  const [batch, m, n, depth] = staticShape([work.extents.batch, work.extents.m, work.extents.n, work.depth]);
  const indicesAt = (product: Index, row: Index, column: Index, term: Index): [Index[], Index[]] =>
    dotIndices(node, a, b, work.result(product, row, work.column(column)), term);
  const zero = indexConst(0);
  const probe = indexVar('term', Math.max(depth, 1));
  const areShort = node.inputs.every((input) => isInt16(integerRange(evaluator.graph, input)));
  const periods = periodsOf(evaluator, rhs, indicesAt(zero, zero, zero, probe)[1], probe, depth);
  return {
    ...{ products: batch, m, n, depth, isEmpty: work.covered !== undefined },
    loads: Math.max(1, periods.length),
    result: (product, row, column) => work.result(product, row, work.column(column)),
    sum: (product, rows, columns, sums) =>
      sums.overTerms(depth, periods, (terms) => {
        const a = (i: number, term: Index): Ref =>
          evaluator.at(lhs, indicesAt(product, rows[i], columns[0], term)[0]);
        const b = (j: number, term: Index): Ref =>
          evaluator.at(rhs, indicesAt(product, rows[0], columns[j], term)[1]);
        if (areShort && terms.length % 4 === 0) sums.addPairs(terms, a, b);
        else for (const term of terms) sums.add((i) => a(i, term), (j) => b(j, term)); // prettier-ignore
      }),
  };
}

export function dotContraction({ evaluator, s }: KernelContext, node: Node<DotOp>): Contraction {
  const [lhs, rhs] = node.inputs;
  const [a, b] = [evaluator.shape(lhs), evaluator.shape(rhs)];
  const { lhsBatch, lhsContract, rhsBatch, rhsContract } = node.attrs;
  const free = (shape: readonly Dim[], used: readonly number[]): Dim[] =>
    shape.filter((_, axis) => !used.includes(axis));
  const freeM = free(a, [...lhsBatch, ...lhsContract]);
  const freeN = free(b, [...rhsBatch, ...rhsContract]);
  const batchShape = lhsBatch.map((axis) => a[axis]);
  const depth = dimProduct(lhsContract.map((axis) => a[axis]));
  const result = (batch: Index, m: Index, column: readonly Index[]): Index[] => [
    ...delinearize(batch, batchShape),
    ...delinearize(m, freeM),
    ...column,
  ];
  return {
    extents: { batch: dimProduct(batchShape), m: dimProduct(freeM), n: dimProduct(freeN) },
    depth,
    column: (n) => delinearize(n, freeN),
    ...(depth === 0 && isFloat(node.type.dtype) ? { covered: () => s.bconst(false) } : {}),
    result,
    terms: (batch, rows, columns) => (at) => {
      const term = evaluator.indexOf(at, depth);
      const indices = (row: Index, column: readonly Index[]): [Index[], Index[]] =>
        dotIndices(node, a, b, result(batch, row, column), term);
      return [
        rows.map((row) => evaluator.at(lhs, indices(row, columns[0])[0])),
        columns.map((column) => evaluator.at(rhs, indices(rows[0], column)[1])),
      ];
    },
  };
}
