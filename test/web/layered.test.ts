/** Layered drawings: edges go down, nothing overlaps, and chains of any length are drawn. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  drawLayered,
  nearestAscending,
  ranksOf,
  type Edge,
  type Size,
} from '../../web/inspector/layout/layered.js';

const size = fc.record({ width: fc.integer({ min: 1, max: 200 }), height: fc.integer({ min: 1, max: 60 }) });
/** Nodes with edges from earlier ones to later ones, then in another order. */
const graphs = fc
  .array(size, { maxLength: 30 })
  .chain((nodes) =>
    fc.record({
      nodes: fc.constant(nodes),
      pairs: fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: nodes.length < 2 ? 0 : 60 }),
      reversed: fc.boolean(),
    }),
  )
  .map(({ nodes, pairs, reversed }): { nodes: readonly Size[]; edges: readonly Edge[] } => {
    const edges = pairs.flatMap(([a, b]): Edge[] => {
      const [from, to] = [a % nodes.length, b % nodes.length].sort((x, y) => x - y);
      return from === to ? [] : [reversed ? [to, from] : [from, to]];
    });
    return { nodes, edges };
  });

describe('a drawing', () => {
  test('has every edge from a higher node to a lower one, and no two nodes on one another', () => {
    fc.assert(
      fc.property(graphs, ({ nodes, edges }) => {
        const { centres, joints, width, height } = drawLayered(nodes, edges);
        expect(joints).toHaveLength(edges.length);
        edges.forEach(([from, to], i) => {
          const way = [centres[from], ...joints[i], centres[to]];
          way.slice(1).forEach(({ y }, k) => expect(y).toBeGreaterThan(way[k].y));
        });
        nodes.forEach((a, i) => {
          const { x, y } = centres[i];
          expect(x - a.width / 2).toBeGreaterThanOrEqual(-1e-6);
          expect(x + a.width / 2).toBeLessThanOrEqual(width + 1e-6);
          expect(y + a.height / 2).toBeLessThanOrEqual(height + 1e-6);
          for (let k = 0; k < i; k++) {
            const b = nodes[k];
            const apart =
              Math.abs(x - centres[k].x) >= (a.width + b.width) / 2 - 1e-6 ||
              Math.abs(y - centres[k].y) >= (a.height + b.height) / 2 - 1e-6;
            expect(apart, `${k} and ${i}`).toBe(true);
          }
        });
      }),
      { numRuns: 200 },
    );
  });

  test('of nothing is empty, of one node is the node', () => {
    expect(drawLayered([], [])).toEqual({ centres: [], joints: [], width: 0, height: 0 });
    expect(drawLayered([{ width: 10, height: 4 }], [])).toMatchObject({ centres: [{ x: 5, y: 2 }], width: 10, height: 4 }); // prettier-ignore
  });

  test('has a chain in one column', () => {
    const chain = Array.from({ length: 9 }, () => ({ width: 50, height: 20 }));
    const { centres } = drawLayered(chain, chain.slice(1).map((_, i): Edge => [i, i + 1])); // prettier-ignore
    expect(new Set(centres.map(({ x }) => x)).size).toBe(1);
  });

  test('of a model of 8,000 nodes with shortcuts is made without running out of stack', () => {
    const nodes = Array.from({ length: 8000 }, () => ({ width: 80, height: 30 }));
    const edges = nodes.slice(3).flatMap((_, i): Edge[] => [[i + 2, i + 3], [i, i + 3]]); // prettier-ignore
    const start = process.cpuUsage();
    const { height } = drawLayered(nodes, edges);
    const { user } = process.cpuUsage(start);
    expect(height).toBeGreaterThan(7900 * 60);
    expect(user / 1e6).toBeLessThan(3);
  });

  test('refuses a cycle', () => {
    expect(() => ranksOf(3, [[0, 1], [1, 2], [2, 1]])).toThrow('cycle'); // prettier-ignore
  });
});

test('the nearest ascending numbers ascend, keep what ascends already, and pool what does not', () => {
  expect(nearestAscending([1, 2, 5], [1, 1, 1])).toEqual([1, 2, 5]);
  expect(nearestAscending([3, 1], [1, 1])).toEqual([2, 2]);
  expect(nearestAscending([3, 1, 0], [1, 1, 4])).toEqual([2 / 3, 2 / 3, 2 / 3]);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -99, max: 99 }), { maxLength: 20 }), (wanted) => {
      const found = nearestAscending(wanted, wanted.map(() => 1)); // prettier-ignore
      expect(found).toHaveLength(wanted.length);
      found.slice(1).forEach((x, i) => expect(x).toBeGreaterThanOrEqual(found[i]));
      const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);
      expect(sum(found)).toBeCloseTo(sum(wanted), 6);
    }),
  );
});
