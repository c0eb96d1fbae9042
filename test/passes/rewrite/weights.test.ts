/** What happens to weights: they keep their place, unless folding pays. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { allocateHost } from '../../../src/base/dtype.js';
import type { TensorData } from '../../../src/base/tensor.js';
import { GraphBuilder } from '../../../src/ir/builder.js';
import type { Value } from '../../../src/ir/emitter.js';
import type { Program } from '../../../src/ir/graph.js';
import { contentId, hashBytes } from '../../../src/passes/content-id.js';
import { optimize } from '../../../src/passes/optimize.js';
import { WeightStore } from '../../../src/passes/rewrite/weight-store.js';
import { tensor } from '../../interpreter/support.js';
import { fuzz } from '../../support/fuzz.js';
import { tensorOf } from '../../support/tensors.js';

describe('content ids', () => {
  test('differ where a byte, the length, the dtype or the shape does', () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 70 });
    fc.assert(
      fc.property(bytes, fc.nat(), fc.integer({ min: 1, max: 255 }), (data, at, change) => {
        const other = Uint8Array.from(data);
        other[at % data.length] ^= change;
        expect(hashBytes(other)).not.toBe(hashBytes(data));
        expect(hashBytes(Uint8Array.of(...data, 0))).not.toBe(hashBytes(data));
      }),
      fuzz(300),
    );
    const zeros = ['f32', 'i32', 'u32'] as const;
    const ids = zeros.map((dtype) => contentId({ dtype, shape: [4], data: allocateHost(dtype, 4) }));
    expect(new Set([...ids, contentId(tensor('f32', [2, 2], [0, 0, 0, 0]))]).size).toBe(4);
  });

  test('that collide are told apart', () => {
    const [a, b] = [tensor('f32', [1], [1]), tensor('f32', [1], [2])];
    // A program that comes with a weight of that very name.
    const store = new WeightStore(new Map([[contentId(a), b]]), 0);
    const id = store.intern(a);
    expect([store.get(id), store.get(contentId(a))]).toEqual([a, b]);
    expect(store.intern(a)).toBe(id);
  });
});

describe('folding', () => {
  const given = (
    shape: readonly number[],
  ): { b: GraphBuilder; w: Value; weights: Map<string, TensorData> } => {
    const b = new GraphBuilder('g');
    return { b, w: b.weight('w', 'f32', shape), weights: new Map([['w', tensorOf('f32', shape)]]) };
  };
  const finish = (b: GraphBuilder, result: Value, weights: Map<string, TensorData>): Program => {
    b.output('y', result);
    return optimize({ graph: b.build(), weights });
  };

  test('a reshaped weight is the same weight: no byte is copied', () => {
    const { b, w, weights } = given([2, 6]);
    const { graph, weights: kept } = finish(b, b.unary('neg', b.reshape(w, [3, 4])), weights);
    expect(graph.nodes.map((node) => node.op)).toEqual(['weight']);
    expect(kept.size).toBe(1);
    const alias = given([2, 6]);
    const x = alias.b.param('x', 'f32', [3, 4]);
    const product = alias.b.binary('mul', x, alias.b.reshape(alias.w, [3, 4]));
    const program = finish(alias.b, product, alias.weights);
    expect(program.weights.get('w')).toBe(alias.weights.get('w'));
  });

  test('large weights stay where they are', () => {
    const { b, w, weights } = given([1025, 1024]);
    const { graph, weights: kept } = finish(b, b.unary('neg', w), weights);
    expect(graph.nodes.map((node) => node.op)).toEqual(['weight', 'neg']);
    expect(kept.get('w')).toBe(weights.get('w'));
  });

  test('nothing grows: a broadcast stays a broadcast', () => {
    const { b, w, weights } = given([1, 300]);
    const x = b.param('x', 'f32', [300, 300]);
    const { graph } = finish(b, b.binary('add', x, b.broadcast(b.unary('neg', w), [300, 300])), weights);
    expect(graph.nodes.map((node) => node.op)).toEqual(['param', 'weight', 'broadcast', 'add']);
  });

  test('what devices compute differently stays', () => {
    const b = new GraphBuilder('g');
    const w = b.weight('w', 'f32', [2]);
    // A subnormal: times 1 it is itself, or 0.
    const weights = new Map([['w', tensor('f32', [2], [2 ** -130, 1])]]);
    const { graph } = finish(b, b.binary('mul', w, b.full(w, 1)), weights);
    expect(graph.nodes.map((node) => node.op)).toEqual(['weight', 'constant', 'mul']);
  });

  test('iotas and masks made of them cost no memory', () => {
    const b = new GraphBuilder('g');
    const [row, column] = [0, 1].map((axis) => b.emit('iota', [], { dtype: 'i32', shape: [64, 64], axis }));
    const mask = finish(b, b.binary('le', column, row), new Map());
    expect(mask.graph.nodes.map((node) => node.op)).toEqual(['iota', 'iota', 'le']);
  });

  test('weights that nothing names are let go', () => {
    const { b, weights } = given([2]);
    expect(finish(b, b.param('x', 'f32', [2]), weights).weights.size).toBe(0);
  });
});
