/**
 * A layered drawing of an acyclic graph (Sugiyama, Tagawa, Toda, 1981), in time that is linear in what it draws, and without
 * recursion: models are chains of thousands of nodes, on which dagre takes seconds or overflows the stack.
 *
 * 1. Layers: the longest way from a source; sources stand right above their first user.
 * 2. An edge that passes layers gets a joint in each.
 * 3. Orders within layers: sweeps that sort by the mean position of neighbours.
 * 4. Columns: sweeps that move each layer as near to its neighbours as its order and widths allow, in the sense of least squares
 *    (the pool of adjacent violators, as in isotonic regression).
 */

export interface Size {
  readonly width: number;
  readonly height: number;
}

export type Edge = readonly [from: number, to: number];

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Drawing extends Size {
  /** Centres, by node. */
  readonly centres: readonly Point[];
  /** For each edge, in order, the points of its joints, without its ends. */
  readonly joints: readonly (readonly Point[])[];
}

const GAP = { node: 16, joint: 8, layer: 36 } as const;
const SWEEPS = 6;
/** Edges that pass more layers get no joints: they would be most of the drawing. */
const LONGEST = 60;
/** How much straight long edges count against short ones. */
const JOINT_WEIGHT = 4;

/** A node, or the joint of an edge. */
interface Cell {
  readonly width: number;
  readonly isJoint: boolean;
  readonly above: number[];
  readonly below: number[];
  x: number;
}

/** Draws nodes of the given sizes, top to bottom. The edges must have no cycle; `nodes` may stand in any order. */
export function drawLayered(nodes: readonly Size[], edges: readonly Edge[]): Drawing {
  const ranks = ranksOf(nodes.length, edges);
  const cells: Cell[] = nodes.map(({ width }) => ({ width, isJoint: false, above: [], below: [], x: 0 }));
  const layers: number[][] = Array.from({ length: Math.max(0, ...ranks.map((rank) => rank + 1)) }, () => []);
  ranks.forEach((rank, node) => layers[rank].push(node));
  const chains = edges.map(([from, to]) => {
    const chain: number[] = [];
    if (ranks[to] - ranks[from] > LONGEST) return chain;
    let last = from;
    const link = (next: number): void => {
      cells[last].below.push(next);
      cells[next].above.push(last);
      last = next;
    };
    for (let rank = ranks[from] + 1; rank < ranks[to]; rank++) {
      const joint = cells.push({ width: 0, isJoint: true, above: [], below: [], x: 0 }) - 1;
      layers[rank].push(joint);
      chain.push(joint);
      link(joint);
    }
    link(to);
    return chain;
  });
  order(layers, cells);
  place(layers, cells);
  const heights = layers.map((layer) => layer.reduce((most, cell) => Math.max(most, nodes.at(cell)?.height ?? 0), 0)); // prettier-ignore
  const tops = runningSums(heights.map((height) => height + GAP.layer));
  const middles = heights.map((height, rank) => tops[rank] + height / 2);
  const left = cells.reduce((least, { x, width }) => Math.min(least, x - width / 2), Infinity);
  const right = cells.reduce((most, { x, width }) => Math.max(most, x + width / 2), -Infinity);
  const point = (cell: number, rank: number): Point => ({ x: cells[cell].x - left, y: middles[rank] });
  return {
    centres: nodes.map((_, node) => point(node, ranks[node])),
    joints: chains.map((chain, i) => chain.map((cell, step) => point(cell, ranks[edges[i][0]] + 1 + step))),
    width: nodes.length === 0 ? 0 : right - left,
    height: nodes.length === 0 ? 0 : tops[layers.length] - GAP.layer,
  };
}

/** `0, a, a + b, ...`: one more than there are numbers. */
function runningSums(numbers: readonly number[]): number[] {
  const sums = [0];
  for (const number of numbers) sums.push(sums[sums.length - 1] + number);
  return sums;
}

