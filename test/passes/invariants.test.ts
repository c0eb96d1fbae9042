/** What holds after each stage, and what does not. */
import { describe, expect, test } from 'vitest';
import { GraphBuilder } from '../../src/ir/builder.js';
import type { Program } from '../../src/ir/graph.js';
import { DERIVATIVE_OPS } from '../../src/ir/ops.js';
import { checkCanonical, checkLegal, checkScheduled } from '../../src/passes/invariants.js';
import { legalise, stage } from '../../src/passes/pipeline.js';
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

test('a donated buffer is not written while a later kernel reads it', () => {
  const b = new GraphBuilder('donated');
  const x = b.param('x', 'f32', [4, 4]);
  const y = b.binary('add', x, b.param('d', 'f32', [4, 4]));
  b.output('y', y);
  b.output('z', b.emit('dot', [y, x], PRODUCT));
  const legal = legalise({ graph: b.build(), weights: new Map() }, { target }).program;
  const donate = [{ input: 0, output: 0 }];
  const { program, arrangement } = stage(legal, { target, ports: { donate }, check: true });
  expect(arrangement.inPlace.size).toBe(0);
  const wrong = { ...arrangement, inPlace: new Map([[program.graph.outputs[0].value, 0]]) };
  expect(() => checkScheduled(program.graph, arrangement, target)).not.toThrow();
  expect(() => checkScheduled(program.graph, wrong, target)).toThrow(invalid);
});
