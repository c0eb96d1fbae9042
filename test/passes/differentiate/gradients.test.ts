/** Every op against differences, in doubles: its gradients, and the gradients of these. */
import { describe, expect, test } from 'vitest';
import type { Graph } from '../../../src/ir/graph.js';
import { CANONICAL_OPS } from '../../../src/ir/ops.js';
import { graphOf } from '../../support/specimen.js';
import { CASES, type Case } from './cases.js';
import { checkGradients, derivative, randomPoint } from './support.js';

const graphOfCase = ({ define }: Case): Graph => graphOf((b) => b.output('y', define(b)));

const WEIGHTS = { w: [0.5, -1.5, 2] };

describe.each(CANONICAL_OPS.filter((op) => CASES[op].length > 0))('%s', (op) => {
  test.each(CASES[op].map((one) => [one.name, one] as const))('%s', (_, one) => {
    const graph = graphOfCase(one);
    for (const seed of [1, 2, 3]) checkGradients(graph, randomPoint(graph, seed, one.domains, WEIGHTS), seed);
    const second = derivative(graph);
    for (const seed of [1, 2]) checkGradients(second, randomPoint(second, seed, one.domains, WEIGHTS), seed);
  });
});

test('every op has cases, but the one without gradients and without inputs that could have any', () => {
  expect(CANONICAL_OPS.filter((op) => CASES[op].length === 0)).toEqual(['random']);
});