/** Layers of nodes. Throws where the edges have a cycle. */
export function ranksOf(count: number, edges: readonly Edge[]): number[] {
  const below: number[][] = Array.from({ length: count }, () => []);
  const waiting = new Array<number>(count).fill(0);
  for (const [from, to] of edges) {
    below[from].push(to);
    waiting[to]++;
  }
  const isSource = waiting.map((n) => n === 0);
  const ranks = new Array<number>(count).fill(0);
  const ready = Array.from({ length: count }, (_, node) => node).filter((node) => isSource[node]);
  // The list grows while it is walked.
  for (const node of ready)
    for (const next of below[node]) {
      ranks[next] = Math.max(ranks[next], ranks[node] + 1);
      if (--waiting[next] === 0) ready.push(next);
    }
  if (ready.length < count) throw new Error('the graph has a cycle');
  return ranks.map((rank, node) =>
    isSource[node] && below[node].length > 0
      ? below[node].reduce((least, next) => Math.min(least, ranks[next] - 1), Infinity)
      : rank,
  );
}

const mean = (numbers: readonly number[]): number =>
  numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

/** Sorts each layer by the mean position of its neighbours in the layer before, down and up in turn. */
function order(layers: readonly number[][], cells: readonly Cell[]): void {
  const position = new Array<number>(cells.length).fill(0);
  const settle = (layer: readonly number[]): void => layer.forEach((cell, i) => void (position[cell] = i));
  layers.forEach(settle);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const down = sweep % 2 === 0;
    for (const layer of down ? layers : layers.toReversed()) {
      const wanted = new Map(
        layer.map((cell) => {
          const near = down ? cells[cell].above : cells[cell].below;
          return [cell, near.length === 0 ? position[cell] : mean(near.map((next) => position[next]))];
        }),
      );
      layer.sort((a, b) => wanted.get(a)! - wanted.get(b)! || position[a] - position[b]);
      settle(layer);
    }
  }
}

/** Gives each cell a column. */
function place(layers: readonly (readonly number[])[], cells: readonly Cell[]): void {
  const gap = (a: Cell, b: Cell): number =>
    (a.width + b.width) / 2 + (a.isJoint && b.isJoint ? GAP.joint : GAP.node);
  const offsets = layers.map((layer) =>
    runningSums(layer.slice(1).map((cell, i) => gap(cells[layer[i]], cells[cell]))),
  );
  layers.forEach((layer, rank) => layer.forEach((cell, i) => void (cells[cell].x = offsets[rank][i])));
  for (let sweep = 0; sweep < 2 * SWEEPS; sweep++) {
    const down = sweep % 2 === 0;
    for (let i = 0; i < layers.length; i++) {
      const rank = down ? i : layers.length - 1 - i;
      const layer = layers[rank];
      const wanted = layer.map((cell, at) => {
        const { above, below, x } = cells[cell];
        const near = down ? above : below;
        return (near.length === 0 ? x : mean(near.map((next) => cells[next].x))) - offsets[rank][at];
      });
      const weights = layer.map((cell) => (cells[cell].isJoint ? JOINT_WEIGHT : 1));
      nearestAscending(wanted, weights).forEach((x, at) => void (cells[layer[at]].x = x + offsets[rank][at]));
    }
  }
}

/** The ascending numbers that are nearest to `wanted`, in the sense of weighted least squares. */
export function nearestAscending(wanted: readonly number[], weights: readonly number[]): number[] {
  const pools: { mean: number; weight: number; count: number }[] = [];
  wanted.forEach((value, i) => {
    let pool = { mean: value, weight: weights[i], count: 1 };
    for (let last = pools.at(-1); last !== undefined && last.mean > pool.mean; last = pools.at(-1)) {
      const weight = last.weight + pool.weight;
      pool = {
        mean: (last.mean * last.weight + pool.mean * pool.weight) / weight,
        weight,
        count: last.count + pool.count,
      };
      pools.pop();
    }
    pools.push(pool);
  });
  return pools.flatMap(({ mean, count }) => new Array<number>(count).fill(mean));
}
