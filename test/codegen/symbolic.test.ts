/** Plans for all sizes: each has the bits of the interpreter, and its pipelines are those of all others. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tensorData, type TensorData } from '../../src/base/tensor.js';
import { HeddleError } from '../../src/base/errors.js';
import { symbolicPlan, type SymbolicPlan } from '../../src/codegen/symbolic.js';
import { preludeTexts } from '../../src/codegen/wgsl/prelude.js';
import { interpret } from '../../src/interpreter/index.js';
import { bindDims, symbolsOf } from '../../src/ir/bind-dims.js';
import type { DimBindings } from '../../src/ir/dim.js';
import { LEAST_SIZE } from '../../src/ir/dim-proofs.js';
import { paramsOf, type Program } from '../../src/ir/graph.js';
import { parseGraph } from '../../src/ir/parse.js';
import { staticShape } from '../../src/ir/types.js';
import { weightsOf } from '../../src/ir/weights.js';
import { legalise } from '../../src/passes/pipeline.js';
import { SOFTWARE_TARGET } from '../../src/passes/target.js';
import type { Device } from '../../src/runtime/device.js';
import { Executable } from '../../src/runtime/executable.js';
import { openProbed, wave } from '../runtime/support.js';
import { fuzz } from '../support/fuzz.js';
import { availableGpus } from '../support/gpu.js';

const planOf = (program: Program, likely: DimBindings, target = SOFTWARE_TARGET): [SymbolicPlan, Program] => {
  const legal = legalise(program, { target }).program;
  return [symbolicPlan(legal, { target }, likely), legal];
};

const weight = (...shape: number[]): TensorData =>
  tensorData('f32', shape, wave(shape.reduce((a, b) => a * b, 1), 5)); // prettier-ignore

const text = (lines: string, weights: Record<string, TensorData> = {}): Program => ({
  graph: parseGraph(`graph g {\n${lines}\n}`),
  weights: new Map(Object.entries(weights)),
});

const PROGRAMS: Readonly<Record<string, Program>> = {
  'a product with an epilogue': text(
    `%0 = param {name="x"} : f32[n,m,6]
     %1 = weight {id="w"} : f32[6,5]
     %2 = dot %0 %1 {lhsContract=[2] rhsContract=[0]} : f32[n,m,5]
     %3 = exp %2 : f32[n,m,5]
     return y=%3`,
    { w: weight(6, 5) },
  ),
  'softmax of rows': text(
    `%0 = param {name="x"} : f32[n,40]
     %1 = reduce %0 {kind="max" axes=[1]} : f32[n]
     %2 = reshape %1 : f32[n,1]
     %3 = broadcast %2 : f32[n,40]
     %4 = sub %0 %3 : f32[n,40]
     %5 = exp %4 : f32[n,40]
     %6 = reduce %5 {kind="sum" axes=[1]} : f32[n]
     %7 = reshape %6 : f32[n,1]
     %8 = broadcast %7 : f32[n,40]
     %9 = div %5 %8 : f32[n,40]
     return y=%9 most=%1`,
  ),
  'heads of products': text(
    `%0 = param {name="x"} : f32[n,m,12]
     %1 = reshape %0 : f32[n,m,3,4]
     %2 = permute %1 {permutation=[0,2,1,3]} : f32[n,3,m,4]
     %3 = dot %2 %2 {lhsBatch=[0,1] rhsBatch=[0,1] lhsContract=[3] rhsContract=[3]} : f32[n,3,m,m]
     %4 = reduce %3 {kind="max" axes=[3]} : f32[n,3,m]
     return y=%3 most=%4`,
  ),
  'a transpose through one axis': text(
    `%0 = param {name="x"} : f32[n,m]
     %1 = permute %0 {permutation=[1,0]} : f32[m,n]
     %2 = reshape %1 : f32[m*n]
     %3 = neg %2 : f32[m*n]
     %4 = slice %0 {starts=[1,0] strides=[1,1]} : f32[n-1,m]
     return y=%3 z=%4`,
  ),
  'edges and neighbours': text(
    `%0 = param {name="x"} : f32[n,m]
     %1 = pad %0 {low=[0,1] high=[0,2] interior=[0,0] value=3} : f32[n,m+3]
     %2 = reverse %1 {axes=[1]} : f32[n,m+3]
     %3 = concat %2 %0 %2 {axis=1} : f32[n,3*m+6]
     return y=%3`,
  ),
  'rows of a table': text(
    `%0 = param {name="ids"} : i32[n,m]
     %1 = weight {id="w"} : f32[7,4]
     %2 = gather %1 %0 {axis=0} : f32[n,m,4]
     %3 = tanh %2 : f32[n,m,4]
     return y=%3`,
    { w: weight(7, 4) },
  ),
};

/** What is empty for the likely sizes 4 has no group, and the other operand begins where it does. */
const EMPTY_AT_4 = text(
  `%0 = param {name="x"} : f32[n,3]
   %1 = slice %0 {starts=[4,0] strides=[1,1]} : f32[n-4,3]
   %2 = exp %1 : f32[n-4,3]
   %3 = exp %0 : f32[n,3]
   %4 = concat %2 %3 {axis=0} : f32[2*n-4,3]
   %5 = neg %3 : f32[n,3]
   return y=%4 z=%5`,
);

const leastOf = ({ graph }: Program): DimBindings =>
  Object.fromEntries(symbolsOf(graph).map((name) => [name, LEAST_SIZE]));

const sizesOf = (program: Program): fc.Arbitrary<DimBindings> =>
  fc.record(
    Object.fromEntries(
      symbolsOf(program.graph).map((name) => [name, fc.integer({ min: LEAST_SIZE, max: 40 })]),
    ),
  );

