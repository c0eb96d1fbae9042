/** Conds whose predicate is known on the device: only the branch that is taken runs. */
import { expect, test } from 'vitest';
import { tensorData, type TensorData } from '../../src/base/tensor.js';
import { compile } from '../../src/compile.js';
import { interpret } from '../../src/interpreter/index.js';
import { GraphBuilder, type GraphValue } from '../../src/ir/builder.js';
import type { Program } from '../../src/ir/graph.js';
import { SOFTWARE_TARGET, WASM_TARGET } from '../../src/passes/target.js';
import { testDevice } from '../support/differential.js';
import { availableGpus } from '../support/gpu.js';
import { emitCond, emitLoop } from '../support/inner.js';
import { wasmDevice } from '../support/wasm.js';

const ENGINES = [...availableGpus, 'wasm'] as const;

/** x is f32[4,4], at is i32[]. */
const programOf = (
  name: string,
  define: (b: GraphBuilder, x: GraphValue, at: GraphValue) => readonly GraphValue[],
): Program => {
  const b = new GraphBuilder(name);
  const [x, at] = [b.param('x', 'f32', [4, 4]), b.param('at', 'i32', [])];
  define(b, x, at).forEach((value, i) => b.output(`y${i}`, value));
  return { graph: b.build(), weights: new Map() };
};

const square = (b: GraphBuilder, x: GraphValue): GraphValue =>
  b.emit('dot', [x, x], { lhsContract: [1], rhsContract: [0], lhsBatch: [], rhsBatch: [] });
const isPositive = (b: GraphBuilder, at: GraphValue): GraphValue =>
  b.binary('lt', b.constant('i32', [], 0), at);

const PROGRAMS: readonly Program[] = [
  programOf('two branches', (b, x, at) =>
    emitCond(
      b,
      isPositive(b, at),
      [x],
      (inner, value) => [inner.unary('tanh', value), value],
      (inner, value) => [square(inner, square(inner, value)), inner.unary('neg', value)],
    ),
  ),
  programOf('three branches, of which one does nothing', (b, x, at) =>
    emitCond(
      b,
      at,
      [x],
      (_, value) => [value],
      (inner, value) => [square(inner, value)],
      (inner, value) => [inner.permute(inner.unary('exp', value), [1, 0])],
    ),
  ),
  programOf('a cond in a branch', (b, x, at) =>
    emitCond(
      b,
      at,
      [x, at],
      (inner, value) => [inner.unary('sqrt', value)],
      (inner, value, number) => {
        const [chosen] = emitCond(
          inner,
          isPositive(inner, inner.binary('sub', number, inner.constant('i32', [], 1))),
          [value],
          (deep, last) => [square(deep, last)],
          (deep, last) => [deep.unary('sin', square(deep, last))],
        );
        return [square(inner, chosen)];
      },
    ),
  ),
  programOf('a cond in a loop, on what the loop carries', (b, x, at) =>
    emitLoop(b, { trips: 5, carried: [x, at], stackAxes: [0] }, (inner, trip, value, number) => {
      const [next] = emitCond(
        inner,
        isPositive(inner, number),
        [value, trip],
        (deep, last) => [square(deep, last)],
        (deep, last, place) => [deep.binary('add', last, deep.broadcast(deep.cast(deep.reshape(place, [1, 1]), 'f32'), [4, 4]))], // prettier-ignore
      );
      return [next, inner.binary('sub', number, inner.constant('i32', [], 1)), value];
    }),
  ),
  programOf('loops in branches', (b, x, at) =>
    emitCond(
      b,
      at,
      [x],
      (inner, value) =>
        emitLoop(inner, { trips: 3, carried: [value] }, (deep, _, held) => [square(deep, held)]),
      (inner, value) => {
        const [end] = emitLoop(
          inner,
          {
            trips: Infinity,
            condition: inner.constant('bool', [], 1),
            carried: [inner.constant('i32', [], 0), value],
          },
          (deep, _, count, held) => {
            const next = deep.binary('add', count, deep.constant('i32', [], 1));
            return [deep.binary('lt', next, deep.constant('i32', [], 6)), next, deep.unary('tanh', held)];
          },
        ).slice(1);
        return [end];
      },
    ),
  ),
];

const inputs = (at: number): Record<string, TensorData> => ({
  x: tensorData(
    'f32',
    [4, 4],
    Float32Array.from({ length: 16 }, (_, i) => Math.fround((i * 7) % 11) / 8 - 0.5),
  ),
  at: tensorData('i32', [], Int32Array.of(at)),
});

for (const engine of ENGINES)
  test.each(PROGRAMS.map((program) => [program.graph.name, program] as const))(
    `${engine}: %s`,
    async (_, program) => {
      const device = engine === 'wasm' ? await wasmDevice() : await testDevice(engine);
      const target = { ...(engine === 'wasm' ? WASM_TARGET : SOFTWARE_TARGET), launchCost: 0 };
      const compiled = await compile(program, { device, target });
      for (const at of [0, 1, -1, 2, 3, 1]) {
        const given = inputs(at);
        expect(await compiled.run(given), `${at}`).toEqual(interpret(program, given).outputs);
        const report = await compiled.verify(given);
        expect([report.differences, report.outputDifferences]).toEqual([[], []]);
      }
      compiled.dispose();
    },
  );
