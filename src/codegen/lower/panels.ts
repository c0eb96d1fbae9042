/**
 * Contractions for engines whose lanes run in step: a quad computes a panel of `rows` x (4 * `vectors`) results, whose sums it
 * keeps in registers. The lanes are neighbours along the columns, so that what a term needs of the column operand is vectors that
 * lie in memory as they are, and what it needs of the rows is the same for all lanes. Sizes are known, and code is made for them.
 *
 * The last panel of a row or column begins early enough to end with it: it computes some results again rather than read what is
 * no element.
 */
import type { DType } from '../../base/dtype.js';
import { rowMajorStrides } from '../../base/tensor.js';
import { DOT_BLOCK } from '../../ir/accumulation.js';
import type { ValueId } from '../../ir/graph.js';
import { delinearize, indexAdd, indexConst, linearize, type Index } from '../../ir/index-expr.js';
import { WORKGROUP_SIZE, type Kernel } from '../kernel/body.js';
import type { Ref } from '../ssa/instr.js';
import type { KernelContext } from './context.js';
import { elementCost } from './cost.js';
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

const LANES = 4;
/** Vectors that the registers of x64 and of most others hold, beside one that is being computed. */
const REGISTERS = 15;
/** Cycles from an addition to the next one on its result. */
const LATENCY = 4;
/** Vectors that are computed in a cycle. */
const WIDTH = 2;

/** The panel with the least estimated time for all results. */
export function choosePanel(m: number, n: number): Panel {
  let best = { rows: 1, vectors: 1, time: Infinity };
  for (let vectors = 1; vectors <= 4 && (vectors === 1 || vectors * LANES <= n); vectors++)
    for (let rows = 1; rows <= Math.min(m, 8); rows++) {
      if (rows * vectors + vectors + 1 > REGISTERS) continue;
      const panels = Math.ceil(m / rows) * Math.ceil(n / (vectors * LANES));
      const [sums, loads] = [rows * vectors, rows + vectors];
      const time = panels * (Math.max((2 * sums) / WIDTH, loads / WIDTH, LATENCY) + 0.5);
      if (time < best.time) best = { rows, vectors, time };
    }
  return best;
}

/** Bytes of the row operand that the nearest caches keep. */
const CACHED_ROWS = 2 ** 18;

export function lowerPanels(k: KernelContext, anchor: ValueId, work: PanelWork): Kernel {
  const { s, evaluator, graph, spec } = k;
  const { products, m, n } = work;
  const { rows, vectors } = choosePanel(m, n);
  const width = Math.min(n, vectors * LANES);
  const [panelsM, panelsN] = [Math.ceil(m / rows), Math.ceil(n / (vectors * LANES))];
  const panels = products * panelsM * panelsN;
  const quads = WORKGROUP_SIZE / LANES;
  const cost = products * m * n * elementCost(k, k.form.members);
  const { dtype } = graph.nodes[anchor].type;
  const strides = rowMajorStrides(evaluator.shape(anchor));
  // What is computed again may be stored again, but where the first time has changed what it is computed from.
  const written = new Set(spec.results.map(({ buffer }) => buffer));
  const inPlace = spec.sources.some(({ buffer }) => written.has(buffer));

  return k.kernel(Math.ceil(panels / quads), cost, (group) => {
    const quad = s.iadd(s.imul(group, quads), s.ishr(k.lane, Math.log2(LANES)));
    s.if(s.ltu(quad, panels), () => {
      // Rows that stay in the cache pass by each panel of columns, else columns by each panel of rows.
      const rowsStay = m * work.depth * 4 <= CACHED_ROWS;
      const shape = rowsStay ? [panelsN, panelsM] : [panelsM, panelsN];
      const [product, first, second] = delinearize(evaluator.indexOf(quad, panels), [products, ...shape]);
      const [panelN, panelM] = rowsStay ? [first, second] : [second, first];
      const [ownM, ownN] = [
        s.imul(evaluator.indices.emit(panelM), rows),
        s.imul(evaluator.indices.emit(panelN), vectors * LANES),
      ];
      const firstM = m % rows === 0 ? ownM : s.umin(ownM, m - rows);
      const firstN = n % (vectors * LANES) === 0 || n < LANES ? ownN : s.umin(ownN, n - width);
      const lane = s.iand(k.lane, LANES - 1);
      const column = n < LANES ? s.umin(lane, n - 1) : s.iadd(firstN, lane);
      const [row, col] = [
        evaluator.indexOf(firstM, m - rows + 1),
        evaluator.indexOf(column, n < LANES ? n : n - width + LANES),
      ];
      const rowAt = (i: Index): Index => indexAdd(row, i);
      const columnAt = (j: Index): Index => indexAdd(col, scaled(j));
      const sums = new PanelSums(k, { rows, vectors }, dtype, work.depth);
      work.sum(product, constants(rows).map(rowAt), constants(vectors).map(columnAt), sums);
      sums.forEach((i, j, sum) => {
        const [at, to] = [rowAt(i), columnAt(j)];
        const own: Ref[] = [];
        if (n < LANES) own.push(s.ltu(lane, n));
        if (inPlace && firstM !== ownM) own.push(s.bnot(s.ltu(evaluator.indices.emit(at), ownM)));
        if (inPlace && firstN !== ownN) own.push(s.bnot(s.ltu(evaluator.indices.emit(to), ownN)));
        const store = (): void => {
          const total = work.isEmpty ? s.fconst(0) : sum;
          const place = linearize(work.result(product, at, to), strides);
          evaluator.pin(anchor, delinearize(place, evaluator.shape(anchor)), roundTo(s, dtype, total));
          k.store(k.form.results.map((id) => [id, delinearize(place, evaluator.shape(id))]));
        };
        if (own.length === 0) store();
        else s.if(own.reduce((a, b) => s.band(a, b)), store); // prettier-ignore
      });
    });
  });
}

