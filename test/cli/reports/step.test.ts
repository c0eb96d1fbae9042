/** The graphs around each rewrite of a report. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inspectProgram } from '../../../src/cli/reports/inspection/bytes.js';
import { rewriteStep } from '../../../src/cli/reports/inspection/step.js';
import { importOnnx } from '../../../src/frontends/onnx/index.js';
import { interpret } from '../../../src/interpreter/index.js';
import { printGraph } from '../../../src/ir/print.js';
import { legalise } from '../../../src/passes/pipeline.js';
import { DEFAULT_TARGET } from '../../../src/passes/target.js';
import { grow, recipes } from '../../support/graphs.js';

const digits = importOnnx(readFileSync('models/digits.onnx'));

describe('the passes up to a rewrite', () => {
  test('of the digits change the graph with each rewrite, and end with the legal one', () => {
    const { rewrites } = inspectProgram('digits', digits);
    expect(rewrites.length).toBeGreaterThan(2);
    rewrites.forEach((_, at) => {
      const { before, after } = rewriteStep(digits, 'gpu', at);
      expect(before.graph.nodes.at(before.changed ?? NaN)).not.toEqual(undefined);
      expect(after.graph.nodes.at(after.changed ?? NaN)).not.toEqual(undefined);
    });
    const { program, rewrites: all } = legalise(digits, { target: DEFAULT_TARGET });
    const last = legalise(digits, { target: DEFAULT_TARGET, rewrites: all.length });
    expect(printGraph(last.program.graph)).toBe(printGraph(program.graph));
  });

  test('make the rewrites of the whole, in order, and no others after them', () => {
    const whole = legalise(digits, { target: DEFAULT_TARGET });
    whole.rewrites.forEach((_, limit) => {
      const part = legalise(digits, { target: DEFAULT_TARGET, rewrites: limit });
      expect(part.rewrites.length).toBeGreaterThanOrEqual(limit);
      expect(part.rewrites.slice(0, limit).map(({ rule, before }) => [rule, before()])).toEqual(whole.rewrites.slice(0, limit).map(({ rule, before }) => [rule, before()])); // prettier-ignore
    });
  });

  test('give a program with the same bits, wherever they end', () => {
    const words = ({ data }: { readonly data: ArrayLike<number> }): readonly number[] =>
      Array.from(data, (value) => (Number.isNaN(value) ? NaN : value));
    fc.assert(
      fc.property(recipes(8), fc.nat(1000), (recipe, at) => {
        const { program, inputs } = grow(recipe);
        const { rewrites } = legalise(program, { target: DEFAULT_TARGET });
        const part = legalise(program, { target: DEFAULT_TARGET, rewrites: at % (rewrites.length + 1) });
        const [want, found] = [program, part.program].map((each) => interpret(each, inputs).outputs);
        for (const [name, tensor] of Object.entries(want)) expect(words(found[name])).toEqual(words(tensor));
      }),
      { numRuns: 40 },
    );
  });
});
