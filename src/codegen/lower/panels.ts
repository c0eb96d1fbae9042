/**
 * Contractions for engines whose lanes run in step: a quad computes a panel of `rows` x (4 * `vectors`) results, whose sums it
 * keeps in registers. The lanes are neighbours along the columns, so that what a term needs of the column operand is vectors that
 * lie in memory as they are, and what it needs of the rows is the same for all lanes. Sizes are known, and code is made for them.
 *
 * The last panel of a row or column begins early enough to end with it: it computes some results again rather than read what is
 * no element.
 */
import { isFloat, type DType } from '../../base/dtype.js';
import { elementCount, rowMajorStrides } from '../../base/tensor.js';
import { DOT_BLOCK } from '../../ir/accumulation.js';
import type { ValueId } from '../../ir/graph.js';
import { delinearize, indexAdd, indexConst, indexMul, linearize, type Index } from '../../ir/index-expr.js';
import { WORKGROUP_SIZE, type LoweredKernel } from '../kernel/body.js';
import type { Target } from '../../passes/target.js';
import type { Ref } from '../ssa/instr.js';
import type { KernelContext } from './context.js';
import { staticElementCost } from './cost.js';
import { addBlock, multiplyAdd, zeroOf } from './loops.js';
import { roundTo } from './scalar-rules.js';

/** What a contraction sums, for each of `products` products of m x n results. */
export interface PanelWork {
  readonly products: number;
  readonly m: number;
  readonly n: number;
  /** Terms of a result. */
  readonly depth: number;
  /** Whether no result has a term. */
  readonly isEmpty: boolean;
  /** Loads of the column operand for a vector of columns. */
  readonly loads: number;
  /** The result's index. */
  result(product: Index, row: Index, column: Index): readonly Index[];
  /** Adds all terms, in their order, to `sums`. */
  sum(product: Index, rows: readonly Index[], columns: readonly Index[], sums: PanelSums): void;
}

/** Results of a quad: rows, and vectors of columns. */
export interface Panel {
  readonly rows: number;
  readonly vectors: number;
}

/**
 * The panel with the least estimated time for all results. `loads`: see {@link PanelWork}. V8 puts all
 * loads of a trip first, so that all that is loaded must be in registers at once, beside the sums.
 */
export function choosePanel(target: Target, m: number, n: number, loads: number): Panel {
  const { lanesInStep: lanes } = target;
  let best = { rows: 1, vectors: 1, time: Infinity };
  for (let vectors = 1; vectors <= Math.max(1, Math.ceil(n / lanes)); vectors++)
    for (let rows = 1; rows <= m; rows++) {
      const [sums, loaded] = [rows * vectors, rows + vectors * loads];
      if (sums + loaded > target.vectorRegisters) break;
      const panels = Math.ceil(m / rows) * Math.ceil(n / (vectors * lanes));
      const instructions = 2 * sums + loaded + (loads - 1) * vectors + target.loopOverhead;
      const time =
        panels *
        Math.max((2 * sums) / target.vectorWidth, instructions / target.issueWidth, target.addLatency);
      if (time < best.time) best = { rows, vectors, time };
    }
  return best;
}

