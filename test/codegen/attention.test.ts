/** Attention in one kernel: two products with what stands between them, whose rows a workgroup keeps. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { prepare } from '../../src/compile.js';
import { describeGroups } from '../../src/cli/reports/explain.js';
import { attention } from '../../src/compose/attention.js';
import { attendCache } from '../../src/llm/model/attention.js';
import type { GraphBuilder, GraphValue } from '../../src/ir/builder.js';
import { DEFAULT_TARGET, SOFTWARE_TARGET, WASM_TARGET, type Target } from '../../src/passes/target.js';
import { expectSameBits, type Options } from '../support/differential.js';
import { softmax as softmaxOf } from '../support/compositions.js';
import { availableGpus } from '../support/gpu.js';
import { graphOf, specimen } from '../support/specimen.js';
import type { Flavour } from '../support/tensors.js';

interface Shape {
  readonly batch: number;
  readonly groups: number;
  /** Query heads of a key head. */
  readonly shared: number;
  readonly queries: number;
  readonly keys: number;
  readonly size: number;
  readonly width: number;
}

const MASKS = ['none', 'causal', 'bool', 'float', 'bias', 'all'] as const;
type Mask = (typeof MASKS)[number];

function define(b: GraphBuilder, shape: Shape, mask: Mask, dtype: 'f32' | 'f16' = 'f32'): void {
  const { batch, groups, shared, queries, keys, size, width } = shape;
  const given = (name: string, own: readonly number[], of: 'f32' | 'f16' | 'bool' = dtype): GraphValue => b.param(name, of, own); // prettier-ignore
  const has = (own: Mask): boolean => mask === own || mask === 'all';
  const result = attention(
    b,
    given('q', [batch, groups * shared, queries, size]),
    given('k', [batch, groups, keys, size]),
    given('v', [batch, groups, keys, width]),
    {
      causal: has('causal'),
      ...(has('bool') ? { mask: given('mask', [batch, 1, queries, keys], 'bool') } : {}),
      ...(mask === 'float' ? { mask: given('mask', [queries, keys]) } : {}),
      ...(has('bias') ? { bias: given('bias', [groups * shared, queries, keys]) } : {}),
    },
  );
  b.output('y', result);
}

const kernels = (define: (b: GraphBuilder) => void, target: Target = DEFAULT_TARGET): readonly string[] =>
  prepare({ graph: graphOf(define), weights: new Map() }, { target }).planned.groups.map(
    ({ space }) => space.kind,
  );

const SMALL: Shape = { batch: 2, groups: 2, shared: 3, queries: 5, keys: 20, size: 6, width: 7 };

describe('what one kernel computes', () => {
  test.each(MASKS)('attention with a mask of kind %s', (mask) => {
    expect(kernels((b) => define(b, SMALL, mask))).toEqual(['attention']);
  });

  test('traced products with softmax between them', () => {
    const net = (b: GraphBuilder): void => {
      const [q, k, v] = ['q', 'k', 'v'].map((name) => b.param(name, 'f32', [12, 12]));
      const dot = (x: GraphValue, y: GraphValue, at: number): GraphValue =>
        b.emit('dot', [x, y], { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [at] });
      b.output('y', dot(softmaxOf(b, dot(q, k, 1)), v, 0));
    };
    expect(kernels(net)).toEqual(['attention']);
  });
});

const EAGER: Target = { ...DEFAULT_TARGET, launchSteps: 2 ** 30 };

/** Why the last product of `define` is not attention in one kernel. */
function refusal(define: (b: GraphBuilder) => void, target: Target = EAGER): string | undefined {
  const { fusion } = prepare({ graph: graphOf(define), weights: new Map() }, { target }).planned;
  const prefix = 'its left operand is stored: ';
  return fusion.decisions.find(({ reason }) => reason.startsWith(prefix))?.reason.slice(prefix.length);
}

describe('what has several kernels, and why', () => {
  test.each([
    [{ workgroupBytes: 64 }, 'a row would keep 592 bytes in the memory of a workgroup'],
    [{ maxMembers: 4 }, 'the kernel is too long'],
    [{ maxReductions: 1 }, 'it has 2 reductions'],
  ] as const)('for a target of %j', (change, reason) => {
    expect(refusal((b) => define(b, SMALL, 'none'), { ...EAGER, ...change })).toBe(reason);
  });

  test('weights that something else needs', () => {
    const net = (b: GraphBuilder): void => {
      const [q, k, v] = ['q', 'k', 'v'].map((name) => b.param(name, 'f32', [12, 12]));
      const dot = (x: GraphValue, y: GraphValue, at: number): GraphValue =>
        b.emit('dot', [x, y], { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [at] });
      const weights = softmaxOf(b, dot(q, k, 1));
      b.output('weights', weights);
      b.output('y', dot(weights, v, 0));
    };
    expect(refusal(net)).toMatch(/^%\d+ is needed outside of it$/);
  });

  test('rows so long that they would not pay', () => {
    const long = { ...SMALL, keys: 3_000, queries: 1, shared: 4, batch: 1, size: 64, width: 64 };
    expect(refusal((b) => define(b, long, 'none'), SOFTWARE_TARGET)).toMatch(/^one kernel would take \d+ steps, and several take \d+/); // prettier-ignore
    expect(kernels((b) => define(b, long, 'none'), EAGER)).toEqual(['attention']);
  });

  test('lanes in step', () => {
    expect(kernels((b) => define(b, SMALL, 'none'), WASM_TARGET)).not.toContain('attention');
  });

  test('a product of rows that nothing reduces', () => {
    const net = (b: GraphBuilder): void => {
      const [x, v, w] = ['x', 'v', 'w'].map((name) => b.param(name, 'f32', [12, 12]));
      const dot = (p: GraphValue, q: GraphValue): GraphValue =>
        b.emit('dot', [p, q], { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] });
      b.output('y', dot(b.unary('tanh', dot(x, v)), w));
    };
    expect(kernels(net, EAGER)).toEqual(['flat', 'flat']);
  });
});

