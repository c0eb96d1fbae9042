/** What becomes one kernel, and why something does not. */
import { describe, expect, test } from 'vitest';
import type { GraphBuilder } from '../../../src/ir/builder.js';
import type { Graph, ValueId } from '../../../src/ir/graph.js';
import { fuse } from '../../../src/passes/fusion/fuse.js';
import type { Fusion } from '../../../src/passes/fusion/group.js';
import { conv3x3, layerNorm, perChannel, relu, rmsNorm, softmax } from '../../support/compositions.js';
import { graphOf } from '../../support/specimen.js';

interface Fused {
  readonly graph: Graph;
  readonly fusion: Fusion;
}

function fused(define: (b: GraphBuilder) => void): Fused {
  const graph = graphOf(define);
  return { graph, fusion: fuse(graph) };
}

const opsOf = ({ graph }: Fused, ids: readonly ValueId[]): string[] => ids.map((id) => graph.nodes[id].op);
const anchorsOf = (f: Fused): (string | undefined)[] =>
  f.fusion.groups.map(({ anchor }) => (anchor === undefined ? undefined : f.graph.nodes[anchor].op));

/** Why the last value of `op` has a kernel of its own, or does not. */
function reasonFor({ graph, fusion }: Fused, op: string): { fused: boolean; reason: string } | undefined {
  const found = fusion.decisions.findLast(({ value }) => graph.nodes[value].op === op);
  return found === undefined ? undefined : { fused: found.fused, reason: found.reason };
}

describe('one kernel', () => {
  test('any elementwise DAG', () => {
    const f = fused((b) => {
      const [x, y] = [b.param('x', 'f32', [9, 7]), b.param('y', 'f32', [7, 9])];
      const sum = b.binary('add', x, b.permute(y, [1, 0]));
      const product = b.binary('mul', sum, b.unary('exp', sum));
      b.output('y', b.select(b.binary('lt', sum, product), b.unary('neg', product), x));
      b.output('z', product);
    });
    expect(f.fusion.groups.map(({ results }) => results.length)).toEqual([2]);
    expect(opsOf(f, f.fusion.groups[0].members)).toContain('exp');
  });

  test.each([
    ['softmax', softmax, 2],
    ['layer norm', layerNorm, 2],
    ['RMS norm', rmsNorm, 1],
  ] as const)('%s', (_, layer, reductions) => {
    const f = fused((b) => b.output('y', layer(b, b.param('x', 'f32', [4, 8, 100]))));
    expect(f.fusion.groups.length).toBe(1);
    const [group] = f.fusion.groups;
    expect(group.space).toMatchObject({ kind: 'rows', rows: 32, cols: 100 });
    expect(opsOf(f, group.members).filter((op) => op === 'reduce').length).toBe(reductions);
    expect(reasonFor(f, 'reduce')).toEqual({ fused: true, reason: 'saves a store and a load' });
  });

  test('a convolution with bias, activation and residual', () => {
    const f = fused((b) => {
      const x = b.param('x', 'f32', [1, 8, 9, 9]);
      const y = conv3x3(b, x, b.weight('w', 'f32', [8, 8, 3, 3]));
      const biased = b.binary('add', y, perChannel(b, b.weight('bias', 'f32', [8]), y));
      b.output('y', relu(b, b.binary('add', biased, x)));
    });
    expect(anchorsOf(f)).toEqual(['conv']);
    expect(opsOf(f, f.fusion.groups[0].sources)).toEqual(['param', 'weight', 'weight']);
  });

  test('a matrix product with transposed operands, bias and activation', () => {
    const f = fused((b) => {
      const [x, w] = [b.param('x', 'f32', [20, 30]), b.weight('w', 'f32', [40, 30])];
      const y = b.emit('dot', [x, b.permute(w, [1, 0])], { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] }); // prettier-ignore
      b.output('y', b.unary('tanh', b.binary('add', y, b.broadcast(b.reshape(b.weight('b', 'f32', [40]), [1, 40]), [20, 40])))); // prettier-ignore
    });
    expect(anchorsOf(f)).toEqual(['dot']);
  });

  test('a reduction with what comes before and after it', () => {
    const f = fused((b) => {
      const x = b.param('x', 'f32', [50, 70]);
      b.output('y', b.unary('sqrt', b.reduce('sum', b.binary('mul', x, x), [1])));
    });
    expect(f.fusion.groups.length).toBe(1);
  });

  test('an update of weights and both moments: three results', () => {
    const f = fused((b) => {
      const [w, g, m, v] = ['w', 'g', 'm', 'v'].map((name) => b.param(name, 'f32', [300]));
      const mix = (old: typeof w, now: typeof w, keep: number): typeof w =>
        b.binary('add', b.binary('mul', old, b.full(old, keep)), b.binary('mul', now, b.full(now, 1 - keep)));
      const [m2, v2] = [mix(m, g, 0.9), mix(v, b.binary('mul', g, g), 0.999)];
      const step = b.binary('div', m2, b.binary('add', b.unary('sqrt', v2), b.full(v2, 1e-8)));
      b.output('w', b.binary('sub', w, b.binary('mul', step, b.full(step, 1e-3))));
      b.output('m', m2);
      b.output('v', v2);
    });
    expect(f.fusion.groups.length).toBe(1);
    expect(f.fusion.groups[0].results.length).toBe(3);
  });
});