export function lowerPanels(k: KernelContext, anchor: ValueId, work: PanelWork): LoweredKernel {
  const { s, evaluator, graph, spec } = k;
  const { products, m, n } = work;
  const { lanesInStep: lanes } = k.target;
  const { rows, vectors } = choosePanel(k.target, m, n, work.loads);
  const width = Math.min(n, vectors * lanes);
  const [panelsM, panelsN] = [Math.ceil(m / rows), Math.ceil(n / (vectors * lanes))];
  const panels = products * panelsM * panelsN;
  const quads = WORKGROUP_SIZE / lanes;
  const cost = products * m * n * staticElementCost(k, k.form.members);
  const { dtype } = graph.nodes[anchor].type;
  const strides = rowMajorStrides(evaluator.sizes(anchor));
  // What is computed again may be stored again, but where the first time has changed what it is computed from.
  const written = new Set(spec.results.map(({ buffer }) => buffer));
  const inPlace = spec.sources.some(({ buffer }) => written.has(buffer));

  return k.kernel(Math.ceil(panels / quads), cost, (group) => {
    const quad = s.iadd(s.imul(group, quads), s.ishr(k.lane, Math.log2(lanes)));
    s.if(s.ltu(quad, panels), () => {
      // Rows that stay in the cache pass by each panel of columns, else columns by each panel of rows.
      const rowsStay = m * work.depth * 4 <= k.target.cachedRowBytes;
      const shape = rowsStay ? [panelsN, panelsM] : [panelsM, panelsN];
      const [product, first, second] = delinearize(evaluator.indexOf(quad, panels), [products, ...shape]);
      const [panelN, panelM] = rowsStay ? [first, second] : [second, first];
      const [ownM, ownN] = [
        s.imul(evaluator.indices.emit(panelM), rows),
        s.imul(evaluator.indices.emit(panelN), vectors * lanes),
      ];
      const firstM = m % rows === 0 ? ownM : s.umin(ownM, m - rows);
      const firstN = n % (vectors * lanes) === 0 || n < lanes ? ownN : s.umin(ownN, n - width);
      const lane = s.iand(k.lane, lanes - 1);
      const column = n < lanes ? s.umin(lane, n - 1) : s.iadd(firstN, lane);
      const [row, col] = [
        evaluator.indexOf(firstM, m - rows + 1),
        evaluator.indexOf(column, n < lanes ? n : n - width + lanes),
      ];
      const rowAt = (i: Index): Index => indexAdd(row, i);
      const inColumns = (j: Index): Ref => evaluator.indices.emit(linearize([j], [lanes], 0));
      // The last vector of all columns ends with them as well.
      const vectorAt = (j: Index): Index =>
        n < lanes || width === vectors * lanes
          ? linearize([j], [lanes], 0)
          : evaluator.indexOf(s.umin(inColumns(j), width - lanes), width - lanes + 1);
      const columnAt = (j: Index): Index => indexAdd(col, vectorAt(j));
      const sums = new PanelSums(k, { rows, vectors }, dtype, work.depth);
      work.sum(product, constants(rows).map(rowAt), constants(vectors).map(columnAt), sums);
      sums.forEach((i, j, sum) => {
        const [at, to] = [rowAt(i), columnAt(j)];
        const own: Ref[] = [];
        if (n < lanes) own.push(s.ltu(lane, n));
        if (inPlace && firstM !== ownM) own.push(s.bnot(s.ltu(evaluator.indices.emit(at), ownM)));
        // The columns before these belong to another panel, or in a panel of all of them to another vector.
        const before = width < lanes * vectors ? inColumns(j) : firstN === ownN ? undefined : ownN;
        if (inPlace && n >= lanes && before !== undefined)
          own.push(s.bnot(s.ltu(evaluator.indices.emit(to), before)));
        const store = (): void => {
          const total = work.isEmpty ? s.fconst(0) : sum;
          const place = linearize(work.result(product, at, to), strides);
          evaluator.pin(anchor, [delinearize(place, evaluator.sizes(anchor)), roundTo(s, dtype, total)]);
          k.store(k.form.results.map((id) => [id, delinearize(place, evaluator.sizes(id))]));
        };
        if (own.length === 0) store();
        else s.if(own.reduce((a, b) => s.band(a, b)), store); // prettier-ignore
      });
    });
  });
}

const constants = (count: number): Index[] => Array.from({ length: count }, (_, i) => indexConst(i));

/** The sums of a panel: of the block of terms in hand, in registers, and of those before it, in memory. */
export class PanelSums {
  private readonly block: readonly (readonly Ref[])[];
  private readonly totals: string | undefined;
  /** Terms of a block. */
  private readonly blockLength: number;

