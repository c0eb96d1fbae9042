/** Random targets: whatever kernels are cut and shaped for, results have the interpreter's bits, and plans are what they promise. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HeddleError } from '../../src/base/errors.js';
import { build, prepare, type Prepared } from '../../src/compile.js';
import { interpret } from '../../src/interpreter/index.js';
import { DEFAULT_TARGET, isTarget, WASM_TARGET, type Target } from '../../src/passes/target.js';
import { checkPlan } from '../../src/plan/check.js';
import { differenceOf, testDevice } from '../support/differential.js';
import { fuzz } from '../support/fuzz.js';
import { availableGpus } from '../support/gpu.js';
import { grow, recipes, subgraphRecipes } from '../support/graphs.js';
import { wasmDifferences } from '../support/wasm.js';

type Numbers = Omit<Target, 'code' | 'lanesInStep'>;

const from = (least: number, most: number, ...others: number[]): fc.Arbitrary<number> =>
  fc.oneof(fc.integer({ min: least, max: most }), fc.constantFrom(least, most, ...others));

/** Every number of a target, from where it forbids everything to where it allows everything. */
const NUMBERS: { readonly [K in keyof Numbers]: fc.Arbitrary<number> } = {
  storageBuffers: from(8, 10),
  bindingBytes: fc.constantFrom(256, 300, 512, 1000, 4096, 2 ** 27),
  invocations: from(1, 64, 16_384, 2 ** 20),
  rowsAlone: from(0, 16, 128, Infinity),
  maxMembers: from(1, 16, 128),
  maxReductions: from(1, 4),
  maxIndexLength: from(0, 64, 256, 2 ** 12),
  epilogueDepth: from(0, 12),
  maxRepeatedCode: from(0, 64),
  storeCost: from(0, 64),
  launchCost: from(0, 4096, 2 ** 21),
  heavyCost: from(0, 64),
  viewCost: from(0, 2),
  shortRow: from(1, 32),
  maxReaders: from(1, 4),
  maxUnitColumns: from(0, 8),
  unpackedRows: from(0, 8),
  maxConstant: from(0, 16),
  foldSmall: from(0, 64, 2 ** 14),
  foldLargest: from(0, 64, 2 ** 20),
  foldLargestMoved: from(0, 64, 2 ** 18),
  foldScalarCost: from(0, 16),
  foldBudget: from(0, 1024, 2 ** 23),
  splitMaxResults: from(0, 64, 16_384),
  splitMinTerms: from(2, 64, 4096),
  splitMaxSums: from(1, 64, 2 ** 22),
  maxTile: from(1, 8),
  loadCost: from(0, 16),
  missCost: from(0, 16),
  panelProducts: from(0, 64),
  packMinBlocks: from(0, 1, 8),
  packMinTerms: from(0, 4, 64),
  packMinRows: from(0, 4, 32),
  maxConvPhases: from(1, 4),
  minLine: from(4, 8),
  maxLinePiece: from(1, 4, 512),
  vectorRegisters: from(1, 15),
  addLatency: from(0, 8),
  vectorWidth: from(1, 4),
  issueWidth: from(1, 8),
  loopOverhead: from(0, 16),
  cachedRowBytes: from(0, 1024, 2 ** 18),
  launchSteps: from(0, 1000, 2 ** 30),
  lanesAtOnce: from(1, 4, 64),
  barrierSteps: from(0, 32, 2 ** 20),
  workgroupBytes: from(0, 64, 2 ** 14),
  maxLoopOperations: from(0, 1000, 2 ** 24),
  launchesPerQuestion: from(0, 128),
  unroll: from(0, 32),
  unrollWindow: from(0, 64),
  unrolledResults: from(0, 8),
  maxParams: from(0, 64),
  scheduleBudget: from(0, 1000, 2e7),
  scheduleWidth: from(1, 64),
  maxBounded: from(0, 2 ** 13),
};

const numbers: fc.Arbitrary<Numbers> = fc.record(NUMBERS);
const programs = fc.oneof(recipes(10), subgraphRecipes()).map(grow);

/** What `target` makes of a program; undefined where a kernel needs more windows than any device binds. */
function preparedFor(program: Prepared['program'], target: Target): Prepared | undefined {
  expect(isTarget(target)).toBe(true);
  try {
    return prepare(program, { target });
  } catch (error) {
    if (error instanceof HeddleError && error.code === 'DEVICE_LIMIT') return undefined;
    throw error;
  }
}

/** The plan is sound, and kernels of several ops bind what the target has. */
function expectSound({ planned }: Prepared, { storageBuffers, bindingBytes }: Target): void {
  const { plan, groups } = planned;
  checkPlan(plan, 'plan');
  plan.commands.forEach(({ label, regions }, i) => {
    for (const { size } of regions) expect([label, size <= bindingBytes]).toEqual([label, true]);
    if (
      groups[i].members.length > 1 &&
      groups[i].copy === undefined &&
      bindingBytes === DEFAULT_TARGET.bindingBytes
    )
      expect([label, regions.length <= storageBuffers]).toEqual([label, true]);
  });
  expect(plan.arenaBytes).toBeGreaterThanOrEqual(plan.arenaLowerBound);
}

test('on WebAssembly', async () => {
  await fc.assert(
    fc.asyncProperty(programs, numbers, async ({ program, inputs }, given) => {
      const target: Target = { ...WASM_TARGET, ...given, rowsAlone: 0 };
      const prepared = preparedFor(program, target);
      if (prepared === undefined) return;
      expectSound(prepared, target);
      expect(await wasmDifferences(program, [inputs], prepared)).toEqual([]);
    }),
    fuzz(40),
  );
}, 300_000);

test.each(availableGpus)(
  'on %s',
  async (name) => {
    const device = await testDevice(name);
    const most = device.gpu.limits.maxStorageBuffersPerShaderStage;
    await fc.assert(
      fc.asyncProperty(programs, numbers, async ({ program, inputs }, given) => {
        const target: Target = { ...DEFAULT_TARGET, ...given };
        const prepared = preparedFor(program, target);
        if (prepared?.planned.plan.commands.every(({ regions }) => regions.length <= most) !== true) return;
        expectSound(prepared, target);
        const { subnormals } = device.profile;
        const { outputs } = interpret(program, inputs, { subnormals });
        const compiled = await build(prepared, { device });
        const found = await compiled.run(inputs).finally(() => compiled.dispose());
        for (const [output, tensor] of Object.entries(outputs))
          expect([output, differenceOf(found[output], tensor)]).toEqual([output, undefined]);
      }),
      fuzz(6),
    );
  },
  300_000,
);

test.each([
  { ...WASM_TARGET, rowsAlone: 16 },
  { ...WASM_TARGET, lanesInStep: 1 },
  { ...DEFAULT_TARGET, bindingBytes: 128 },
  { ...DEFAULT_TARGET, scheduleWidth: 0 },
  { ...DEFAULT_TARGET, storageBuffers: 7 },
])('what no kernel can be made for is no target', (target) => {
  expect(isTarget(target)).toBe(false);
});