test('groups of attention, as inspect prints them', () => {
  const graph = graphOf((b) => define(b, { ...SMALL, batch: 1, groups: 1, shared: 1 }, 'none'));
  const text = describeGroups(prepare({ graph, weights: new Map() }));
  expect(text).toContain('over 5 rows of 20 terms, for 7 results each; workgroups 5;');
  expect(text).toContain('rows of products stay in the memory of a workgroup');
});

test('members grow with what stands between the products, and no faster', () => {
  const size = (count: number): number => {
    const net = (b: GraphBuilder): void => {
      const [q, k, v] = ['q', 'k', 'v'].map((name) => b.param(name, 'f32', [20, 20]));
      const dot = (x: GraphValue, y: GraphValue, at: number): GraphValue =>
        b.emit('dot', [x, y], { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [at] });
      let scores = dot(q, k, 1);
      for (let i = 0; i < count; i++) scores = b.binary('mul', b.unary('tanh', scores), scores);
      b.output('y', dot(softmaxOf(b, scores), v, 0));
    };
    const { planned } = prepare({ graph: graphOf(net), weights: new Map() }, { target: EAGER });
    expect(planned.groups.map(({ space }) => space.kind)).toEqual(['attention']);
    return JSON.stringify(planned.plan.pipelines).length;
  };
  const [one, two, three] = [8, 16, 24].map(size);
  expect(three - two).toBeLessThan(1.2 * (two - one) + 200);
});

describe.each(availableGpus)('%s', (gpu) => {
  const options: Options = { gpus: [gpu], variants: ['cells'] };

  test('all masks, as GPUs and as software GPUs get them', async () => {
    const net = (flavour: Flavour) => specimen((b) => define(b, SMALL, 'all'), flavour);
    await expectSameBits(net('hostile'), { ...options, variants: ['optimised', 'cells'] });
    await expectSameBits(net('tiny'), options);
  });

  test.each([
    [{ ...SMALL, keys: 300, width: 70, queries: 1 }, 'bool'],
    [{ ...SMALL, batch: 1, groups: 1, shared: 1, queries: 19, keys: 67, size: 130, width: 3 }, 'causal'],
    [{ ...SMALL, batch: 1, groups: 1, shared: 1, queries: 3, keys: 1, size: 1, width: 1 }, 'none'],
    [{ ...SMALL, batch: 1, groups: 1, shared: 2, queries: 2, keys: 3_500, size: 4, width: 5 }, 'causal'],
  ] as const)('%j, %s', async (shape, mask) => {
    await expectSameBits(
      specimen((b) => define(b, shape, mask), 'hostile'),
      options,
    );
  });

  test('f16', async () => {
    await expectSameBits(
      specimen((b) => define(b, SMALL, 'float', 'f16'), 'hostile'),
      options,
    );
  });

  test('a cache, with a window and a cap, in random shapes', async () => {
    const shapes = fc.record({
      groups: fc.integer({ min: 1, max: 3 }),
      shared: fc.integer({ min: 1, max: 3 }),
      count: fc.integer({ min: 1, max: 9 }),
      capacity: fc.integer({ min: 9, max: 150 }),
      size: fc.integer({ min: 1, max: 9 }),
      start: fc.integer({ min: 0, max: 160 }),
    });
    await fc.assert(
      fc.asyncProperty(shapes, async ({ groups, shared, count, capacity, size, start }) => {
        const net = (b: GraphBuilder): void => {
          const q = b.param('q', 'f32', [groups * shared, count, size]);
          const keys = b.param('k', 'f32', [groups, size, capacity]);
          const values = b.param('v', 'f32', [groups, capacity, size]);
          const at = b.param('start', 'i32', []);
          b.output('y', attendCache(b, q, keys, values, at, { scale: 0.5, cap: 20, window: 7 }));
        };
        const given = { start: { dtype: 'i32', shape: [], data: Int32Array.of(start) } } as const;
        await expectSameBits(specimen(net, 'hostile', given), { gpus: [gpu], variants: ['cells'] });
      }),
      { numRuns: 2 },
    );
  });
});
