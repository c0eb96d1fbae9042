/**
 * Every rewrite rule on its own: programs are drawn in which it applies, and it must apply, keep every bit of the result
 * in both subnormal modes, and leave a valid graph. The table is exhaustive by type: a rule without an example does not
 * compile.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { optimize } from '../../../src/passes/optimize.js';
import { rewriteProgram } from '../../../src/passes/rewrite/rewrite.js';
import { RULES, type RuleName } from '../../../src/passes/rewrite/rules/index.js';
import { DEFAULT_TARGET, WASM_TARGET, type Target } from '../../../src/passes/target.js';
import { fuzz } from '../../support/fuzz.js';
import { arithmeticExamples } from './examples/arithmetic.js';
import { combiningExamples } from './examples/combining.js';
import { foldingExamples } from './examples/folding.js';
import { movementExamples } from './examples/movement.js';
import { laneExamples } from './examples/lanes.js';
import { subgraphExamples } from './examples/subgraphs.js';
import type { Example } from './examples/example.js';
import { expectSameResults, Sample } from '../support.js';

const EXAMPLES: Readonly<Record<RuleName, Example>> = {
  ...movementExamples,
  ...arithmeticExamples,
  ...combiningExamples,
  ...foldingExamples,
  ...laneExamples,
  ...subgraphExamples,
};

/** The target for which a rule is meant: most are for all. */
const targetOf = (name: RuleName): Target =>
  Object.hasOwn(laneExamples, name) ? WASM_TARGET : DEFAULT_TARGET;

/** Long sums are slow to interpret. */
const RUNS: Readonly<Partial<Record<RuleName, number>>> = {
  'reduce of long rows': 5,
  'contraction of few results': 15,
};

const names = Object.keys(RULES) as RuleName[];

describe.each(names)('%s', (name) => {
  test('fires and keeps every bit', () => {
    fc.assert(
      fc.property(fc.gen(), (gen) => {
        const sample = new Sample(gen);
        const program = sample.program(EXAMPLES[name](sample));
        const { program: rewritten, log } = rewriteProgram(program, { [name]: RULES[name] }, targetOf(name));
        expect(log.map((entry) => entry.rule)).toContain(name);
        expectSameResults(program, rewritten, sample.inputs);
        for (const { before, after } of log) expect(before()).not.toBe(after());
      }),
      fuzz(RUNS[name] ?? 100),
    );
  });

  test('does not undo what the other rules do', () => {
    fc.assert(
      fc.property(fc.gen(), (gen) => {
        const sample = new Sample(gen);
        const program = sample.program(EXAMPLES[name](sample));
        const once = optimize(program, targetOf(name));
        expectSameResults(program, once, sample.inputs);
        expect(optimize(once, targetOf(name)).graph).toEqual(once.graph);
      }),
      fuzz(Math.min(RUNS[name] ?? 30, 30)),
    );
  });
});
