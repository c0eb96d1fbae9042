/** Gradients of the ops whose gradients are more than scalar code: the interpreter's bits on every device. */
import { describe, test } from 'vitest';
import { paramsOf, type Graph } from '../../../src/ir/graph.js';
import type { CanonicalOp } from '../../../src/ir/ops.js';
import { expectSameBits } from '../../support/differential.js';
import { availableGpus } from '../../support/gpu.js';
import { graphOf, specimen } from '../../support/specimen.js';
import { CASES } from './cases.js';
import { derive } from './support.js';

const KINDS: readonly CanonicalOp[] = [
  'loop',
  'cond',
  'pow',
  'reduce',
  'reduceWindow',
  'scan',
  'dot',
  'conv',
  'gather',
  'scatter',
  'updateSlice',
];

/** Every how manyth case a quick run takes. */
const QUICK = { swiftshader: 2, lavapipe: 5 } as const;
const ALL = process.env.FUZZ_RUNS !== undefined;

const gradients = (graph: Graph): Graph => derive(graph).graph;

describe.each(availableGpus)('%s', (gpu) => {
  test.each(KINDS)(
    '%s',
    async (op) => {
      for (const one of CASES[op].filter((_, i) => ALL || i % QUICK[gpu] === 0)) {
        const graph = gradients(graphOf((b) => b.output('y', one.define(b))));
        const { inputs } = specimen((b) => {
          for (const { node } of paramsOf(graph))
            b.param(node.attrs.name, node.attrs.dtype, node.attrs.shape);
        });
        await expectSameBits({ program: { graph, weights: new Map() }, inputs }, { gpus: [gpu] });
      }
    },
    120_000,
  );
});