describe('several kernels', () => {
  test('two contractions in a row: operands must lie in memory', () => {
    const f = fused((b) => {
      const x = b.param('x', 'f32', [1, 8, 9, 9]);
      const w = b.weight('w', 'f32', [8, 8, 3, 3]);
      b.output('y', conv3x3(b, relu(b, conv3x3(b, x, w)), w));
    });
    expect(anchorsOf(f)).toEqual(['conv', 'conv']);
    expect(reasonFor(f, 'max')?.reason).toMatch(/reads it many times over$/);
  });

  test('more operands than a kernel can bind', () => {
    const f = fused((b) => {
      const parts = Array.from({ length: 12 }, (_, i) => b.param(`p${i}`, 'f32', [9]));
      b.output(
        'y',
        parts.reduce((sum, part) => b.binary('add', sum, part)),
      );
    });
    expect(f.fusion.groups.length).toBe(2);
    for (const { sources, results } of f.fusion.groups)
      expect(sources.length + results.length).toBeLessThanOrEqual(8);
    const reasons = f.fusion.decisions.filter(({ fused }) => !fused).map(({ reason }) => reason);
    expect(reasons.some((reason) => reason.includes('more than 8 buffers'))).toBe(true);
  });

  test('a scan', () => {
    const f = fused((b) => {
      const x = b.unary('exp', b.param('x', 'f32', [9, 9]));
      const scanned = b.emit('scan', [x], { kind: 'sum', axis: 0, exclusive: false, reverse: false });
      b.output('y', b.unary('log', scanned));
    });
    expect(anchorsOf(f)).toEqual(['scan', undefined]);
    expect(reasonFor(f, 'scan')).toEqual({ fused: false, reason: 'scan has a kernel of its own' });
    expect(reasonFor(f, 'exp')?.fused).toBe(true);
  });

  test('something costly that several kernels use: one of them stores it', () => {
    const f = fused((b) => {
      const e = b.unary('exp', b.param('x', 'f32', [30, 40]));
      b.output('sum', b.reduce('sum', e, [0]));
      b.output('max', b.reduce('max', e, [1]));
    });
    expect(f.fusion.groups.map(({ results }) => opsOf(f, results))).toEqual([['exp', 'reduce'], ['reduce']]);
  });

  test('something costly that is used at other places: it has its own', () => {
    const f = fused((b) => {
      const e = b.unary('exp', b.param('x', 'f32', [30, 40]));
      b.output('sum', b.reduce('sum', b.emit('reverse', [e], { axes: [1] }), [1]));
      b.output('scan', b.emit('scan', [e], { kind: 'sum', axis: 0, exclusive: false, reverse: false }));
    });
    expect(f.fusion.groups.length).toBe(3);
    expect(reasonFor(f, 'exp')).toEqual({ fused: false, reason: 'it is costly and several kernels use it' });
  });
});
