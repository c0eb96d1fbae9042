/**
 * Attention (passes/fusion/attention.ts): a workgroup computes some rows of the first product, keeps them in its memory, does what stands
 * between the products there, and sums the rows' terms of the last one. Each sum has the order of its op: products that of dot, row by row,
 * and reductions that of their lanes.
 */
import { isFloat } from '../../base/dtype.js';
import { fault } from '../../base/errors.js';
import { DOT_BLOCK, REDUCE_LANES } from '../../ir/accumulation.js';
import { dotIndices, termsOf } from '../../ir/contraction.js';
import type { Node, ValueId } from '../../ir/graph.js';
import { indexAdd, indexMul, substitute, type Index } from '../../ir/index-expr.js';
import { staticShape } from '../../ir/types.js';
import { chainIn, type Chain } from '../../passes/fusion/attention.js';
import { columnsOfLane, rowsOfWorkgroup, rowsTogether } from '../../passes/fusion/attention-cost.js';
import { COL_VAR, RESULT_VAR, resultIndex, ROW_VAR, type AttentionSpace } from '../../passes/fusion/group.js';
import { findUses, type Uses } from '../../passes/fusion/walk.js';
import { WORKGROUP_SIZE, type LoweredKernel } from '../kernel/body.js';
import type { Ref } from '../ssa/instr.js';
import type { KernelContext } from './context.js';
import { staticElementCost } from './cost.js';
import { addBlock, multiplyAdd, zeroOf } from './loops.js';
import { combine, identity } from './reducers.js';
import { roundTo, scalarTypeOf } from './scalar-rules.js';

/** The work of a workgroup. */
interface Rows {
  readonly k: KernelContext;
  readonly space: AttentionSpace;
  readonly chain: Chain;
  readonly product: Node<'dot'>;
  readonly uses: Uses;
  /** How many rows it has; of the last workgroups some may be no rows of their own. */
  readonly count: number;
  /** Row `i` of them, limited to the rows that there are. */
  rowAt(i: Ref | number): Index;
  /** Element `c` of row `i` is element `i * cols + c`. */
  readonly array: string;
}

export function lowerAttention(k: KernelContext, space: AttentionSpace): LoweredKernel {
  const { s, graph, form, evaluator } = k;
  const { anchor } = form;
  if (anchor === undefined) fault('attention without a product');
  const product = graph.nodes[anchor] as Node<'dot'>;
  const chain = chainIn(graph, form.members, anchor);
  const { uses } = findUses(graph, space, form.results, form.members);
  const together = rowsTogether(graph, product, space);
  const batch = space.rows / together;
  const count = rowsOfWorkgroup(space, chain.reductions.length, together, k.target);
  const groups = Math.ceil(together / count);
  const { members } = chain;
  const ofTerms = space.cols * staticElementCost(k, members.filter((id) => graph.nodes[id].op !== 'reduce')); // prettier-ignore
  const ofResults = space.width * staticElementCost(k, form.members.filter((id) => !members.includes(id))); // prettier-ignore

  return k.kernel(batch * groups, space.rows * (ofTerms + ofResults), (group) => {
    // A grid that is folded into two axes may have a few workgroups too many; a whole workgroup skips, so barriers agree.
    s.if(s.ltu(group, batch * groups), () => {
      const first = s.imul(s.urem(group, groups), count);
      const before = indexMul(evaluator.indexOf(s.udiv(group, groups), batch), together);
      const rows: Rows = {
        ...{ k, space, chain, product, uses, count },
        rowAt: (i) => indexAdd(before, evaluator.indexOf(s.umin(s.iadd(first, i), together - 1), together)),
        array: s.array({ name: 'terms', type: 'f32', length: count * space.cols, space: 'workgroup' }),
      };
      const reduced = new Map<ValueId, string>();
      let kept = chain.scores;
      computeScores(rows);
      for (const id of chain.reductions) {
        const [operand] = (graph.nodes[id] as Node<'reduce'>).inputs;
        const keeps = leadsThrough(rows, operand, kept, id, reduced);
        reduced.set(id, reduceRows(rows, id, kept, reduced, keeps));
        if (keeps) kept = operand;
      }
      if (kept !== product.inputs[0])
        eachRow(rows, reduced, (_, at) =>
          eachTerm(rows, (c) => {
            provideTerm(rows, kept, s.iadd(at, c));
            s.arrayStore(rows.array, s.iadd(at, c), elementOf(rows, product.inputs[0]));
          }),
        );
      s.barrier();
      computeResults(rows, anchor, first, together);
    });
  });
}

