/** Kernels of several sizes: what is put in place of the parameters of a family gives each of its kernels back. */
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { tensorData } from '../../src/base/tensor.js';
import type { Kernel, KernelBody } from '../../src/codegen/kernel/body.js';
import { KernelFamilies, PLANS_REMEMBERED } from '../../src/codegen/kernel/families.js';
import { findSlots, type SharedKernel } from '../../src/codegen/kernel/share.js';
import { structureOf } from '../../src/codegen/kernel/structure.js';
import { kernelsOf } from '../../src/codegen/plan.js';
import type { Block, Instr } from '../../src/codegen/ssa/instr.js';
import { bindDims } from '../../src/ir/bind-dims.js';
import { parseGraph } from '../../src/ir/parse.js';
import { legalise, stage } from '../../src/passes/pipeline.js';
import { DEFAULT_TARGET, SOFTWARE_TARGET, type Target } from '../../src/passes/target.js';
import { fuzz } from '../support/fuzz.js';

const TYPES = ['u32', 'f32'] as const;

/** The kernel that a body of a family is with its parameters. */
function filled({ body, params }: SharedKernel): KernelBody {
  const bits = new Map<number, number>();
  const fill = (instr: Instr): Instr => {
    if (instr.kind === 'param') {
      bits.set(instr.ref.id, params[instr.index]);
      return { kind: 'const', ref: instr.ref, bits: params[instr.index] };
    }
    const own = instr.kind === 'prim' && instr.prim === 'float' ? bits.get(instr.args[0].id) : undefined;
    return own === undefined ? instr : { kind: 'const', ref: (instr as Instr & { kind: 'prim' }).ref, bits: own };
  };
  const block: Block = body.block.map(fill);
  return { ...body, params: 0, block };
} // prettier-ignore

const GRAPH = parseGraph(`graph g {
  %0 = param {name="x"} : f32[N,M,6]
  %1 = weight {id="w"} : f32[6,40]
  %2 = dot %0 %1 {lhsContract=[2] rhsContract=[0]} : f32[N,M,40]
  %3 = reshape %2 : f32[N*M,40]
  %4 = permute %3 {permutation=[1,0]} : f32[40,N*M]
  %5 = reduce %4 {kind="sum" axes=[1]} : f32[40]
  return y=%5 t=%4
}`);

const WEIGHTS = new Map([['w', tensorData('f32', [6, 40], new Float32Array(240))]]);

const kernelsFor = (n: number, m: number, target: Target): readonly Kernel[] => {
  const program = { graph: bindDims(GRAPH, { N: n, M: m }), weights: WEIGHTS };
  return kernelsOf(stage(legalise(program, { target }).program, { target }), target);
};

test('a body of a family with its parameters is the kernel, whatever was seen before', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 })), { minLength: 1, maxLength: 4 }),
      fc.constantFrom(DEFAULT_TARGET, SOFTWARE_TARGET),
      (sizes, target) => {
        const families = new KernelFamilies();
        for (const [n, m] of sizes) {
          const kernels = kernelsFor(n, m, target);
          const shared = families.share(kernels, target, () => [kernelsFor(n + 1, m + 2, target)]);
          kernels.forEach(({ body }, i) => {
            expect(shared[i].params.length).toBe(shared[i].body.params);
            expect(structureOf(filled(shared[i]), TYPES)).toEqual(structureOf(body, TYPES));
          });
        }
      },
    ),
    fuzz(10),
  );
}); // prettier-ignore

test('sizes that samples foretell give no new body, and samples are asked for once', () => {
  const families = new KernelFamilies();
  const target = SOFTWARE_TARGET;
  const samples = vi.fn(() => [kernelsFor(24, 35, target), kernelsFor(27, 42, target)]);
  const first = families.share(kernelsFor(20, 30, target), target, samples);
  const second = families.share(kernelsFor(22, 33, target), target, samples);
  expect(second.map(({ body }) => first.some((one) => one.body === body))).toEqual(second.map(() => true));
  expect(samples).toHaveBeenCalledTimes(1);
  const print = vi.fn(() => ({ code: 'code' }));
  expect([first[0].body, second[0].body].map((body) => families.code(body, print))).toEqual([
    { code: 'code' },
    { code: 'code' },
  ]);
  expect(print).toHaveBeenCalledTimes(1);
});

test('without samples the second size shows what changes, for those after it', () => {
  const families = new KernelFamilies();
  const bodiesFor = (n: number): readonly KernelBody[] =>
    families.share(kernelsFor(n, 3 * n, SOFTWARE_TARGET), SOFTWARE_TARGET, () => []).map(({ body }) => body);
  const [first, second, third] = [22, 26, 34].map(bodiesFor);
  expect(second.some((body) => !first.includes(body))).toBe(true);
  expect(third.every((body) => second.includes(body))).toBe(true);
});

test('what plans use no more is forgotten: families do not grow with the sizes that there were', () => {
  const families = new KernelFamilies();
  // With no parameters to spare each size has bodies of its own.
  const target = { ...SOFTWARE_TARGET, maxParams: 0 };
  const sizeAfter = (plans: number): number => {
    for (let n = 0; n < plans; n++, next++) families.share(kernelsFor(20 + (next % 64), 3, target), target, () => []); // prettier-ignore
    return families.size;
  };
  let next = 0;
  const full = sizeAfter(PLANS_REMEMBERED);
  expect(sizeAfter(PLANS_REMEMBERED)).toBeLessThanOrEqual(full + 8);
});

test('slots are the same whether rows come at once or one after the other', () => {
  const row = fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 6, maxLength: 6 });
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 5 }), (rows) => {
      const { of, params } = findSlots(rows);
      const columns = rows[0].map((_, at) => rows.map((each) => each[at]).join());
      of.forEach((slot, at) => {
        expect(slot === undefined).toBe(rows.every((each) => each[at] === rows[0][at]));
        if (slot !== undefined) expect(params[slot]).toBe(columns.indexOf(columns[at]));
      });
      expect(params).toEqual([...params].sort((a, b) => a - b));
    }),
    fuzz(100),
  );
});
