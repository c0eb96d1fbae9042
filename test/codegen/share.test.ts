/** Kernels of one body: what is put in place of the numbers in which they differ gives each of them back. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FIRST_REF, type Kernel, type KernelBody } from '../../src/codegen/kernel/body.js';
import { shareKernels, type SharedKernel } from '../../src/codegen/kernel/share.js';
import { structureOf } from '../../src/codegen/kernel/structure.js';
import { lowerKernels } from '../../src/codegen/kernels.js';
import { specify } from '../../src/codegen/lower/spec.js';
import { SsaBuilder } from '../../src/codegen/ssa/builder.js';
import type { Block, Instr, Ref } from '../../src/codegen/ssa/instr.js';
import { rowMajorStrides } from '../../src/base/tensor.js';
import type { Graph } from '../../src/ir/graph.js';
import { staticShape } from '../../src/ir/types.js';
import { fuse } from '../../src/passes/fusion/fuse.js';
import { DEFAULT_TARGET, SOFTWARE_TARGET, type Target } from '../../src/passes/target.js';
import { fuzz } from '../support/fuzz.js';
import { grow, recipes } from '../support/graphs.js';

const numbersOf = (body: KernelBody): readonly number[] => structureOf(body).literals;

/** The kernel that a shared body is with its parameters. */
function filled({ body, params }: SharedKernel): KernelBody {
  const fill = (instr: Instr): Instr =>
    instr.kind === 'param' ? { kind: 'const', ref: instr.ref, bits: params[instr.index] } : instr;
  return { ...body, params: 0, block: body.block.map(fill) };
}

function expectSame(one: KernelBody, two: KernelBody): void {
  expect(structureOf(two).key).toBe(structureOf(one).key);
  expect(numbersOf(two)).toEqual(numbersOf(one));
}

/** The kernels of a graph whose values all lie in memory of their own. */
function kernelsOf(graph: Graph, target: Target): Kernel[] {
  const locate = (root: number): Parameters<typeof specify>[1][number] => {
    const { dtype, shape } = graph.nodes[root].type;
    const sizes = staticShape(shape);
    return {
      root,
      space: 'arena',
      view: { dtype, shape: sizes, strides: rowMajorStrides(sizes), offset: 0 },
    };
  };
  const specs = fuse(graph).groups.map(
    ({ form, sources, results }) => specify(form, sources.map(locate), results.map(locate)).spec,
  );
  return lowerKernels(specs, target);
}

test('a shared body with its parameters is the kernel', () => {
  fc.assert(
    fc.property(
      fc.array(recipes(), { minLength: 2, maxLength: 4 }),
      fc.constantFrom(DEFAULT_TARGET, SOFTWARE_TARGET),
      fc.boolean(),
      (all, target, every) => {
        const kernels = all
          .flatMap((recipe) => kernelsOf(grow(recipe).program.graph, target))
          .map((kernel): Kernel => ({ ...kernel, shareable: every || kernel.shareable }));
        const shared = shareKernels(kernels, DEFAULT_TARGET);
        for (const kernel of kernels) {
          const own = shared.get(kernel)!;
          expect(own.params.length).toBe(own.body.params);
          expectSame(kernel.body, filled(own));
        }
      },
    ),
    fuzz(60),
  );
});

const EMPTY = { bindings: [], arrays: [], functions: [], params: 0, values: 100 } as const;

function kernel(emit: (s: SsaBuilder) => void, shareable = true): Kernel {
  const s = new SsaBuilder(FIRST_REF);
  emit(s);
  return { body: { ...EMPTY, values: s.values, block: s.block }, grid: [1, 1, 1], cost: 1, shareable };
}

/** A kernel that stores a sum of `numbers`. */
const sumOf = (numbers: readonly number[], shareable = true): Kernel =>
  kernel((s) => {
    const x = s.load(0, 'u32', 0);
    s.store(0, 0, numbers.reduce<Ref>((sum, n) => s.prim('ixor', sum, s.iconst(n)), x)); // prettier-ignore
  }, shareable);