/** The element of a value of the chain at the row and the column that are defined. */
const elementOf = ({ k, uses }: Rows, id: ValueId): Ref => k.evaluator.at(id, uses.get(id)![0].index);

/** Declares that the kept element of `id`, for the row and the column that are defined, is that at place `at` of the array. */
const provideTerm = ({ k, uses, array }: Rows, id: ValueId, at: Ref): void =>
  k.evaluator.provide(id, uses.get(id)![0].index, k.s.arrayLoad(array, 'f32', at));

/** Calls `emit` for the columns that this lane has: those of the definition of reduce. */
function eachTerm({ k: { s, evaluator, lane }, space: { cols } }: Rows, emit: (c: Ref) => void): void {
  s.for(lane, cols, REDUCE_LANES, (c) => {
    evaluator.indices.define(COL_VAR, c);
    emit(c);
  });
}

/** Calls `emit` for each row, with its number and with the place of its first term; what is `reduced` is known there. */
function eachRow(rows: Rows, reduced: ReadonlyMap<ValueId, string>, emit: (i: Ref, at: Ref) => void): void {
  const { k, uses, count, space } = rows;
  const { s, evaluator, graph } = k;
  const body = (i: Ref): void => {
    evaluator.indices.define(ROW_VAR, evaluator.indices.emit(rows.rowAt(i)));
    for (const [id, lanes] of reduced) {
      const { dtype } = graph.nodes[id].type;
      const sum = s.arrayLoad(lanes, scalarTypeOf(dtype), s.imul(i, REDUCE_LANES));
      evaluator.provide(id, uses.get(id)![0].index, roundTo(s, dtype, sum));
    }
    emit(i, s.imul(i, space.cols));
  };
  s.rolled(s.literal(count), body);
}

/** How the `extent` columns of a product are dealt to the lanes of a workgroup: `each` to one of `lanes`, that many apart, in every turn. */
interface Columns {
  readonly extent: number;
  readonly each: number;
  readonly lanes: number;
}

/** Calls `emit` for the columns of this lane, those of a turn at a time: each with the condition under which there is one. */
function eachTurn(
  { k: { s, lane } }: Rows,
  { extent, each, lanes }: Columns,
  emit: (columns: readonly { readonly at: Ref; readonly fits: Ref | undefined }[]) => void,
): void {
  const isWhole = extent % (each * lanes) === 0;
  const turns = (): void =>
    s.for(lane, isWhole ? extent : Math.ceil(extent / (each * lanes)) * each * lanes, each * lanes, (first) =>
      emit(
        Array.from({ length: each }, (_, j) => {
          const at = s.iadd(first, j * lanes);
          return isWhole ? { at, fits: undefined } : { at: s.umin(at, extent - 1), fits: s.ltu(at, extent) };
        }),
      ),
    );
  if (lanes === WORKGROUP_SIZE) turns();
  else s.if(s.ltu(lane, lanes), turns);
}

const where = ({ k: { s } }: Rows, fits: Ref | undefined, then: () => void): void =>
  fits === undefined ? then() : s.if(fits, then);

