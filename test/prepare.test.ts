/** The options of `prepare` and `planProgram` are checked as those of `compile` are. */
import { describe, expect, test } from 'vitest';
import { DEFAULT_TARGET, SOFTWARE_TARGET } from '../src/passes/target.js';
import { planProgram, prepare, type PrepareOptions } from '../src/compile.js';
import { GraphBuilder } from '../src/ir/builder.js';

const b = new GraphBuilder('g');
b.output('y', b.unary('neg', b.param('x', 'f32', [3])));
const program = { graph: b.build(), weights: new Map() };

/** An object with the fields of a target, of which one is out of range, as messages show it. */
const TARGET =
  'target: an object with code, lanesInStep, storageBuffers, bindingBytes, invocations, rowsAlone, ...';

describe.each([prepare, planProgram])('$name', (call) => {
  test.each<[unknown, { found: string; hint?: string }]>([
    [null, { found: 'null' }],
    [3, { found: '3' }],
    [{ taget: DEFAULT_TARGET }, { found: 'taget', hint: 'did you mean target?' }],
    [{ numerics: 'fast' }, { found: 'numerics: "fast"' }],
    [{ residents: 'yes' }, { found: 'residents: "yes"' }],
    [{ residents: true, donate: [null] }, { found: 'donate: a list of 1' }],
    [{ residents: true, donate: [{ input: 'x' }] }, { found: 'donate: a list of 1' }],
    [
      { residents: true, donate: { input: 'x', output: 'y' } },
      { found: 'donate: an object with input, output' },
    ],
    [{ target: {} }, { found: 'target: an empty object' }],
    [{ target: 'gpu' }, { found: 'target: "gpu"' }],
    [{ target: { ...DEFAULT_TARGET, storageBuffers: 2 } }, { found: TARGET }],
    [{ target: { ...DEFAULT_TARGET, invocations: NaN } }, { found: TARGET }],
  ])('%o is refused', (given, facts) => {
    expect(() => call(program, given as PrepareOptions)).toThrow(
      expect.objectContaining({ code: 'USAGE', where: call.name, ...facts }) as Error,
    );
  });

  test.each<PrepareOptions>([
    {},
    { numerics: 'exact', target: DEFAULT_TARGET },
    { target: { ...SOFTWARE_TARGET, rowsAlone: 0 } },
    { residents: true, donate: [{ input: 'x', output: 'y' }] },
  ])('%o is taken', (options) => {
    expect(call(program, options).planned.plan.commands.length).toBe(1);
  });
});