const constants = (count: number): Index[] => Array.from({ length: count }, (_, i) => indexConst(i));
const scaled = (j: Index): Index => linearize([j], [LANES], 0);

/** The sums of a panel: of the block of terms in hand, and of those before it. */
export class PanelSums {
  private readonly block: readonly (readonly Ref[])[];
  private readonly totals: readonly (readonly Ref[])[] | undefined;
  /** The terms of the block in hand so far, where they are counted. */
  private count: Ref | undefined;

  constructor(
    private readonly k: KernelContext,
    private readonly panel: Panel,
    private readonly dtype: DType,
    depth: number,
  ) {
    this.block = this.variables();
    // The sum of one block is the result: -0 + x is x.
    this.totals = depth > DOT_BLOCK ? this.variables() : undefined;
  }

  private variables(): Ref[][] {
    const { s, evaluator } = this.k;
    const list = <T>(length: number, make: () => T): T[] => Array.from({ length }, make);
    return list(this.panel.rows, () =>
      list(this.panel.vectors, () => s.variable(zeroOf(evaluator, this.dtype))),
    );
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

  /** Ends a block of terms, after which there are others. */
  endBlock(): void {
    this.addBlock();
    const { s, evaluator } = this.k;
    for (const sum of this.block.flat()) s.set(sum, zeroOf(evaluator, this.dtype));
  }

  private addBlock(): void {
    const { s, evaluator } = this.k;
    this.totals?.forEach((line, i) =>
      line.forEach((total, j) => {
        const sum = s.get(this.block[i][j]);
        s.update(total, (old) => addBlock(evaluator, this.dtype, old, sum));
      }),
    );
  }

  /** Calls `emit` for each result, with its place in the panel. */
  forEach(emit: (i: Index, j: Index, sum: Ref) => void): void {
    const { s, target, evaluator, form } = this.k;
    // The sum of no terms is -0, which changes nothing.
    this.addBlock();
    const results = this.totals ?? this.block;
    const { rows, vectors } = this.panel;
    const isShort = form.members.length * rows * vectors <= target.unrolledResults;
    if (isShort || rows * vectors === 1)
      return results.forEach((line, i) =>
        line.forEach((sum, j) => emit(indexConst(i), indexConst(j), s.get(sum))),
      );
    const { type } = results[0][0];
    const array = s.array({ name: 'sums', type, length: rows * vectors, space: 'private' });
    results.flat().forEach((sum, i) => s.arrayStore(array, i, s.get(sum)));
    s.for(0, rows * vectors, 1, (ref) => {
      const [i, j] = delinearize(evaluator.indexOf(ref, rows * vectors), [rows, vectors]);
      emit(i, j, s.arrayLoad(array, type, ref));
    });
  }

  /**
   * Runs `term` for each of `depth` terms, given their numbers, block by block. Each trip of the loop does a few of them.
   */
  overTerms(depth: number, term: (at: Index) => void): void {
    const { s, evaluator } = this.k;
    const some = (from: Ref | number, count: number): void => {
      const whole = Math.floor(count / UNROLL) * UNROLL;
      const first = typeof from === 'number' ? from : undefined;
      const each = (at: Ref): void => {
        const number = evaluator.indexOf(at, Math.max(depth - UNROLL + 1, 1));
        for (let i = 0; i < UNROLL; i++) term(indexAdd(number, indexConst(i)));
      };
      if (whole > 0) s.for(from, first === undefined ? s.iadd(from, whole) : first + whole, UNROLL, each);
      for (let i = whole; i < count; i++) term(indexConst((first ?? 0) + i));
    };
    const blocks = Math.floor((depth - 1) / DOT_BLOCK);
    if (blocks > 0)
      s.for(0, blocks * DOT_BLOCK, DOT_BLOCK, (from) => {
        some(from, DOT_BLOCK);
        this.endBlock();
      });
    some(Math.max(blocks, 0) * DOT_BLOCK, depth - Math.max(blocks, 0) * DOT_BLOCK);
  }

  /**
   * Runs `term` for `times` times the `taps` terms of a run. Where a block ends within a run, that one goes on term by term.
   */
  overRuns(times: Ref | number, taps: number, depth: number, term: (run: Ref, tap: Index) => void): void {
    const { s, evaluator } = this.k;
    const straight = (run: Ref): void => {
      for (let tap = 0; tap < taps; tap++) term(run, indexConst(tap));
    };
    if (depth <= DOT_BLOCK) return s.for(0, times, 1, straight);
    const count = (this.count ??= s.variable(s.iconst(0)));
    const counted = (terms: number): void => {
      s.update(count, (old) => s.iadd(old, terms));
      s.if(s.ieq(s.get(count), DOT_BLOCK), () => {
        this.endBlock();
        s.set(count, s.iconst(0));
      });
    };
    s.for(0, times, 1, (run) => {
      s.if(
        s.ltu(s.get(count), DOT_BLOCK - taps + 1),
        () => {
          straight(run);
          counted(taps);
        },
        () =>
          s.for(0, taps, 1, (tap) => {
            term(run, evaluator.indexOf(tap, taps));
            counted(1);
          }),
      );
    });
  }
}

/** Terms of a trip. */
const UNROLL = 4;