/** Computes the first product: each lane its columns, of all rows at a time, which share what they load of the right operand. */
function computeScores(rows: Rows): void {
  const { k, chain, uses, count, space, array } = rows;
  const { s, evaluator, graph } = k;
  const node = graph.nodes[chain.scores] as Node<'dot'>;
  const [lhs, rhs] = node.inputs;
  const [a, b] = [lhs, rhs].map((id) => staticShape(evaluator.type(id).shape));
  const depth = termsOf(node, a, b);
  const places = Array.from({ length: count }, (_, i) => rows.rowAt(i));
  const [{ index: needed }] = uses.get(chain.scores)!;
  const each = columnsOfLane(count, space.cols, REDUCE_LANES);
  eachTurn(rows, { extent: space.cols, each, lanes: REDUCE_LANES }, (columns) => {
    const at = columns.map((column) => evaluator.indexOf(column.at, space.cols));
    const indexOf = (row: Index, column: Index): Index[] =>
      needed.map((own) => substitute(substitute(own, ROW_VAR, row), COL_VAR, column));
    const sums = sumTerms(rows, node, each, depth, (term) =>
      places.map((row) =>
        at.map((column) => {
          const [x, y] = dotIndices(node, a, b, indexOf(row, column), evaluator.indexOf(term, depth));
          return [evaluator.at(lhs, x), evaluator.at(rhs, y)] as const;
        }),
      ),
    );
    sums.forEach((line, i) =>
      line.forEach((sum, j) =>
        where(rows, columns[j].fits, () => s.arrayStore(array, s.iadd(columns[j].at, i * space.cols), sum)),
      ),
    );
  });
}

/** The two factors of a term, for each row and each column. */
type Factors = readonly (readonly (readonly [Ref, Ref])[])[];

/** Sums of products for all rows and `each` columns, in the order of dot. */
function sumTerms(
  { k, count }: Rows,
  { type: { dtype } }: Node<'dot'>,
  each: number,
  depth: number,
  factors: (term: Ref) => Factors,
): Ref[][] {
  const { s, evaluator } = k;
  const zeros = (): Ref[][] =>
    Array.from({ length: count }, () =>
      Array.from({ length: each }, () => s.variable(zeroOf(evaluator, dtype))),
    );
  const totals = zeros();
  s.for(0, s.prim('iopaque', s.iconst(depth)), DOT_BLOCK, (from) => {
    const sums = zeros();
    s.for(from, s.umin(s.iadd(from, DOT_BLOCK), depth), 1, (term) => {
      const pairs = factors(term);
      sums.forEach((line, i) =>
        line.forEach((sum, j) => s.update(sum, (old) => multiplyAdd(evaluator, dtype, old, ...pairs[i][j]))),
      );
    });
    totals.forEach((line, i) =>
      line.forEach((total, j) => {
        const sum = s.get(sums[i][j]);
        s.update(total, (old) => addBlock(evaluator, dtype, old, sum));
      }),
    );
  });
  return totals.map((line) => line.map((total) => roundTo(s, dtype, s.get(total))));
}

/**
 * Whether all that is left to compute after the reduction `id` needs nothing of the terms that are kept but `operand`, which then takes their
 * place.
 */
function leadsThrough(
  { k: { graph }, chain, product }: Rows,
  operand: ValueId,
  kept: ValueId,
  id: ValueId,
  reduced: ReadonlyMap<ValueId, string>,
): boolean {
  if (operand === kept || !isFloat(graph.nodes[operand].type.dtype)) return false;
  const later = chain.reductions.filter((other) => other !== id && !reduced.has(other));
  const open = [product.inputs[0], ...later.map((other) => graph.nodes[other].inputs[0])];
  const seen = new Set<ValueId>([operand, ...chain.reductions]);
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (seen.has(at)) continue;
    seen.add(at);
    if (at === kept) return false;
    if (chain.members.includes(at)) for (const input of graph.nodes[at].inputs) open.push(input);
  }
  return true;
}

/**
 * Reduces each row, as `reduceTogether` of row.ts does, and gives the array that has the result of row `i` at `i * REDUCE_LANES`. `keeps`: its
 * operand takes the place of the terms.
 */