/** Sizes to arrange it for, among them the least that there are. */
const likelyOf = (program: Program): fc.Arbitrary<DimBindings> =>
  fc.record(
    Object.fromEntries(
      symbolsOf(program.graph).map((name) => [name, fc.constantFrom(LEAST_SIZE, LEAST_SIZE + 1, 9, 40)]),
    ),
  );

function inputsOf({ graph }: Program): Record<string, TensorData> {
  return Object.fromEntries(
    paramsOf(graph).map(({ node: { attrs, type } }) => {
      const shape = staticShape(type.shape);
      const count = shape.reduce((a, b) => a * b, 1);
      const data =
        type.dtype === 'i32' ? Int32Array.from({ length: count }, (_, i) => (i * 5) % 9) : wave(count, 3);
      return [attrs.name, tensorData(type.dtype as 'f32', shape, data as Float32Array<ArrayBuffer>)];
    }),
  );
}

const bitsOf = ({ data }: TensorData): readonly number[] => [...new Uint32Array(data.buffer, data.byteOffset, data.byteLength / 4)]; // prettier-ignore

describe.each(availableGpus)('plans for all sizes on %s', (gpu) => {
  let device: Device;
  beforeAll(async () => {
    device = await openProbed(gpu);
  });
  afterAll(() => device.gpu.destroy());

  async function expectBits(
    plan: SymbolicPlan,
    legal: Program,
    program: Program,
    sizes: DimBindings,
  ): Promise<void> {
    const bound: Program = { graph: bindDims(program.graph, sizes), weights: program.weights };
    const inputs = inputsOf(bound);
    const executable = await Executable.create(plan.bind(sizes), preludeTexts(), weightsOf(legal), device);
    try {
      const found = await executable.run(inputs);
      const wanted = interpret(bound, inputs).outputs;
      for (const [name, tensor] of Object.entries(found)) {
        expect(tensor.shape).toEqual(wanted[name].shape);
        expect(bitsOf(tensor)).toEqual(bitsOf(wanted[name]));
      }
    } finally {
      executable.dispose();
    }
  }

  test.each(Object.entries(PROGRAMS))('%s', async (_, program) => {
    const least = leastOf(program);
    const usual = Object.fromEntries(symbolsOf(program.graph).map((name, i) => [name, 9 + i]));
    await fc.assert(
      fc.asyncProperty(likelyOf(program), sizesOf(program), (likely, sizes) =>
        expectBits(...planOf(program, likely), program, sizes),
      ),
      { ...fuzz(3), examples: [[usual, least], [least, usual]] }, // prettier-ignore
    );
  });

  test('an operand of a concat that is empty for few sizes', async () => {
    for (const n of [2, 3, 4]) expect(() => planOf(EMPTY_AT_4, { n })).toThrow(HeddleError);
    for (const n of [5, 10]) await expectBits(...planOf(EMPTY_AT_4, { n }), EMPTY_AT_4, { n: 6 });
  });
});

describe('a plan for all sizes', () => {
  const { graph } = PROGRAMS['a product with an epilogue'];
  const program = PROGRAMS['a product with an epilogue'];
  const [plan] = planOf(program, { n: 9, m: 10 });

  test('has its pipelines, whatever the sizes; what changes are numbers', () => {
    const [one, two] = [plan.bind({ n: 3, m: 5 }), plan.bind({ n: 40, m: 7 })];
    expect(one.pipelines).toBe(two.pipelines);
    expect(one.pipelines.map(({ code }) => code.includes('params'))).toEqual([true]);
    expect(one.commands.map(({ label }) => label)).toEqual(['dot+exp -> f32[3,5,5]']);
    expect(two.outputs[0].shape).toEqual([40, 7, 5]);
    expect(symbolsOf(graph)).toEqual(['n', 'm']);
  });

  test.each<[string, DimBindings, string]>([
    ['a size of 1', { n: 1, m: 4 }, 'DIM_UNBOUND'],
    ['no size', { n: 3 }, 'DIM_UNBOUND'],
    ['a size that is undefined', { n: undefined as never, m: 4 }, 'ATTRIBUTE_INVALID'],
    ['a text', { n: '6' as never, m: 4 }, 'ATTRIBUTE_INVALID'],
    ['half a size', { n: 2.5, m: 4 }, 'ATTRIBUTE_INVALID'],
    ['a name of no dimension', { n: 3, m: 4, k: 5 }, 'ATTRIBUTE_INVALID'],
    ['no elements', { n: 0, m: 4 }, 'DIM_UNBOUND'],
    ['more elements than values may have', { n: 2 ** 20, m: 2 ** 20 }, 'LIMIT_EXCEEDED'],
  ])('has no numbers for %s', (_, sizes, code) => {
    const error = expect.objectContaining({ code }) as Error;
    expect(() => plan.bind(sizes)).toThrow(error);
    expect(() => planOf(program, sizes)).toThrow(error);
  });

  test.each<[string, string]>([
    ['a running sum', '%1 = scan %0 {kind="sum" axis=1 exclusive=false reverse=false} : f32[n,m]'],
    ['a stride of rows', '%1 = reduceWindow %0 {kind="max" window=[2,1] strides=[1,1] dilations=[1,1] padLow=[0,0] padHigh=[0,0]} : f32[n-1,m]'], // prettier-ignore
  ])('is not made of %s', (_, line) => {
    const other = text(`%0 = param {name="x"} : f32[n,m]\n${line}\nreturn y=%1`);
    expect(() => planOf(other, { n: 9, m: 10 })).toThrow(
      expect.objectContaining({ code: 'DIM_UNBOUND' }) as Error,
    );
  });
});