describe('kernels that differ in numbers', () => {
  const share = (...kernels: readonly Kernel[]): SharedKernel[] => {
    const shared = shareKernels(kernels, DEFAULT_TARGET);
    return kernels.map((each) => shared.get(each)!);
  };

  test('have one body, with a parameter for each number that differs', () => {
    const [one, two] = share(sumOf([7, 5, 3]), sumOf([7, 6, 4]));
    expect(two.body).toBe(one.body);
    expect([one.params, two.params]).toEqual([
      [5, 3],
      [6, 4],
    ]);
  });

  test('have one parameter for numbers that agree in each of them', () => {
    expect(share(sumOf([5, 5]), sumOf([6, 6])).map(({ params }) => params)).toEqual([[5], [6]]);
  });

  test('do so where two numbers are one in some of them', () => {
    expect(share(sumOf([4, 4]), sumOf([4, 8])).map(({ params }) => params)).toEqual([[4], [8]]);
  });

  test('stay apart unless they are made for it', () => {
    const [one, two] = share(sumOf([1], false), sumOf([2], false));
    expect(two.body).not.toBe(one.body);
    expect(two.params).toEqual([]);
  });

  test('stay apart where too many differ; equal ones are still one', () => {
    const numbers = (from: number): number[] => Array.from({ length: 65 }, (_, i) => from + i);
    const [one, two, again] = share(sumOf(numbers(0)), sumOf(numbers(100)), sumOf(numbers(0)));
    expect(two.body).not.toBe(one.body);
    expect(again.body).toBe(one.body);
    expect([one, two, again].map(({ params }) => params)).toEqual([[], [], []]);
  });
});

describe('the structure of a kernel', () => {
  const keyOf = (emit: (s: SsaBuilder) => void): string => structureOf(kernel(emit).body).key;
  const plain = keyOf((s) => s.store(0, 0, s.iadd(s.load(0, 'u32', 1), s.load(0, 'u32', 2))));

  test('does not depend on numbers, unused code or the place of pure code', () => {
    const other = keyOf((s) => {
      const x = s.load(0, 'u32', 9);
      s.prim('ixor', x, x);
      const y = s.load(0, 'u32', 8);
      s.fconst(3);
      s.store(0, 7, s.iadd(x, y));
    });
    expect(other).toBe(plain);
    const early = keyOf((s) => {
      const x = s.load(0, 'u32', 0);
      const twice = s.prim('iadd', x, x);
      s.if(s.ltu(x, 3), () => s.store(0, 0, twice));
    });
    const late = keyOf((s) => {
      const x = s.load(0, 'u32', 0);
      s.if(s.ltu(x, 3), () => s.store(0, 0, s.prim('iadd', x, x)));
    });
    expect(late).toBe(early);
  });

  test.each<readonly [string, (s: SsaBuilder) => void]>([
    ['another operation', (s) => s.store(0, 0, s.isub(s.load(0, 'u32', 1), s.load(0, 'u32', 2)))],
    ['another buffer', (s) => s.store(0, 0, s.iadd(s.load(1, 'u32', 1), s.load(0, 'u32', 2)))],
    [
      'operands the other way round',
      (s) => {
        const [x, y] = [s.load(0, 'u32', 1), s.load(0, 'u32', 2)];
        s.store(0, 0, s.iadd(y, x));
      },
    ],
    [
      'one of them twice',
      (s) => {
        const [x] = [s.load(0, 'u32', 1), s.load(0, 'u32', 2)];
        s.store(0, 0, s.iadd(x, x));
      },
    ],
    [
      'a barrier',
      (s) => {
        const [x, y] = [s.load(0, 'u32', 1), s.load(0, 'u32', 2)];
        s.barrier();
        s.store(0, 0, s.iadd(x, y));
      },
    ],
    [
      'a branch',
      (s) => {
        const [x, y] = [s.load(0, 'u32', 1), s.load(0, 'u32', 2)];
        s.if(s.bconst(true), () => s.store(0, 0, s.iadd(x, y)));
      },
    ],
  ])('depends on %s', (_, emit) => {
    expect(keyOf(emit)).not.toBe(plain);
  });

  test('has the constants of floats in it', () => {
    const scaled = (by: number): string =>
      keyOf((s) => s.store(0, 0, s.mul(s.load(0, 'f32', 0), s.fconst(by))));
    expect(scaled(3)).toBe(scaled(3));
    expect(scaled(3)).not.toBe(scaled(4));
    expect(scaled(0)).not.toBe(scaled(-0));
  });

  test('tells variables apart', () => {
    const swap = (order: readonly [number, number]): string =>
      keyOf((s) => {
        const variables = [s.variable(s.load(0, 'u32', 0)), s.variable(s.load(0, 'u32', 1))];
        s.set(variables[order[0]], s.get(variables[order[1]]));
        s.store(0, 0, s.get(variables[0]));
      });
    expect(swap([0, 1])).not.toBe(swap([1, 0]));
  });

  test('is the same for code in a loop whatever the number of the loop', () => {
    const count = (before: number): Block => {
      const s = new SsaBuilder(FIRST_REF);
      for (let i = 0; i < before; i++) s.literal(i);
      s.for(0, 9, 1, (i) => s.store(0, i, i));
      return s.block;
    };
    expect(structureOf({ ...EMPTY, block: count(5) }).key).toBe(
      structureOf({ ...EMPTY, block: count(0) }).key,
    );
  });
});