function reduceRows(
  rows: Rows,
  id: ValueId,
  kept: ValueId,
  reduced: ReadonlyMap<ValueId, string>,
  keeps: boolean,
): string {
  const { k, count, array } = rows;
  const { s, graph, lane, target } = k;
  const node = graph.nodes[id] as Node<'reduce'>;
  const { dtype } = node.type;
  const { kind } = node.attrs;
  const type = scalarTypeOf(dtype);
  const lanes = s.array({ name: `lanes${s.arrays.length}`, type, length: count * REDUCE_LANES, space: 'workgroup' }); // prettier-ignore
  eachRow(rows, reduced, (i, at) => {
    const sum = s.variable(identity(s, kind, dtype));
    eachTerm(rows, (c) => {
      const place = s.iadd(at, c);
      provideTerm(rows, kept, place);
      const value = elementOf(rows, node.inputs[0]);
      if (keeps) s.arrayStore(array, place, value);
      s.update(sum, (old) => combine(s, kind, dtype, old, value));
    });
    s.arrayStore(lanes, s.iadd(s.imul(i, REDUCE_LANES), lane), s.get(sum));
  });
  s.barrier();
  const merge = (first: Ref, from: Ref, stride: Ref): void => {
    const to = s.iadd(first, from);
    const [a, b] = [s.arrayLoad(lanes, type, to), s.arrayLoad(lanes, type, s.iadd(to, stride))];
    s.arrayStore(lanes, to, combine(s, kind, dtype, a, b));
  };
  const levels = Math.log2(REDUCE_LANES);
  const eachLevel = (emit: (stride: Ref) => void): void =>
    s.for(1, levels + 1, 1, (level) => emit(s.ishr(REDUCE_LANES, level)));
  if (target.barrierSteps > REDUCE_LANES) {
    // Barriers cost more than all that one lane has to add.
    s.if(s.ltu(lane, count), () => {
      const first = s.imul(lane, REDUCE_LANES);
      eachLevel((stride) => s.for(0, stride, 1, (from) => merge(first, from, stride)));
    });
    s.barrier();
  } else
    eachLevel((stride) => {
      s.if(s.ltu(lane, stride), () =>
        s.for(0, count * REDUCE_LANES, REDUCE_LANES, (first) => merge(first, lane, stride)),
      );
      s.barrier();
    });
  return lanes;
}

/** Computes and stores the results: each lane its columns, of all rows at a time. `first`: the number of the first row, of `together`. */
function computeResults(rows: Rows, anchor: ValueId, first: Ref, together: number): void {
  const { k, space, product, count, array } = rows;
  const { s, evaluator, form } = k;
  const [lhs, rhs] = product.inputs;
  const [a, b] = [evaluator.shape(lhs), evaluator.shape(rhs)];
  const each = columnsOfLane(count, space.width, k.target.lanesAtOnce);
  const lanes = Math.min(WORKGROUP_SIZE, Math.ceil(space.width / each));
  eachTurn(rows, { extent: space.width, each, lanes }, (columns) => {
    const indices = columns.map(({ at }) => {
      const column = evaluator.indexOf(at, space.width);
      return resultIndex(space, evaluator.shape(anchor)).map((own) =>
        substitute(substitute(own, ROW_VAR, rows.rowAt(0)), RESULT_VAR, column),
      );
    });
    const sums = sumTerms(rows, product, each, space.cols, (term) => {
      const place = evaluator.indexOf(term, space.cols);
      const right = indices.map((index) => evaluator.at(rhs, dotIndices(product, a, b, index, place)[1]));
      return Array.from({ length: count }, (_, i) => {
        const left = s.arrayLoad(array, 'f32', s.iadd(term, i * space.cols));
        return right.map((y) => [left, y] as const);
      });
    });
    const indexOf = (id: ValueId): readonly Index[] => resultIndex(space, evaluator.shape(id));
    sums.forEach((line, i) =>
      s.if(s.ltu(s.iadd(first, i), together), () => {
        evaluator.indices.define(ROW_VAR, evaluator.indices.emit(rows.rowAt(i)));
        columns.forEach(({ at, fits }, j) =>
          s.if(fits ?? s.bconst(true), () => {
            evaluator.indices.define(RESULT_VAR, at);
            evaluator.pin(anchor, [indexOf(anchor), line[j]]);
            k.store(form.results.map((id) => [id, indexOf(id)]));
          }),
        );
      }),
    );
  });
}
