/** Loops and conds of batches, whose elements agree or not on what runs. */
import { describe, expect, test } from 'vitest';
import { graphsOf } from '../../../src/ir/subgraphs.js';
import type { Graph } from '../../../src/ir/graph.js';
import { cond, jit, scan, switchCase, tensor, whileLoop, zeros, type Tensor } from '../../../src/index.js';
import { batchGraph } from '../../../src/passes/batch/batch.js';
import { drawBatch, expectLoop, paramsNamed, subsets } from './support.js';

const NUMBER = { dtype: 'i32' } as const;
const x = zeros([2]);

const GRAPHS: Readonly<Record<string, Graph>> = {
  'a while with a bound': jit((x: Tensor, limit: Tensor, by: Tensor) =>
    whileLoop((s) => s.sum().less(limit), (s) => s.add(by), x, { maxRounds: 4 })).lower(x, zeros([]), x),
  'a while in a while': jit((x: Tensor, limit: Tensor, by: Tensor) =>
    whileLoop(
      (s) => s.sum().less(limit),
      (s) => whileLoop((t) => t.max().less(limit), (t) => t.mul(by).add(1), s, { maxRounds: 3 }).state,
      x,
      { maxRounds: 3 },
    )).lower(x, zeros([]), x),
  'a scan that may end early': jit((x: Tensor, xs: Tensor) =>
    scan((c: Tensor, v: Tensor) => {
      const next = whileLoop((s) => s.less(v), (s) => s.add(v), c.sum(), { maxRounds: 2 });
      return [c.add(next.state), { a: next.rounds, b: c }];
    }, x, xs, { reverse: true })).lower(x, zeros([3])),
  'a choice': jit((x: Tensor, limit: Tensor) =>
    cond(x.sum().less(limit), () => [x.mul(2), limit], () => [x, limit.add(x.max())])).lower(x, zeros([])),
  'several branches, in a loop': jit((x: Tensor, at: Tensor) =>
    scan((c: Tensor) => [switchCase(at, [() => c, () => c.exp(), () => c.neg().add(x)]), null], x, null, { length: 3 })).lower(x, zeros([], NUMBER)),
}; // prettier-ignore

describe.each(Object.entries(GRAPHS))('%s', (_, graph) => {
  const names = graph.nodes.flatMap((node) => (node.op === 'param' ? [node.attrs.name] : []));
  test.each(subsets(names))('batched: %s', (...batched) => {
    for (const flavour of ['usual', 'hostile'] as const)
      for (const size of [3, 1, 0]) expectLoop(drawBatch(graph, batched, size, flavour));
  });
});

const opsIn = (graph: Graph): readonly string[] => graph.nodes.flatMap((node) => [node.op, ...graphsOf(node).flatMap(opsIn)]); // prettier-ignore

test('what elements agree on stays one decision', () => {
  const { 'a choice': choice, 'a while with a bound': bounded } = GRAPHS;
  const f = jit((x: Tensor, flag: Tensor) => cond(flag, () => x.mul(2), () => x)).lower(x, tensor(true)); // prettier-ignore
  const batched = (graph: Graph, ...names: string[]): readonly string[] =>
    opsIn(batchGraph(graph, paramsNamed(graph, new Set(names)), 2));
  expect(batched(f, 'arg0')).toContain('cond');
  expect(batched(f, 'arg1')).not.toContain('cond');
  expect(batched(choice, 'arg0')).not.toContain('cond');
  expect(batched(bounded, 'arg2').filter((op) => op === 'loop')).toHaveLength(1);
});

test('the trips of a batch are those of its slowest element', () => {
  const counted = jit((n: Tensor) => whileLoop((s) => s.greater(0), (s) => s.sub(1), n).rounds).lower(tensor(0, NUMBER)); // prettier-ignore
  expectLoop({
    graph: counted,
    batched: new Set(['arg0']),
    shared: {},
    elements: [3, 0, -1, 500].map((n) => ({ arg0: { dtype: 'i32', shape: [], data: Int32Array.of(n) } })),
    weights: new Map(),
  });
});