  constructor(
    private readonly k: KernelContext,
    private readonly panel: Panel,
    private readonly dtype: DType,
    depth: number,
  ) {
    const { s } = k;
    const list = <T>(length: number, make: () => T): T[] => Array.from({ length }, make);
    this.block = list(panel.rows, () => list(panel.vectors, () => s.variable(this.zero())));
    // Sums of integers are the same in any order. The sum of one block is the result: -0 + x is x.
    this.blockLength = isFloat(dtype) ? DOT_BLOCK : Math.max(depth, 1);
    if (depth <= this.blockLength) return;
    const { type } = this.block[0][0];
    const array = { name: 'totals', type, length: panel.rows * panel.vectors, space: 'private' } as const;
    this.totals = s.array(array);
    this.eachPlace((at) => s.arrayStore(array.name, at, this.zero()));
  }

  private zero(): Ref {
    return zeroOf(this.k.evaluator, this.dtype);
  }

  private eachPlace(emit: (at: number, sum: Ref) => void): void {
    this.block.flat().forEach((sum, at) => emit(at, sum));
  }

  /** Adds a term, given what it needs of each row and of each column. */
  add(row: (i: number) => Ref, column: (j: number) => Ref): void {
    const { s, evaluator } = this.k;
    const columns = this.block[0].map((_, j) => column(j));
    this.block.forEach((line, i) => {
      const a = row(i);
      line.forEach((sum, j) =>
        s.update(sum, (old) => multiplyAdd(evaluator, this.dtype, old, a, columns[j])),
      );
    });
  }

  /** Adds terms whose factors are integers of 16 bits, two at a time; they come in fours. No sum of integers depends on an order. */
  addPairs(
    terms: readonly Index[],
    row: (i: number, term: Index) => Ref,
    column: (j: number, term: Index) => Ref,
  ): void {
    const { s } = this.k;
    for (let four = 0; four < terms.length; four += 4)
      // Bytes of a word are next but one to each other in its halves.
      for (const [low, high] of [0, 1].map((at) => [terms[four + at], terms[four + at + 2]])) {
        const columns = this.block[0].map((_, j) => s.halves(column(j, low), column(j, high)));
        this.block.forEach((line, i) => {
          const a = s.halves(row(i, low), row(i, high));
          line.forEach((sum, j) => s.update(sum, (old) => s.addDot16(old, a, columns[j])));
        });
      }
  }

  /** Ends a block of terms. */
  private endBlock(): void {
    const { s, evaluator } = this.k;
    const { totals } = this;
    if (totals === undefined) return;
    this.eachPlace((at, sum) => {
      const total = s.arrayLoad(totals, sum.type, at);
      s.arrayStore(totals, at, addBlock(evaluator, this.dtype, total, s.get(sum)));
      s.set(sum, this.zero());
    });
  }

  /** Calls `emit` for each result, with its place in the panel. */
  forEach(emit: (i: Index, j: Index, sum: Ref) => void): void {
    const { s, target, evaluator, form } = this.k;
    const { rows, vectors } = this.panel;
    const { type } = this.block[0][0];
    const places = constants(vectors);
    if (rows === 1 || form.members.length * rows * vectors <= target.unrolledResults)
      return this.eachPlace((at, sum) =>
        emit(
          indexConst(Math.floor(at / vectors)),
          places[at % vectors],
          this.totals === undefined ? s.get(sum) : s.arrayLoad(this.totals, type, at),
        ),
      );
    // The code for a row stands once.
    const array = this.totals ?? s.array({ name: 'sums', type, length: rows * vectors, space: 'private' });
    if (this.totals === undefined) this.eachPlace((at, sum) => s.arrayStore(array, at, s.get(sum)));
    s.for(0, rows, 1, (ref) => {
      const row = evaluator.indexOf(ref, rows);
      const first = s.imul(ref, vectors);
      places.forEach((j, at) => emit(row, j, s.arrayLoad(array, type, s.iadd(first, at))));
    });
  }

