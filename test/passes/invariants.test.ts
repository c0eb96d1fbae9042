/** What holds after each stage, and what does not. */
import { describe, expect, test } from 'vitest';
import { GraphBuilder } from '../../src/ir/builder.js';
import type { Program } from '../../src/ir/graph.js';
import { DERIVATIVE_OPS } from '../../src/ir/ops.js';
import { checkCanonical, checkLegal, checkScheduled } from '../../src/passes/invariants.js';
import type { Arrangement } from '../../src/passes/memory/arrange.js';
import { legalise, stage, type Staged } from '../../src/passes/pipeline.js';
import { DEFAULT_TARGET as target } from '../../src/passes/target.js';

const PRODUCT = { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] };

/** A product of few results and many terms. */
function product(op: 'dot' | 'splitKDot'): Program {
  const b = new GraphBuilder('product');
  b.output('y', b.emit(op, [b.param('x', 'f32', [2, 8192]), b.param('w', 'f32', [8192, 2])], PRODUCT));
  return { graph: b.build(), weights: new Map() };
}

const invalid = expect.objectContaining({ code: 'IR_INVALID' }) as Error;

describe('split contractions', () => {
  test('are of the legal form, and not of the canonical one', () => {
    const split = product('splitKDot');
    expect(() => checkCanonical(split)).toThrow(invalid);
    expect(() => checkLegal(split)).not.toThrow();
    expect(() => checkCanonical(product('dot'))).not.toThrow();
  });
  test('come of the legal stage, also where they are there already', () => {
    const once = legalise(product('dot'), { target, check: true }).program;
    expect(once.graph.nodes.map(({ op }) => op)).toContain('splitKDot');
    expect(legalise(once, { target, check: true }).program.graph).toEqual(once.graph);
  });
});

test.each(DERIVATIVE_OPS)('%s is of no form after the passes', (op) => {
  const b = new GraphBuilder('marked');
  b.output('y', b.emit(op, [b.param('x', 'f32', [2])], {}));
  const program = { graph: b.build(), weights: new Map() };
  expect(() => checkCanonical(program)).toThrow(invalid);
  expect(() => checkLegal(program)).toThrow(invalid);
});

test('the number of a trip is of staged trips only', () => {
  const b = new GraphBuilder('trip');
  b.output('y', b.emit('trip', [], { level: 0 }));
  expect(() => checkLegal({ graph: b.build(), weights: new Map() })).toThrow(invalid);
});

describe('what is written over what', () => {
  /** x is read by z after y is there; the donation of d to y can be had, that of x cannot. */
  const staged = (input: number): Staged => {
    const b = new GraphBuilder('donated');
    const x = b.param('x', 'f32', [4, 4]);
    const y = b.binary('add', x, b.param('d', 'f32', [4, 4]));
    b.output('y', y);
    b.output('z', b.emit('dot', [y, x], PRODUCT));
    const legal = legalise({ graph: b.build(), weights: new Map() }, { target }).program;
    return stage(legal, { target, ports: { donate: [{ input, output: 0 }] }, check: true });
  };
  const { program, arrangement } = staged(1);
  const { graph } = program;
  const [y, z] = graph.outputs.map(({ value }) => value);
  const [x, d] = [0, 1];
  const check =
    (wrong: Partial<Arrangement>, donations = new Map([[y, d]])): (() => void) =>
    () =>
      checkScheduled(graph, { ...arrangement, ...wrong }, target, undefined, donations);

  test('is decided once, and storage has it so', () => {
    expect(arrangement.inPlace).toEqual(new Map([[y, d]]));
    expect(arrangement.assignment.view(y).buffer).toBe(d);
    expect(staged(0).arrangement.inPlace).toEqual(new Map());
    expect(check({})).not.toThrow();
  });

  test('is not read by a later kernel', () => {
    expect(check({ inPlace: new Map([[y, x]]) }, new Map([[y, x]]))).toThrow('not read any more');
  });

  test('is an input only where that is given up for this output', () => {
    expect(check({}, new Map())).toThrow('given up');
    expect(check({}, new Map([[z, d]]))).toThrow('given up');
  });

  test('is overwritten by one value', () => {
    const twice = new Map([[y, d], [z, d]]); // prettier-ignore
    expect(check({ inPlace: twice }, twice)).toThrow(invalid);
  });

  test('shares a place, and nothing else does', () => {
    expect(check({ inPlace: new Map() })).toThrow('shares its place');
    expect(check(staged(0).arrangement)).not.toThrow();
    expect(check({ assignment: staged(0).arrangement.assignment })).toThrow('shares its place');
  });
});