  /**
   * Runs `group` for all of `depth` terms, given their numbers, block by block. `periods` (see periods.ts): loops within a block, but that
   * of the least number, whose terms stand in the code and are one group; without periods each is a group.
   */
  overTerms(depth: number, periods: readonly number[], group: (at: readonly Index[]) => void): void {
    const { s, evaluator } = this.k;
    if (periods.length === 0)
      return this.overBlocks(depth, (from, to) =>
        s.for(from, to, 1, (at) => group([evaluator.indexOf(at, Math.max(depth, 1))])),
      );
    const nest = (
      from: Index,
      to: Ref | undefined,
      length: number,
      [period, ...rest]: readonly number[],
    ): void => {
      if (period === undefined) {
        return group(constants(length).map((i) => indexAdd(from, i)));
      }
      const count = length / period;
      s.for(0, to === undefined ? count : s.udiv(to, period), 1, (at) =>
        nest(indexAdd(from, indexMul(evaluator.indexOf(at, count), period)), undefined, period, rest),
      );
    };
    const { blockLength } = this;
    const blocks = Math.ceil(depth / blockLength);
    s.for(0, blocks, 1, (ref) => {
      const from = indexMul(evaluator.indexOf(ref, blocks), blockLength);
      const left = s.isub(depth, evaluator.indices.emit(from));
      const isEven = depth % blockLength === 0;
      nest(from, isEven ? undefined : s.umin(left, blockLength), blockLength, periods);
      this.endBlock();
    });
  }

  /**
   * Runs `term` for each tap of each channel. Loops have one term in a trip: V8 puts all loads of a trip first, and the registers do
   * not hold those of several. Where a block ends within a channel, the taps before and after are found by their numbers.
   */
  overTaps(
    channels: number,
    kernel: readonly number[],
    term: (channel: Index, tap: readonly Index[]) => void,
  ): void {
    const { s, evaluator } = this.k;
    const taps = elementCount(kernel);
    const depth = channels * taps;
    if (depth === 0) return;
    const nest = (axis: number, channel: Index, tap: readonly Index[]): void => {
      if (axis === kernel.length) term(channel, tap);
      else if (kernel[axis] === 1) nest(axis + 1, channel, [...tap, indexConst(0)]);
      else
        s.for(0, kernel[axis], 1, (at) =>
          nest(axis + 1, channel, [...tap, evaluator.indexOf(at, kernel[axis])]),
        );
    };
    const whole = (from: Ref | number, to: Ref | number): void =>
      s.for(from, to, 1, (at) => nest(0, evaluator.indexOf(at, channels), []));
    const single = (from: Ref, to: Ref): void =>
      s.for(from, to, 1, (at) => {
        const [channel, ...tap] = delinearize(evaluator.indexOf(at, depth), [channels, ...kernel]);
        term(channel, tap);
      });
    const { blockLength } = this;
    if (depth <= blockLength) return whole(0, channels);
    this.overBlocks(depth, (from, to) => {
      if (blockLength % taps === 0) return whole(s.udiv(from, taps), s.udiv(to, taps));
      const first = s.udiv(s.iadd(from, taps - 1), taps);
      const last = s.umax(s.udiv(to, taps), first);
      single(from, s.umin(s.imul(first, taps), to));
      whole(first, last);
      single(s.imul(last, taps), to);
    });
  }

  /** Runs `block` for each block of `depth` terms, given where it begins and ends. */
  private overBlocks(depth: number, block: (from: Ref, to: Ref) => void): void {
    const { s } = this.k;
    const { blockLength } = this;
    const blocks = Math.ceil(depth / blockLength);
    if (blocks <= 1) return block(s.iconst(0), s.iconst(depth));
    s.for(0, depth, blockLength, (from) => {
      block(
        from,
        depth % blockLength === 0 ? s.iadd(from, blockLength) : s.umin(s.iadd(from, blockLength), depth),
      );
      this.endBlock();
    });
  }
}
